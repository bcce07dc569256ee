import { signal } from '@preact/signals'
import type { PreparedSend, Recipient, SendReport, SendRequest } from '../api.ts'
import { CallError, post, reasonOf } from './http.ts'
import { newKey } from './key.ts'
import { locate } from './place.ts'
import type { SdkError } from './sdk-error.ts'
import { sendInOrder } from './send-in-order.ts'
import { refusalTexts, sendTexts } from './texts/library.ts'
import { show } from './toast.ts'
import type { Wecom } from './wecom.ts'

/** What is being sent: a whole script, a part of one, or a material. */
export type Sendable = { script: string; part?: number } | { material: string }

export interface Sending {
  what: Sendable
  to: Recipient
  title: string
  /** The part that is being sent, or was not, from 0. */
  part: number
  /** 0 while it is being made ready. */
  total: number
  status: 'preparing' | 'sending' | 'sent' | 'failed'
  note: string
  /** Goes on from the part that failed. */
  retry(): void
}

/** One thing at a time: parts of two scripts must not mix in the chat. */
export const sending = signal<Sending | null>(null)

const sentShownMs = 2500

export function isBusy(): boolean {
  return sending.value?.status === 'preparing' || sending.value?.status === 'sending'
}

export function sameThing<T extends Sendable | Recipient | null>(one: T, other: T): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}

/** `onSent` is called when all of it is in the chat. */
export function startSend(
  wecom: Wecom,
  to: Recipient,
  what: Sendable,
  title: string,
  onSent: () => void,
): void {
  const last = sending.value
  // The second tap of two, or a key that is held.
  const again = last?.status === 'sent' && sameThing(last.what, what) && sameThing(last.to, to)
  if (isBusy() || again) return
  const request: SendRequest = { key: newKey(), to, ...what }
  let prepared: PreparedSend | null = null

  function update(change: Partial<Sending>): void {
    if (sending.value !== null) sending.value = { ...sending.value, ...change }
  }

  async function run(from: number): Promise<void> {
    try {
      prepared ??= await post<PreparedSend>('sends', request)
    } catch (error) {
      update({ status: 'failed', note: sendTexts.notReady(reasonOf(error)) })
      return
    }
    const { id, messages } = prepared
    const report = (body: SendReport) => post(`sends/${encodeURIComponent(id)}`, body)
    const { failed, unreported } = await sendInOrder(messages, from, {
      send: message => wecom.send(message, to),
      begins: part => update({ status: 'sending', part, total: messages.length }),
      // Once more only where nobody knows whether it arrived.
      report: (part, ok, errMsg) =>
        report({ part, ok, errMsg }).catch((error: unknown) => {
          if (error instanceof CallError && error.code === 'offline') return report({ part, ok, errMsg })
          throw error
        }),
    })
    if (failed !== null) {
      update({
        status: 'failed',
        part: failed.part,
        note: noteOf(failed.part, messages.length, failed.error),
      })
      if (failed.error.trouble === 'other_chat') void locate(wecom)
      return
    }
    update({ status: 'sent' })
    const mine = sending.value
    setTimeout(() => {
      if (sending.value === mine) sending.value = null
    }, sentShownMs)
    if ((await unreported).length > 0) show({ text: sendTexts.unrecorded, bad: true })
    onSent()
  }

  function retry(): void {
    const from = sending.value?.part ?? 0
    update({ status: prepared === null ? 'preparing' : 'sending', note: '' })
    void run(from)
  }

  sending.value = { what, to, title, part: 0, total: 0, status: 'preparing', note: '', retry }
  void run(0)
}

function noteOf(part: number, total: number, error: SdkError): string {
  const reason = refusalTexts[error.trouble]
  return total > 1 ? sendTexts.partFailed(part + 1, reason) : sendTexts.failed(reason)
}
