import type { Passed } from '../../models/inbox-event.ts'
import type { Run, RunStep } from '../../models/run.ts'
import type { Welcome } from '../../models/welcome.ts'
import { recordUnused, type Unwelcomed } from '../actions/welcome-unused.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import type { Facts } from '../handlers/facts.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import { explainMatch } from '../handlers/triggers.ts'
import type { DispatchDeps } from './deps.ts'
import type { LeftWelcome } from './express-choice.ts'
import { passedOver } from './passed-over.ts'
import { type Announcement, announce } from './relation.ts'
import { runsOf } from './store-run.ts'

/** How the handling of an event ended, as far as its welcome is concerned. */
export interface Handling {
  /** Handlers that were passed over. */
  passed: readonly Passed[]
  /** Of this event, as they ended. */
  runs: readonly Run[]
  /** What is known of the customer. */
  facts?: Pick<Facts, 'customer'>
  /** The ledger has its code already, see `welcomeAtOnce`. */
  settled?: boolean
  /** The welcome that would have been sent with its code, see `welcomeAtOnce`. */
  left?: LeftWelcome
  /** It was given up by an error that no handler's run tells of. */
  died?: boolean
}

type LedgerDeps = Pick<DispatchDeps, 'models' | 'metrics' | 'clock' | 'retentionMs' | 'live'>

/** As many as a row keeps. */
const passedMax = 30

/** What a welcome is the answer to, whichever event brings the code. */
const name = 'customer.added'

/**
 * Writes into the ledger why an event that could have been welcomed was not: one that brought a code which nobody used,
 * and an add without a code. An event that was welcomed costs nothing, any other one command. To be called when the
 * handling has come to an end: one that is to be tried again may still be welcomed.
 *
 * @param announced of an add; missing for the consent to archiving
 */
export async function recordUnwelcomed(
  deps: LedgerDeps,
  event: BotEvent,
  announced: Announcement | undefined,
  handling: Handling,
): Promise<void> {
  const { welcomeCode: code } = event.data as { welcomeCode?: string }
  const why =
    code === undefined
      ? withoutCode(event, announced, handling)
      : await withCode(deps, event, announced, handling)
  if (why === undefined) return
  const relation = announced?.relation ?? event.id
  const expireAt = new Date(deps.clock.now() + deps.retentionMs)
  await recordUnused(deps, event, { code, relation, expireAt }, why)
}

/**
 * The same of an event that is given up by an error, so that its handling never came to an end.
 *
 * @throws when the database is away, as whoever stores the event's end would
 */
export async function recordDied(deps: LedgerDeps, event: BotEvent): Promise<void> {
  const isAdd = isEvent(event, name)
  if (!isAdd && !('welcomeCode' in event.data)) return
  const { models } = deps
  const announced = isAdd ? await announce(models, event) : undefined
  const runs = await runsOf(models, event)
  await recordUnwelcomed(deps, event, announced, { passed: [], runs, died: true })
}

/** A confirmation need not bring one: that of the add counts. */
function withoutCode(
  event: BotEvent,
  announced: Announcement | undefined,
  { facts }: Handling,
): Unwelcomed | undefined {
  if (announced?.name !== name) return undefined
  const causes: NonNullable<Welcome['causes']> = []
  // A user of another company's WeCom: by what the platform says, or by the id alone (`path/98728`).
  if (facts?.customer.type === 2 || event.externalUserid?.startsWith('wo')) causes.push('other_company')
  if (announced.again) causes.push('again')
  return { state: 'no_code', causes }
}

async function withCode(
  { live }: Pick<DispatchDeps, 'live'>,
  event: BotEvent,
  announced: Announcement | undefined,
  { passed, runs, settled, left, died }: Handling,
): Promise<Unwelcomed | undefined> {
  if (settled === true) return undefined
  if (announced?.over === true) return { state: 'unused', reason: 'relation_over' }
  const tried = runs.flatMap(run =>
    run.steps.filter(step => step.action === 'welcome.send').map(step => ({ run, step })),
  )
  if (tried.some(({ step }) => isSettled(step))) return undefined
  const ended = tried.map(({ run, step }) => ({ run, reason: reasonOf(run, step) }))
  // Of several the one that says most: what failed was to be sent, a dry run never was.
  for (const reason of ['failed', 'paused', 'skipped', 'dry_run'] as const) {
    const worst = ended.find(one => one.reason === reason)
    if (worst === undefined) continue
    const { handler, revision } = worst.run
    return { state: 'unused', reason, handler, revision }
  }
  if (left !== undefined) return { state: 'unused', ...left }
  if (died === true) return { state: 'unused', reason: 'failed' }
  const over = unwelcoming(event, await live.of(event.corpId), passed)
  const paused = over.find(one => one.stage === 'paused')
  if (paused === undefined) return { state: 'unused', reason: 'no_handler', passed: over }
  const { handler, revision } = paused
  return { state: 'unused', reason: 'paused', handler, revision, passed: over }
}

/** The ledger has what became of the code. */
function isSettled({ state, output, error }: RunStep): boolean {
  if (state === 'failed') return isInLedger(error)
  return state === 'done' && (output as { state?: unknown } | undefined)?.state !== 'no_code'
}

/** The platform has answered with the code's end. */
export function isInLedger(error: unknown): boolean {
  const { code } = (error ?? {}) as { code?: unknown }
  return code === 'welcome_expired' || code === 'welcome_refused'
}

function reasonOf(run: Run, { state, skipped, error }: RunStep): 'failed' | 'paused' | 'skipped' | 'dry_run' {
  if (run.dryRun === true || skipped === 'dry_run' || error?.code === 'handler_dry_run') return 'dry_run'
  if (error?.code === 'handler_paused') return 'paused'
  return state === 'skipped' ? 'skipped' : 'failed'
}

/** Each handler that could have sent a welcome, and why it did not. */
function unwelcoming(event: BotEvent, { handlers, byKey }: HandlerSet, passed: readonly Passed[]): Passed[] {
  const keeps = ({ handler, stage }: Passed): boolean => {
    // What is off or broken is not among the handlers, and may have been meant to welcome.
    if (stage === 'off' || stage === 'broken') return true
    const found = byKey.get(handler)
    return found !== undefined && welcomes(found)
  }
  const over = passed.filter(keeps).slice(0, passedMax)
  const known = new Set(passed.map(one => one.handler))
  for (const handler of handlers) {
    // Reasons that no row keeps are not made: of hundreds of handlers they would cost more than the event.
    if (over.length === passedMax) break
    if (known.has(handler.key) || !welcomes(handler)) continue
    const why = explainMatch(handler, event, name)
    if (why !== undefined) over.push(passedOver(handler, 'match', why))
  }
  return over
}

function welcomes({ trigger, steps }: CompiledHandler): boolean {
  return 'event' in trigger && trigger.event === name && steps.some(step => step.action === 'welcome.send')
}
