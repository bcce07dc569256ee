import { texts } from '../texts/first.ts'
import './banner.css'
import { Icon } from './icon.tsx'

export function Banner(props: { icon: string; text: string; quiet?: boolean; onRetry?: () => void }) {
  return (
    <div class={props.quiet ? 'banner banner-quiet' : 'banner'} role={props.quiet ? 'note' : 'status'}>
      <Icon d={props.icon} size={16} />
      <span>{props.text}</span>
      {props.onRetry && (
        <button type="button" onClick={props.onRetry}>
          {texts.retry}
        </button>
      )}
    </div>
  )
}
