import { LazyView, lazy } from '../components/lazy.tsx'
import type { StateProps } from './state-view.tsx'

/** Most people never see one: what it takes is loaded with the first, or when there is time. */
const stateView = lazy(async () => (await import('./state-view.tsx')).StateView)

export function State(props: StateProps) {
  return <LazyView view={stateView} with={props} quiet />
}
