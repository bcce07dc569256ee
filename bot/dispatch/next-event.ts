import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import type { Turn } from './queue.ts'
import { ownApp } from './starts.ts'

/** What a look at a key finds. */
export type Next =
  /** The first event whose turn it is, and whether there are others of the key. */
  | { event: InboxEvent; more: boolean }
  /** Nothing may be taken now; where something waits, when to look again, by the database's clock. */
  | { event?: never; at?: number }

/** A key whose failing events have all been passed is looked at again after this, in milliseconds. */
const passedMs = 5_000
const inOrder = { createdAt: 1, arrival: 1 } as const

/**
 * The event of a key that is to be handled next: by CreateTime, then arrival. One that waits for a later moment holds
 * those behind it, but a failing one for `holdMs` from its first failure only.
 *
 * @param now by the database's clock
 */
export async function nextEvent(
  inbox: Models['inbox'],
  { corpId, key }: Turn,
  now: number,
  holdMs: number,
): Promise<Next> {
  // What is planned for later is not there yet: it holds up nobody, and the sweep finds it when it is due.
  const planned = { app: ownApp, createdAt: { $gt: new Date(now) } }
  const ofKey = { corpId, orderKey: key, state: 'waiting' as const, $nor: [planned] }
  const [first, ...others] = await inbox.find(ofKey).sort(inOrder).limit(2).lean()
  if (first === undefined) return {}
  const judged = judge(first, now, holdMs, others.length > 0)
  if (judged !== undefined) return judged
  const passed = { notBefore: { $gt: new Date(now) }, failingSince: { $lte: new Date(now - holdMs) } }
  const next = await inbox
    .findOne({ ...ofKey, $nor: [planned, passed] })
    .sort(inOrder)
    .lean()
  const behind = next === null ? undefined : judge(next, now, holdMs, true)
  return behind ?? { at: Math.min(first.notBefore.getTime(), now + passedMs) }
}

/** Undefined for one that has failed for so long that the others go on before it. */
function judge(event: InboxEvent, now: number, holdMs: number, more: boolean): Next | undefined {
  const due = event.notBefore.getTime()
  if (due <= now) return { event, more }
  if (event.failingSince === undefined) return { at: due }
  const holdsUntil = event.failingSince.getTime() + holdMs
  return holdsUntil > now ? { at: Math.min(due, holdsUntil) } : undefined
}
