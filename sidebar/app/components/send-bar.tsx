import { icons } from '../icons/first.ts'
import { moreIcons } from '../icons/rest.ts'
import { recipient } from '../place.ts'
import { type Sending, sameThing, sending } from '../sending.ts'
import { texts } from '../texts/first.ts'
import { sendTexts } from '../texts/library.ts'
import { Icon } from './icon.tsx'
import './send-bar.css'

/** How the send that is under way is getting on; a failed one stays until somebody decides. */
export function SendBar() {
  const now = sending.value
  return (
    <div role="status" aria-live="polite" class="send-bar-place">
      {now !== null && (
        <div class={`send-bar send-bar-${now.status}`} data-send={now.status}>
          <Icon
            d={now.status === 'sent' ? icons.check : now.status === 'failed' ? moreIcons.alert : icons.send}
          />
          <span class="send-bar-text">
            <b>{now.title}</b>
            <span>{wordsFor(now)}</span>
          </span>
          {now.status === 'failed' && (
            <>
              {sameThing(now.to, recipient.value) && (
                <button type="button" class="button button-small button-primary" onClick={now.retry}>
                  {now.part > 0 ? sendTexts.fromHere : texts.retry}
                </button>
              )}
              <button
                type="button"
                class="icon-button"
                aria-label={texts.close}
                onClick={() => {
                  sending.value = null
                }}
              >
                <Icon d={icons.close} />
              </button>
            </>
          )}
          {now.total > 1 && now.status === 'sending' && (
            <progress max={now.total} value={now.part} aria-label={now.title} />
          )}
        </div>
      )}
    </div>
  )
}

function wordsFor(now: Sending): string {
  switch (now.status) {
    case 'preparing':
      return sendTexts.preparing
    case 'sending':
      return sendTexts.sending(now.part + 1, now.total)
    case 'sent':
      return [sendTexts.sent(now.total), now.note].filter(text => text !== '').join('，')
    case 'failed':
      return now.note
  }
}
