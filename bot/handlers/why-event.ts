import type { InboxEvent, Passed } from '../../models/inbox-event.ts'
import { arrivedAt } from '../dispatch/inbox.ts'
import { type Finding, finding } from './why-codes.ts'
import type { Records } from './why-read.ts'
import type { Add } from './why-relations.ts'
import { troubleOf } from './why-step.ts'

/** A gap begins a little before the first event that was refused, in milliseconds. */
const aroundMs = 5_000

/** Why nothing of an add is held: its event never came, or what was held of it has run out. */
export function noEvent(add: Add, records: Records): Finding | undefined {
  if (add.events.length > 0 || add.codes.length > 0) return undefined
  const welcomed = records.welcomed.find(one => one.key === `${add.first}/welcomed`)
  if (welcomed !== undefined) return finding('sent', 'welcome', { at: welcomed.at, attachments: 0 })
  const at = add.at.getTime()
  const { gaps, keptSince } = records
  if (add.first === undefined) {
    const gap = gaps.find(one => one.from.getTime() - aroundMs <= at && at <= one.to.getTime() + aroundMs)
    if (gap !== undefined) {
      const { from, to, reason } = gap
      return finding('gap', 'both', { from, to, reason })
    }
  }
  if (add.first !== undefined || keptSince === undefined || add.at < keptSince)
    return finding('records_gone', 'both', {
      ...(keptSince && { from: keptSince }),
      // A relation keeps its event's key for good: this one never had any.
      ...(add.first === undefined && { before: true }),
    })
  return finding('never_received', 'both', {})
}

/** An event that has not been handled to its end. */
export function notHandled(event: InboxEvent, error?: InboxEvent['error']): Finding {
  const { state, attempts, notBefore, finishedAt, _id } = event
  const trouble = troubleOf(error ?? event.error)
  if (state === 'dead')
    return finding('event_dead', 'both', {
      ...(finishedAt && { at: finishedAt }),
      attempts,
      trouble,
      event: _id,
    })
  if (attempts === 0) return finding('event_waiting', 'both', { since: new Date(arrivedAt(event)) })
  return finding('event_retrying', 'both', { attempts, next: notBefore, trouble })
}

/** All handlers were paused: since when and by whom is recorded with each that was passed over. */
export function pausedThen(add: Add, { corp: { paused } }: Records): Finding {
  const recorded = recordedOf(add).find(one => one.stage === 'paused' && one.why !== '')
  const [, at, by] = /^since (\S+) by (.+)$/.exec(recorded?.why ?? '') ?? []
  const known = at === undefined || by === undefined ? undefined : { at: new Date(at), by }
  const since = known ?? (paused !== undefined && paused.at <= lastLookAt(add) ? paused : undefined)
  return finding('paused', 'both', {
    ...(since && { at: since.at, by: since.by }),
    stillPaused: paused !== undefined,
  })
}

/** Handlers that were passed over, as it was written down, what decided at first last. */
export function recordedOf({ events, codes }: Add): Passed[] {
  return [
    ...events.flatMap(one => one.held.passed ?? []),
    ...codes.flatMap(one => one.passed ?? []),
    ...codes.flatMap(one => one.first?.passed ?? []),
  ]
}

function lastLookAt({ events, at }: Add): Date {
  return events.at(-1)?.held.finishedAt ?? at
}

export function wasOver({ endedAt }: Add): Finding {
  return finding('relation_over', 'both', { ...(endedAt && { endedAt }) })
}
