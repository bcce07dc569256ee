import type { MaterialView } from '../../../api.ts'
import { copy } from '../../components/copy.ts'
import { SendButton } from '../../components/send-button.tsx'
import { Sheet } from '../../components/sheet.tsx'
import { recipient } from '../../place.ts'
import { texts } from '../../texts/first.ts'
import { materialTexts } from '../../texts/library.ts'
import { MaterialBubble } from '../material-bubble.tsx'

const words = materialTexts

export function MaterialPreview(props: { material: MaterialView; onClose(): void; onSend(): void }) {
  const { material } = props
  return (
    <Sheet
      title={material.title}
      onClose={props.onClose}
      footer={
        <>
          {material.kind === 'text' && (
            <button type="button" class="button" onClick={() => copy(material.text, words.kinds.text)}>
              {words.copyText}
            </button>
          )}
          {material.kind === 'link' && (
            <button type="button" class="button" onClick={() => copy(material.url, words.link)}>
              {words.copyLink}
            </button>
          )}
          {recipient.value !== null && (
            <SendButton
              what={{ material: material.key }}
              label={words.sendIt(material.title)}
              words={texts.sendNow}
              onSend={props.onSend}
            />
          )}
        </>
      }
    >
      <div class="preview-one">
        <MaterialBubble material={material} />
        {material.kind !== 'text' && material.description !== '' && <p>{material.description}</p>}
        {material.kind === 'link' && /^https?:/.test(material.url) && (
          <a href={material.url} target="_blank" rel="noreferrer">
            {words.open}
          </a>
        )}
      </div>
    </Sheet>
  )
}
