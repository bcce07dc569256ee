import type { Welcome } from '../../models/welcome.ts'
import { arrivedAt } from '../dispatch/inbox.ts'
import { errcodeInfo } from '../wecom/errcodes.ts'
import { type Finding, finding } from './why-codes.ts'
import { noEvent, notHandled, pausedThen, wasOver } from './why-event.ts'
import { noCode } from './why-no-code.ts'
import { purposeOf } from './why-past.ts'
import type { Records } from './why-read.ts'
import type { Add } from './why-relations.ts'
import { fateOf, troubleOf } from './why-step.ts'
import { stepsSay, welcomeSteps } from './why-welcome-steps.ts'

/**
 * Why a customer was welcomed or not: what decided first comes first, and what else would have kept the welcome away
 * follows.
 *
 * @param passed what `passedOver` says of this add
 */
export function explainWelcome(add: Add, records: Records, passed: readonly Finding[], now: Date): Finding[] {
  const sent = add.codes.find(one => one.state === 'sent')
  if (sent !== undefined) return [sentBy(sent, add), ...spares(add), ...outrun(sent, add)]
  const lost = noEvent(add, records)
  if (lost !== undefined) return [lost]
  const byLedger = add.codes.flatMap(row => [
    ...ofFirst(row, add, records, passed),
    ...ofRow(row, add, records, passed, now),
  ])
  const found = byLedger.length > 0 ? byLedger : withoutRow(add, records, passed)
  return withOthers(found, add, records, passed)
}

function sentBy(row: Welcome, add: Add): Finding {
  const { handler, answeredAt, sent } = row
  const { name } = add.events.find(one => one.held._id === row.event)?.held ?? {}
  const through = name === 'customer.archive_agreed' ? 'archive' : 'confirmation'
  return finding('sent', 'welcome', {
    ...(answeredAt && { at: answeredAt }),
    ...(handler !== undefined && { handler }),
    ...(sent && { text: sent.text }),
    attachments: sent?.attachments.length ?? 0,
    ...(sent?.cut && { cut: true }),
    ...(sent?.missing && { missing: sent.missing }),
    ...(sent?.fallback && { fallback: true }),
    ...(row.event !== row.relation && { through }),
  })
}

function spares({ codes }: Add): Finding[] {
  return codes.filter(one => one.state === 'spare').map(({ event }) => finding('spare', 'welcome', { event }))
}

/** Welcomes of other handlers that ran, where the one that was sent may not be the one that was meant. */
function outrun({ handler }: Welcome, add: Add): Finding[] {
  if (handler === undefined) return []
  const runs = add.runs.filter(run => run.handler !== handler)
  const others = { ...add, runs }
  const late = welcomeSteps(others).filter(({ run, step }) => fateOf(run, step).fate === 'done')
  const found = [
    ...late.map(({ run }) => finding('came_second', 'welcome', { handler: run.handler, by: handler })),
    ...stepsSay(others).filter(({ data }) => 'handler' in data),
  ]
  return found.map((one): Finding => ({ ...one, about: 'welcome', aside: true }))
}

/** What a row of the ledger says. */
function ofRow(row: Welcome, add: Add, records: Records, passed: readonly Finding[], now: Date): Finding[] {
  const { state, attempts, answeredAt } = row
  const { held } = add.events.find(one => one.held._id === row.event) ?? {}
  const at = answeredAt && { at: answeredAt }
  switch (state) {
    case 'already':
      return [finding('already', 'welcome', { ...at, attempts })]
    case 'expired': {
      const eventAt = row.eventAt.getTime()
      const arrivedMs = held === undefined ? 0 : arrivedAt(held) - held.createdAt.getTime()
      const lateMs = (answeredAt?.getTime() ?? eventAt) - eventAt
      const again = row.first && { again: row.first.until }
      const trouble = row.trouble && { trouble: troubleOf(row.trouble) }
      return [finding('code_expired', 'welcome', { ...at, lateMs, arrivedMs, ...trouble, ...again })]
    }
    case 'refused':
      return [refused(row)]
    case 'sending':
      return [unheard(row, add, now)]
    case 'no_code':
      return add.codes.length > 1 ? [] : [noCode(add, records)]
    case 'unused':
      return unused(row, add, records, passed)
    default:
      return []
  }
}

/** Ends of a code that a second handling brings about: what decided at first is the reason. */
const ends: ReadonlySet<Welcome['state']> = new Set(['already', 'expired', 'refused', 'unused'])

/** Why a code was not used when its event was handled first; nothing where that is what the row says anyway. */
function ofFirst(row: Welcome, add: Add, records: Records, passed: readonly Finding[]): Finding[] {
  const { first, state, reason } = row
  if (first === undefined || !ends.has(state) || (state === 'unused' && reason === first.reason)) return []
  const handler = first.handler ?? ''
  switch (first.reason) {
    case 'failed':
    case 'skipped': {
      const { errcode, errmsg } = first
      const answered = { ...(errcode !== undefined && { errcode }), ...(errmsg !== undefined && { errmsg }) }
      return [finding('left', 'welcome', { handler, reason: first.reason, ...answered })]
    }
    case 'dry_run':
      return [finding('dry_run', 'both', { handler })]
    default:
      // The replay that would be advised has been.
      return unused({ ...row, ...first }, add, records, passed).map(one =>
        one.code === 'paused' && !one.data.stillPaused ? { ...one, aside: true } : one,
      )
  }
}

function refused({ errcode = 0, errmsg, attempts }: Welcome): Finding {
  if (errcode === 41053) return finding('archive_pending', 'welcome', {})
  if (errcode === 41096) return finding('other_app', 'welcome', { attempts, over: true })
  return finding('platform_refused', 'welcome', {
    errcode,
    hint: errcodeInfo(errcode).hint,
    ...(errmsg !== undefined && { errmsg }),
  })
}

/** A welcome that was begun and of which the platform's last word is not known. */
function unheard(row: Welcome, add: Add, now: Date): Finding {
  const { attempts, leaseUntil } = row
  const { held } = add.events.find(one => one.held._id === row.event) ?? {}
  if (leaseUntil !== undefined && leaseUntil > now)
    return finding('sending', 'welcome', { since: row.eventAt })
  const step = welcomeSteps(add).find(one => one.run.handler === row.handler)?.step
  const error = step?.error ?? held?.error
  const over = held?.state !== 'waiting'
  if (row.errcode === 41096 || error?.code === 'wecom_41096')
    return finding('other_app', 'welcome', { attempts, over })
  if (!over && held !== undefined) return notHandled(held, error)
  return finding('uncertain', 'welcome', { attempts, ...(error && { trouble: troubleOf(error) }) })
}

function unused(row: Welcome, add: Add, records: Records, passed: readonly Finding[]): Finding[] {
  switch (row.reason) {
    case 'paused':
      return [pausedThen(add, records)]
    case 'relation_over':
      return [wasOver(add)]
    case 'dry_run':
      return [finding('dry_run', 'both', { handler: row.handler ?? dryRunOf(add) })]
    case 'failed':
    case 'skipped': {
      const steps = stepsSay(add)
      const { held } = add.events.find(one => one.held._id === row.event) ?? {}
      const given = held?.state === 'dead' ? [notHandled(held)] : []
      if (steps.length + given.length > 0) return [...steps, ...given]
      return [finding('unexplained', 'welcome', { event: row.event })]
    }
    default:
      return ofHandlers(records, passed)
  }
}

const dryRunOf = ({ runs }: Add): string => runs.find(run => run.dryRun === true)?.handler ?? ''

/** What handlers were passed over for; where there are none that welcome, that. */
function ofHandlers({ handlers }: Records, passed: readonly Finding[]): Finding[] {
  const own = passed.filter(isOfWelcome)
  if (own.length > 0) return own
  const able = handlers.filter(({ live }) => live?.document && purposeOf(live.document).welcomes)
  return [finding('no_handler', 'welcome', { handlers: able.length })]
}

const isOfWelcome = ({ about }: Finding): boolean => about !== 'tag'

/** What is known without the ledger: how far the event got. */
function withoutRow(add: Add, records: Records, passed: readonly Finding[]): Finding[] {
  const { held, said } = add.events.find(one => one.held._id === add.first) ?? {}
  if (held === undefined) return [finding('unexplained', 'welcome', { event: add.first ?? '' })]
  const steps = stepsSay(add)
  if (held.state === 'waiting') return steps.length > 0 ? steps : [notHandled(held)]
  if (held.passed?.some(({ stage }) => stage === 'paused')) return [pausedThen(add, records)]
  if (held.state === 'dead') {
    const given = notHandled(held)
    return steps.length > 0 ? [...steps, given] : [given]
  }
  if (
    add.runs.length === 0 &&
    (add.stray || (add.endedAt && held.finishedAt && add.endedAt < held.finishedAt))
  )
    return [wasOver(add)]
  if (steps.length > 0) return steps
  const hasCode = add.events.some(one => one.said !== undefined && 'welcomeCode' in one.said.data)
  if (said !== undefined && !hasCode) return [noCode(add, records)]
  return ofHandlers(records, passed)
}

/** What came first, and then what would have kept the welcome away as well. */
function withOthers(found: Finding[], add: Add, records: Records, passed: readonly Finding[]): Finding[] {
  const codes = new Set(found.map(one => one.code))
  const others: Finding[] = []
  const paused = add.events.some(one => one.held.passed?.some(({ stage }) => stage === 'paused'))
  if (paused && !codes.has('paused')) others.push(pausedThen(add, records))
  const codeless = codes.has('no_code') || codes.has('colleague')
  // Where a handler had a welcome to send, the others need not have matched.
  if (codeless && welcomeSteps(add).length === 0) others.push(...passed.filter(isOfWelcome))
  return [...found, ...others]
}
