import { useEffect, useRef, useState } from 'preact/hooks'
import { limits } from '../../../api.ts'
import { remarkTexts } from '../../texts/edit.ts'
import { texts } from '../../texts/first.ts'
import './remark-editor.css'

/** In the place of the name. Enter saves, Esc leaves it as it was. */
export function RemarkEditor(props: { value: string; onSave(remark: string): void; onCancel(): void }) {
  const [text, setText] = useState(props.value)
  const input = useRef<HTMLInputElement>(null)
  const length = Array.from(text.trim()).length
  const fits = length <= limits.remark
  useEffect(() => input.current?.select(), [])
  return (
    <form
      class="remark"
      onSubmit={event => {
        event.preventDefault()
        if (fits) props.onSave(text.trim())
      }}
    >
      <div class="remark-field">
        <input
          ref={input}
          aria-label={texts.customer.remark}
          aria-invalid={!fits}
          placeholder={texts.customer.remark}
          autocomplete="off"
          enterkeyhint="done"
          value={text}
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => !event.isComposing && event.key === 'Escape' && props.onCancel()}
        />
        <span class={fits ? 'remark-count' : 'remark-count remark-over'}>
          {length}/{limits.remark}
        </span>
      </div>
      <button type="submit" class="button button-small button-primary" disabled={!fits}>
        {remarkTexts.save}
      </button>
      <button type="button" class="button button-small" onClick={props.onCancel}>
        {remarkTexts.cancel}
      </button>
    </form>
  )
}
