import { offline } from '../connection.ts'
import { icons } from '../icons/first.ts'
import { isBusy, type Sendable, sameThing, sending } from '../sending.ts'
import { texts } from '../texts/first.ts'
import { Icon } from './icon.tsx'
import './send-button.css'

/** Sends with one tap, and shows how far it is. */
export function SendButton(props: { what: Sendable; label: string; words?: string; onSend(): void }) {
  const now = sending.value
  const mine = now !== null && sameThing(now.what, props.what) ? now : null
  const sent = mine?.status === 'sent'
  const going = mine !== null && (mine.status === 'preparing' || mine.status === 'sending')
  return (
    <button
      type="button"
      class={props.words === undefined ? 'send-button' : 'button button-primary send-words'}
      aria-label={props.words === undefined ? props.label : undefined}
      title={offline.value ? texts.errors.offline : undefined}
      disabled={isBusy() || sent || offline.value}
      data-sending={going || undefined}
      onClick={props.onSend}
    >
      {props.words ?? <Icon d={sent ? icons.check : icons.send} />}
    </button>
  )
}
