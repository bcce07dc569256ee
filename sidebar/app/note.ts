import { type Signal, signal } from '@preact/signals'
import { customerOf } from './customer.ts'
import { type Draft, keepDraft, readDraft } from './drafts.ts'
import { mayPass, reasonOf } from './http.ts'
import { newKey } from './key.ts'
import { texts } from './texts/first.ts'

const words = texts.customer

/** What is being written about a customer, wherever one looks meanwhile. */
export interface Note {
  draft: Signal<Draft>
  /** It is on its way, and must stay as it is. */
  busy: Signal<boolean>
  write(text: string): void
  /** Sends what stands there now, and clears it once the server has it. */
  save(): Promise<void>
}

const kept = new Map<string, Note>()

export function noteOf(userid: string, externalUserid: string): Note {
  const note = kept.get(externalUserid) ?? createNote(userid, externalUserid)
  kept.set(externalUserid, note)
  return note
}

function createNote(userid: string, externalUserid: string): Note {
  const draft = signal(readDraft(userid, externalUserid))
  const busy = signal(false)

  function write(text: string): void {
    draft.value = { text, key: newKey() }
    keepDraft(userid, externalUserid, draft.value)
  }

  async function save(): Promise<void> {
    const { text, key } = draft.value
    if (busy.value || text.trim() === '') return
    const customer = customerOf(externalUserid)
    busy.value = true
    try {
      await customer.note({ key, text: text.trim() })
      if (draft.value.key === key) write('')
      customer.tell({ text: words.noteSaved })
    } catch (error) {
      customer.tell({
        text: words.noteNotSaved(reasonOf(error)),
        bad: true,
        ...(mayPass(error) && { action: { label: texts.retry, run: () => void save() } }),
      })
    } finally {
      busy.value = false
    }
  }

  return { draft, busy, write, save }
}
