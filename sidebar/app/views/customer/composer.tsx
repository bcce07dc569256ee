import { useLayoutEffect, useRef } from 'preact/hooks'
import { limits } from '../../../api.ts'
import { offline } from '../../connection.ts'
import { noteOf } from '../../note.ts'
import { texts } from '../../texts/first.ts'
import './composer.css'

const words = texts.customer

/** The text is kept until the server has it. */
export function Composer(props: { externalUserid: string; userid: string }) {
  const note = noteOf(props.userid, props.externalUserid)
  const { text } = note.draft.value
  const busy = note.busy.value
  const field = useRef<HTMLTextAreaElement>(null)
  const length = Array.from(text.trim()).length
  const ready = length > 0 && length <= limits.note && !busy && !offline.value

  useLayoutEffect(() => {
    const area = field.current
    if (area === null) return
    area.style.height = ''
    // An empty one has the height of its one line; measuring it would cost the first paint a layout.
    if (text === '') return
    area.style.height = `${Math.min(area.scrollHeight + 2, 240)}px`
  }, [text])

  return (
    <form
      class={text === '' ? 'card composer' : 'card composer composer-open'}
      onSubmit={event => {
        event.preventDefault()
        if (ready) void note.save()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={words.noteLabel}
        placeholder={words.notePlaceholder}
        value={text}
        readOnly={busy}
        onInput={event => note.write(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.isComposing || event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
          event.preventDefault()
          if (ready) void note.save()
        }}
      />
      <div class="composer-foot">
        <Hint length={length} />
        <button type="submit" class="button button-small button-primary" disabled={!ready}>
          {words.saveNote}
        </button>
      </div>
    </form>
  )
}

function Hint(props: { length: number }) {
  if (offline.value) return <span>{texts.errors.offline}</span>
  if (props.length <= limits.note - 100) return <span class="composer-shortcut">{words.shortcut}</span>
  return (
    <span class={props.length > limits.note ? 'composer-over' : undefined}>
      {props.length}/{limits.note}
    </span>
  )
}
