import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import { limits } from '../../../api.ts'
import { offline } from '../../connection.ts'
import type { Customer } from '../../customer.ts'
import { type Draft, keepDraft, readDraft } from '../../drafts.ts'
import { mayPass, reasonOf } from '../../http.ts'
import { newKey } from '../../key.ts'
import { texts } from '../../texts/first.ts'
import { show } from '../../toast.ts'
import './composer.css'

const words = texts.customer

/** The text is kept until the server has it. */
export function Composer(props: { customer: Customer; userid: string }) {
  const { customer, userid } = props
  const [draft, setDraft] = useState(() => readDraft(userid, customer.externalUserid))
  const [busy, setBusy] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const length = Array.from(draft.text.trim()).length
  const ready = length > 0 && length <= limits.note && !busy && !offline.value

  useLayoutEffect(() => {
    const area = field.current
    if (area === null) return
    area.style.height = ''
    // An empty one has the height of its one line; measuring it would cost the first paint a layout.
    if (draft.text === '') return
    area.style.height = `${Math.min(area.scrollHeight + 2, 240)}px`
  }, [draft.text])

  const keep = (next: Draft) => {
    setDraft(next)
    keepDraft(userid, customer.externalUserid, next)
  }
  const save = async () => {
    setBusy(true)
    try {
      await customer.note({ key: draft.key, text: draft.text.trim() })
      keep({ text: '', key: newKey() })
      show({ text: words.noteSaved })
    } catch (error) {
      show({
        text: words.noteNotSaved(reasonOf(error)),
        bad: true,
        ...(mayPass(error) && { action: { label: texts.retry, run: () => void save() } }),
      })
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      class={draft.text === '' ? 'card composer' : 'card composer composer-open'}
      onSubmit={event => {
        event.preventDefault()
        if (ready) void save()
      }}
    >
      <textarea
        ref={field}
        rows={1}
        aria-label={words.noteLabel}
        placeholder={words.notePlaceholder}
        value={draft.text}
        readOnly={busy}
        onInput={event => keep({ text: event.currentTarget.value, key: newKey() })}
        onKeyDown={event => {
          if (event.key !== 'Enter' || !(event.metaKey || event.ctrlKey)) return
          event.preventDefault()
          if (ready) void save()
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
