import type { Passed } from '../../models/inbox-event.ts'
import { arrivedAt } from '../dispatch/inbox.ts'
import type { EventTrigger } from './schema.ts'
import { explainMatch } from './triggers.ts'
import { type Finding, finding } from './why-codes.ts'
import { recordedOf } from './why-event.ts'
import { type HandlerThen, handlerAt, isFor, publishedFirst, purposeOf } from './why-past.ts'
import type { HandlerPast, Records } from './why-read.ts'
import type { Add, HeldEvent } from './why-relations.ts'

/** Reasons by how near the handler came to running, the nearest first. */
const nearness = [
  'handler_after',
  'handler_cooldown',
  'handler_loop',
  'handler_when',
  'handler_scope',
  'handler_paused',
  'handler_dry_run',
  'handler_broken',
  'handler_off',
  'handler_not_yet',
  'handler_match',
] as const satisfies Finding['code'][]

/** A handler that did not run, and what held it back. */
export interface PassedOver {
  found: Finding
  priority: number
  /** It was switched on then. */
  wasOn: boolean
}

/**
 * Handlers that welcome or tag whoever is added, and did not run for this add, each with what held it back: as it was
 * recorded then, else by what the handler was at that time. Those that came nearest to running come first.
 */
export function passedOver(add: Add, records: Records): PassedOver[] {
  const found = candidatesOf(add, records).flatMap(one => {
    const over = judge(one, add, records)
    return over === undefined ? [] : [over]
  })
  const rank = ({ found: { code } }: PassedOver): number => (nearness as readonly string[]).indexOf(code)
  found.sort((a, b) => rank(a) - rank(b) || a.priority - b.priority)
  return found
}

/** Keys of handlers that should have run for this add by all that is held, and did not. */
export function unexplained(add: Add, records: Records): string[] {
  return candidatesOf(add, records)
    .filter(one => codeFor(one, records) === undefined && one.then?.enabled === true && one.settled)
    .map(one => one.past.key)
}

/**
 * Handlers that tag on another event of the pair, such as an edit, and were held back there because they had run a moment
 * ago or too often: each once, as it was the last time.
 */
export function heldLater(add: Add, { handlers }: Records): Finding[] {
  const held = new Map(
    add.later.flatMap(event =>
      (event.passed ?? [])
        .filter(({ stage }) => stage === 'cooldown' || stage === 'loop')
        .map(one => [one.handler, one] as const),
    ),
  )
  return [...held.values()].flatMap(({ handler, stage, why }): Finding[] => {
    const past = handlers.find(({ key }) => key === handler)
    const document = past?.live?.document ?? past?.revisions.at(-1)?.document
    if (document === undefined || !purposeOf(document).tags) return []
    return [finding(stage === 'loop' ? 'handler_loop' : 'handler_cooldown', 'tag', { handler, why })]
  })
}

/** A handler that was for this add, by its event and its steps, and did not run for it. */
interface Candidate {
  past: HandlerPast
  at: Date
  then: HandlerThen | undefined
  /** What it was, or was first. */
  document: HandlerThen['document']
  /** What of the event its `match` does not take. */
  unfit: string | undefined
  recorded: Passed | undefined
  /** The event has been handled. */
  settled: boolean
}

function candidatesOf(add: Add, { handlers }: Records): Candidate[] {
  const at = momentOf(add)
  const passed = recordedOf(add)
  return handlers.flatMap((past): Candidate[] => {
    const then = handlerAt(past, at)
    const document = then?.document ?? past.revisions[0]?.document
    if (document === undefined) return []
    const { welcomes, tags } = purposeOf(document)
    const event = eventFor(add, document)
    if ((!welcomes && !tags) || event === undefined) return []
    const recorded = passed.findLast(one => one.handler === past.key)
    const ran = add.runs.some(run => run.handler === past.key && run.event === event.held._id)
    if (ran && !isOnlyOfReplay(past.key, then, add)) return []
    // When it was removed nobody knows.
    if (past.live === undefined && recorded === undefined) return []
    const settled = event.held.state !== 'waiting'
    return [{ past, at, then, document, unfit: misfit(document, event), recorded, settled }]
  })
}

/** Whether a handler ran when the event was handled once more, and had not when its code was lost. */
function isOnlyOfReplay(key: string, then: HandlerThen | undefined, { codes }: Add): boolean {
  const firsts = codes.flatMap(one => one.first ?? [])
  if (firsts.length === 0) return false
  return then === undefined || firsts.some(one => one.passed?.some(({ handler }) => handler === key))
}

function judge(one: Candidate, add: Add, records: Records): PassedOver | undefined {
  const code = codeFor(one, records)
  if (code === undefined) return undefined
  const { welcomes, tags } = purposeOf(one.document)
  const about = welcomes && tags ? 'both' : welcomes ? 'welcome' : 'tag'
  const { priority } = one.document
  return {
    found: finding(code, about, dataOf(code, one, add, records) as never),
    priority: typeof priority === 'number' ? priority : 1_000,
    wasOn: one.then?.enabled === true && one.recorded?.stage !== 'off',
  }
}

/** When it was decided: what is recorded later is of later attempts. */
function momentOf(add: Add): Date {
  const { held } = add.events.find(one => one.held._id === add.first) ?? {}
  return held === undefined ? add.at : new Date(arrivedAt(held))
}

/** What of the event the handler's `match` does not take; what was published is known to be well-formed. */
function misfit(document: HandlerThen['document'], { said }: HeldEvent): string | undefined {
  const trigger = document.trigger as EventTrigger
  return said === undefined
    ? undefined
    : explainMatch({ trigger: { ...trigger, match: trigger.match ?? {} } }, said, trigger.event)
}

/** The event of an add that a handler was written for. */
function eventFor(add: Add, document: HandlerThen['document']): HeldEvent | undefined {
  const added = add.events.find(one => one.held._id === add.first)
  if (isFor(document, 'customer.added')) return added
  if (!isFor(document, 'customer.confirmed')) return undefined
  return add.events.find(one => one !== added && one.held.name === 'customer.added')
}

type HandlerCode = (typeof nearness)[number]

function codeFor({ past, then, recorded, unfit }: Candidate, { broken }: Records): HandlerCode | undefined {
  const stage = recorded?.stage
  // What was off, broken or not there yet was not asked whether it wants such an event.
  const wasAsked = stage !== undefined && stage !== 'off' && stage !== 'broken'
  const isTold = stage !== undefined || then !== undefined || past.live?.enabled === true
  if (unfit !== undefined && isTold && !wasAsked) return 'handler_match'
  if (stage !== undefined) return `handler_${stage}`
  if (then === undefined) return past.live?.enabled === true ? 'handler_not_yet' : undefined
  if (!then.enabled) return 'handler_off'
  return broken.has(past.key) ? 'handler_broken' : undefined
}

function dataOf(code: HandlerCode, one: Candidate, add: Add, { broken }: Records): object {
  const { past, at, then, recorded, unfit } = one
  const of = { handler: past.key }
  const why = recorded?.why || unfit || ''
  switch (code) {
    case 'handler_not_yet':
      return { ...of, at: publishedFirst(past) ?? at }
    case 'handler_off': {
      const { since, after } = then?.enabled === false ? then : {}
      return {
        ...of,
        ...(since && { at: since.at, by: since.by }),
        ...(after && { onAt: after.at, onBy: after.by }),
      }
    }
    case 'handler_scope':
      return { ...of, why, userid: add.userid }
    case 'handler_broken':
      return { ...of, why: why || (broken.get(past.key) ?? '') }
    default:
      return { ...of, why }
  }
}
