import { moreIcons } from '../icons/rest.ts'
import { bannerTexts } from '../texts/banners.ts'
import { texts } from '../texts/first.ts'
import { Icon } from './icon.tsx'

export interface BannerProps {
  name: keyof typeof bannerTexts
  who?: string
  onRetry?: () => void
}

export function BannerView(props: BannerProps) {
  const { name } = props
  const passing = name === 'platform'
  return (
    <div class={passing ? 'banner' : 'banner banner-quiet'} role={passing ? 'status' : 'note'}>
      <Icon d={passing ? moreIcons.cloud : moreIcons.lock} size={16} />
      <span>{bannerTexts[name](props.who ?? '')}</span>
      {props.onRetry && (
        <button type="button" onClick={props.onRetry}>
          {texts.retry}
        </button>
      )}
    </div>
  )
}
