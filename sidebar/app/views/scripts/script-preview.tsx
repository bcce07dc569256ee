import type { ScriptPart, ScriptView } from '../../../api.ts'
import { copy } from '../../components/copy.ts'
import { Icon } from '../../components/icon.tsx'
import { SendBar } from '../../components/send-bar.tsx'
import { SendButton } from '../../components/send-button.tsx'
import { Sheet } from '../../components/sheet.tsx'
import { moreIcons } from '../../icons/rest.ts'
import { recipient } from '../../place.ts'
import { scriptTexts } from '../../texts/library.ts'
import type { Wecom } from '../../wecom.ts'
import { MaterialBubble } from '../material-bubble.tsx'
import { sendHere } from '../send-here.ts'
import { textOf } from './script-text.ts'

const words = scriptTexts

/** All of it as it would stand in the chat; each part can go by itself. */
export function ScriptPreview(props: { script: ScriptView; wecom: Wecom; onClose(): void; onSend(): void }) {
  const { script, wecom } = props
  const { parts } = script
  const maySend = recipient.value !== null
  const text = textOf(parts)
  return (
    <Sheet
      title={script.title}
      onClose={props.onClose}
      footer={
        <>
          {text !== '' && (
            <button type="button" class="button" onClick={() => copy(text, words.words)}>
              {words.copyAll}
            </button>
          )}
          {maySend && (
            <SendButton
              what={{ script: script.key }}
              label={words.sendIt(script.title)}
              words={words.sendAll(parts.length)}
              onSend={() => {
                props.onClose()
                props.onSend()
              }}
            />
          )}
        </>
      }
    >
      <ol class="preview">
        {parts.map((part, index) => (
          <li key={index} class="preview-part">
            <Bubble part={part} />
            <span class="preview-actions">
              {textOf([part]) !== '' && (
                <button
                  type="button"
                  class="icon-button"
                  aria-label={words.copyPart(index + 1)}
                  onClick={() => copy(textOf([part]), '')}
                >
                  <Icon d={moreIcons.copy} />
                </button>
              )}
              {maySend && parts.length > 1 && (
                <SendButton
                  what={{ script: script.key, part: index }}
                  label={words.sendPart(index + 1)}
                  onSend={() => sendHere(wecom, { script: script.key, part: index }, script.title)}
                />
              )}
            </span>
          </li>
        ))}
      </ol>
      <SendBar />
    </Sheet>
  )
}

function Bubble(props: { part: ScriptPart }) {
  if ('text' in props.part) return <p class="bubble">{props.part.text}</p>
  return <MaterialBubble material={props.part.material} />
}
