import { hash, randomUUID } from 'node:crypto'
import type { HandlerStart, InboxEvent } from '../../models/inbox-event.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import { arrivalOf } from './inbox.ts'

/** What such rows of the inbox have as their `app`. No app of the platform is called so: those are digits, or `contact`. */
export const ownApp = 'sidekick'

/** A run of a handler that is to begin at a moment. */
export interface PlannedStart {
  corpId: string
  /** When, by the database's clock. */
  at: Date
  /** What makes it the same start however often it is asked for, see `startId`. */
  id: string
  start: HandlerStart
  /** How long the row is kept after the moment, in milliseconds. */
  retentionMs: number
  /** The process that takes it up at once, see `processName`; whoever finds it first, without one. */
  process?: string
}

/** The id of a start that is made once: a digest of the corp and what it comes from, as a planned moment or a step's key. */
export function startId(corpId: string, ...from: readonly string[]): string {
  return `${corpId}:${hash('sha256', JSON.stringify(['start', corpId, ...from]), 'base64url')}`
}

/** The id of a start that somebody asks for by hand: asked twice, it happens twice. */
export function freshStartId(corpId: string): string {
  return startId(corpId, 'by-hand', randomUUID())
}

/** Its queue: behind whatever else there is of its customer, else of its handler. */
export function startKey({ handler, externalUserid }: HandlerStart): string {
  return externalUserid === undefined ? `handler:${handler}` : `customer:${externalUserid}`
}

/**
 * Makes a start durable: a row of the inbox, so that it is queued, leased, tried again, given up, listed and replayed
 * like all that the platform tells of. It waits in the slow lane until its moment.
 *
 * @returns false when it is there already
 */
export async function putStart(models: Models, planned: PlannedStart): Promise<boolean> {
  const { corpId, at, id, start, retentionMs, process } = planned
  const { userid, externalUserid } = start
  const row: InboxEvent = {
    _id: id,
    corpId,
    app: ownApp,
    name: 'handler.due',
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    xml: '',
    lane: 'slow',
    orderKey: startKey(start),
    createdAt: at,
    // What is planned arrives when it is due: until then nobody waits for it.
    arrival: arrivalOf(at.getTime(), 0, process),
    state: 'waiting',
    attempts: 0,
    notBefore: at,
    start,
    expireAt: new Date(at.getTime() + retentionMs),
  }
  try {
    await models.inbox.collection.insertOne(row as unknown as Record<string, unknown>, {
      writeConcern: { w: 'majority', journal: true },
    })
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/** The relation that the staff member and the customer of a start have now, as the start keeps it; nothing where they have none. */
export async function relationOf(
  models: Models,
  corpId: string,
  { userid, externalUserid }: Pick<HandlerStart, 'userid' | 'externalUserid'>,
): Promise<Pick<HandlerStart, 'whileActive' | 'relation'>> {
  if (userid === undefined || externalUserid === undefined) return {}
  const pair = { corpId, useridKey: useridKey(userid), externalUserid }
  const follow = await models.follows.findOne(pair, { status: 1, relation: 1 }).lean()
  if (follow?.status !== 'active') return {}
  // Of one that a sync has found nobody knows how it began.
  const first = follow.relation?.first
  return { whileActive: true, ...(first !== undefined && { relation: first }) }
}

/** Whether the relation that there was when a start was asked for is over. */
export async function isOver(models: Models, corpId: string, start: HandlerStart): Promise<boolean> {
  if (start.whileActive !== true) return false
  const { whileActive, relation } = await relationOf(models, corpId, start)
  return whileActive !== true || (start.relation !== undefined && relation !== start.relation)
}
