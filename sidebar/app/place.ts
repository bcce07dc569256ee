import { computed, signal } from '@preact/signals'
import type { Recipient } from '../api.ts'
import { loggedOut } from './connection.ts'
import { customerOf } from './customer.ts'
import type { SdkError } from './sdk-error.ts'
import type { Wecom, Where } from './wecom.ts'

/** Where the page is, as far as it is known. */
export type Place =
  | Where
  | { kind: 'starting' }
  | { kind: 'outside' }
  | { kind: 'no_answer' }
  | { kind: 'failed' }
  | { kind: 'refused'; errMsg: string; url: string }

const answerMs = 3000

export const place = signal<Place>({ kind: 'starting' })

/** To whom something can be sent from here; null where it can only be copied. */
export const recipient = computed<Recipient | null>(() => {
  const here = place.value
  if (here.kind === 'customer' && here.maySend) return { externalUserid: here.externalUserid }
  if (here.kind === 'group' && here.maySend) return { chatId: here.chatId }
  return null
})

let asked = 0

/**
 * Asks the client which chat is open. While a chat is shown it stays until another answer is there, and also when there
 * is none, or a passing fault: what is sent is checked against the chat that is open. An answer that comes after the time limit still counts, unless it was asked again.
 */
export async function locate(wecom: Wecom): Promise<void> {
  if (!wecom.inside) {
    place.value = { kind: 'outside' }
    return
  }
  const turn = ++asked
  const shown = () => place.value.kind === 'customer' || place.value.kind === 'group'
  if (!shown()) place.value = { kind: 'starting' }
  const timer = setTimeout(() => {
    if (turn === asked && !shown()) place.value = { kind: 'no_answer' }
  }, answerMs)
  try {
    const where = await wecom.where()
    if (turn !== asked || same(where, place.value)) return
    // The view would ask for it too, but only after it has been drawn.
    if (where.kind === 'customer') void customerOf(where.externalUserid).load()
    place.value = where
  } catch (error) {
    if (turn !== asked || loggedOut.value) return
    // What `where` rejects with.
    const { errMsg, trouble } = error as SdkError
    if (shown() && (trouble === 'failed' || trouble === 'no_answer' || trouble === 'unsigned')) return
    if (trouble === 'unsigned') place.value = { kind: 'failed' }
    else place.value = { kind: 'refused', errMsg, url: location.href.split('#')[0] ?? '' }
  } finally {
    clearTimeout(timer)
  }
}

function same(one: Place, other: Place): boolean {
  return JSON.stringify(one) === JSON.stringify(other)
}
