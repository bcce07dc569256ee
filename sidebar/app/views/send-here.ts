import { customerOf } from '../customer.ts'
import { place, recipient } from '../place.ts'
import { type Sendable, startSend } from '../sending.ts'
import type { Wecom } from '../wecom.ts'

/** Into the chat that is open; the customer's timeline then has a row more. */
export function sendHere(wecom: Wecom, what: Sendable, title: string): void {
  const to = recipient.value
  if (to === null) return
  const here = place.value
  startSend(wecom, to, what, title, () => {
    if (here.kind === 'customer') void customerOf(here.externalUserid).load()
  })
}
