import type { BannerProps } from './banner-view.tsx'
import { LazyView, lazy } from './lazy.tsx'

const view = lazy(async () => (await import('./banner-view.tsx')).BannerView)

/** Most people never see one. */
export function Banner(props: BannerProps) {
  return <LazyView quiet view={view} with={props} />
}
