import type { Follow, Relation } from '../../models/follow.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { useridKey } from '../../models/userid.ts'
import type { Welcome } from '../../models/welcome.ts'
import { type BotEvent, isEvent, parseEvent } from '../events/parse.ts'
import type { Records } from './why-read.ts'

/** An event of the inbox with what it says; `said` is missing where the XML cannot be read. */
export interface HeldEvent {
  held: InboxEvent
  said?: BotEvent
}

/** One time that a customer came to a staff member, with all that is held about it. */
export interface Add {
  userid: string
  useridKey: string
  /** When the customer came, by WeCom's clock. */
  at: Date
  /** Inbox key of the event that began it; missing where only a sync has told of it. */
  first?: string
  /** When it ended, or when the next one began. */
  endedAt?: Date
  follow?: Follow
  /** Announced by the customer's request alone, which the staff member has not confirmed. */
  unconfirmed: boolean
  /** The events that announced it or brought a code for it, the oldest first. */
  events: HeldEvent[]
  /** Other events of the pair while it lasted, the oldest first. */
  later: InboxEvent[]
  /** The ledger's rows, the oldest first. */
  codes: Welcome[]
  runs: Run[]
  /** No relation that we know of names its event: it was over before it was handled, or has not been handled. */
  stray: boolean
  /** When somebody else who came to the same staff member within a day brought a code; see `codeOfAnother`. */
  anotherHadCode?: Date
}

/** Brings what is held of a customer into order: one entry for each time that somebody was added, the newest first. */
export function addsOf(records: Records): Add[] {
  const events = records.events
    .filter(({ name }) => name === 'customer.added' || name === 'customer.archive_agreed')
    .map(read)
    .reverse()
  const adds = [...records.follows.flatMap(relationsOf), ...strays(records, events)]
  adds.sort((a, b) => b.at.getTime() - a.at.getTime())
  for (const add of adds) fill(add, records, events, adds)
  return adds
}

function read(held: InboxEvent): HeldEvent {
  try {
    return { held, said: { ...parseEvent(held.xml), id: held._id } }
  } catch {
    // It ends as dead with the reason, which is what is told of it.
    return { held }
  }
}

/** A sync and an event that tell of the same add differ by no more than this, in milliseconds. */
const sameAddMs = 60_000

function relationsOf(follow: Follow): Add[] {
  const { userid, useridKey: key, relation, past = [], addedAt, endedAt } = follow
  const adds = [...past, ...(relation === undefined ? [] : [relation])].map(one => addOf(follow, one))
  if (addedAt === undefined) return adds
  const since = (at: Date): number => addedAt.getTime() - at.getTime()
  const isTold =
    past.some(one => since(one.at) >= -sameAddMs && addedAt <= one.endedAt) ||
    // A request may be confirmed weeks after it was made.
    (relation !== undefined && (relation.half !== undefined || since(relation.at) <= sameAddMs))
  if (isTold) return adds
  const synced = { userid, useridKey: key, at: addedAt, follow, ...(endedAt && { endedAt }) }
  return [
    ...adds,
    { ...synced, unconfirmed: false, events: [], later: [], codes: [], runs: [], stray: false },
  ]
}

function addOf(follow: Follow, relation: Relation & { endedAt?: Date }): Add {
  const { first, at, half, full, endedAt } = relation
  const unconfirmed = half !== undefined && full === undefined
  const who = { userid: follow.userid, useridKey: follow.useridKey, at, first, follow, unconfirmed }
  return { ...who, ...(endedAt && { endedAt }), events: [], later: [], codes: [], runs: [], stray: false }
}

/** Adds of which no relation tells. */
function strays({ follows, welcomes }: Records, events: readonly HeldEvent[]): Add[] {
  const told = new Set(
    follows.flatMap(({ relation, past = [] }) =>
      [relation, ...past].flatMap(one => [one?.first, one?.half, one?.full]),
    ),
  )
  const found = new Map<string, Add>()
  for (const { held, said } of events) {
    if (held.name !== 'customer.added' || told.has(held._id)) continue
    const { _id: first, userid = '', createdAt: at } = held
    const half = said !== undefined && isEvent(said, 'customer.added') && said.data.half
    found.set(first, newStray({ userid, first, at }, half))
  }
  // The ledger may be all that is left. What came with a consent is a code of another add.
  const consents = new Set(events.filter(one => one.held.name !== 'customer.added').map(one => one.held._id))
  for (const { relation: first, userid, eventAt: at } of welcomes)
    if (!consents.has(first) && !told.has(first) && !found.has(first))
      found.set(first, newStray({ userid, first, at }, false))
  return [...found.values()]
}

function newStray(one: { userid: string; first: string; at: Date }, unconfirmed: boolean): Add {
  const of = { ...one, useridKey: useridKey(one.userid), unconfirmed }
  return { ...of, events: [], later: [], codes: [], runs: [], stray: true }
}

/** Gives an add what belongs to it. */
function fill(add: Add, records: Records, events: readonly HeldEvent[], adds: readonly Add[]): void {
  const own = (userid = ''): boolean => useridKey(userid) === add.useridKey
  const next = adds.findLast(one => one.useridKey === add.useridKey && one.at > add.at)
  const until = add.endedAt ?? next?.at
  const within = (at: Date): boolean => at >= add.at && (until === undefined || at < until)
  const { relation, past = [] } = add.follow ?? {}
  const named = [relation, ...past].find(one => one !== undefined && one.first === add.first)
  const ids = new Set([add.first, named?.half, named?.full])
  add.events = events.filter(
    ({ held }) =>
      ids.has(held._id) ||
      (held.name === 'customer.archive_agreed' && own(held.userid) && within(held.createdAt)),
  )
  for (const { held } of add.events) ids.add(held._id)
  add.later = records.events
    .filter(one => !ids.has(one._id) && own(one.userid) && within(one.createdAt))
    .reverse()
  add.codes = records.welcomes.filter(one => one.relation === add.first || ids.has(one.event)).reverse()
  add.runs = records.runs
    .filter(run => ids.has(run.event) || (!add.stray && own(run.userid) && within(run.startedAt)))
    .reverse()
  if (until !== undefined && add.endedAt === undefined) add.endedAt = until
}
