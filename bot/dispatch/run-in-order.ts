import { isDatabaseAway } from '../../models/database-away.ts'
import type { Passed } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { texts } from '../actions/texts.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { WecomClosedError } from '../wecom/errors.ts'
import type { Chosen } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { type Hold, holdOf, pairOf } from './hold.ts'
import { passedOver, reasonOfPause } from './passed-over.ts'
import { type RunOutcome, type RunRequest, type RunResult, runHandler } from './run-handler.ts'
import { stopOf } from './stop-of.ts'
import { RunTakenError } from './store-run.ts'

/** What the handlers of an event have come to. */
export interface Ran {
  outcomes: RunOutcome[]
  /** Those that exist now, also of earlier attempts. */
  runs: Run[]
  passed: Passed[]
}

/** What they have in common. */
export interface RunsRequest extends Pick<RunRequest, 'event' | 'name' | 'facts' | 'context' | 'trigger'> {
  runOf(handler: CompiledHandler): Run | undefined
}

/**
 * Runs handlers on an event, one after the other, each unless it is held, all are paused by then, or an earlier one stops
 * the event. One that throws keeps none of the others from being run.
 *
 * @throws what one of them threw, such as that its run cannot be stored, when all have had their turn; at once when the
 * database is away or this process ends
 */
export async function runInOrder(
  deps: DispatchDeps,
  request: RunsRequest,
  plan: readonly Chosen[],
): Promise<Ran> {
  const ran: Ran = { outcomes: [], runs: [], passed: [] }
  let thrown: { error: unknown } | undefined
  let stoppedBy: string | undefined
  let silent: Held | undefined
  for (const one of plan) {
    const { handler } = one
    // What was begun is finished.
    if (stoppedBy !== undefined && request.runOf(handler) === undefined) {
      ran.passed.push(passedOver(handler, 'after', `stopped by ${stoppedBy}`))
      continue
    }
    try {
      const { paused } = await request.context.live()
      if (paused !== undefined) {
        ran.passed.push(passedOver(handler, 'paused', reasonOfPause(paused)))
        continue
      }
      const result = await runUnlessHeld(deps, request, one)
      if ('hold' in result) {
        ran.passed.push(passedOver(handler, result.hold.stage, result.hold.why))
        if (isAnswered(result)) silent ??= result
        continue
      }
      ran.outcomes.push(result.outcome)
      ran.runs.push(result.run)
      if (stopsEvent(result)) stoppedBy = handler.key
    } catch (error) {
      if (isEndOfAll(error)) throw error
      thrown ??= { error }
      deps.log.error({ err: error, event: request.event.id, handler: handler.key }, 'a handler threw')
    }
  }
  if (thrown !== undefined) throw thrown.error
  if (silent !== undefined && ran.runs.length === 0)
    await tellHeld(deps, request, silent, silent.handler.title)
  return ran
}

/** A handler that does not run now. */
interface Held {
  handler: CompiledHandler
  hold: Hold
}

/** Whoever writes something expects that it is heard, as with a command. */
function isAnswered({ handler: { trigger, run }, hold }: Held): boolean {
  return 'message' in trigger && hold.stage === 'cooldown' && !run.dryRun
}

/** Says when a handler may run again. @param called as whoever wrote knows it */
export async function tellHeld(
  { clock }: DispatchDeps,
  { context }: Pick<RunsRequest, 'context'>,
  { hold }: Held,
  called: string,
): Promise<void> {
  const seconds = ((hold.until?.getTime() ?? 0) - clock.now()) / 1000
  await context.reply(texts.coolingDown(called, seconds))
}

/** Runs a handler, or goes on with its run, unless it is held. */
export async function runUnlessHeld(
  deps: DispatchDeps,
  { runOf, ...request }: RunsRequest,
  { handler, when }: Chosen,
): Promise<RunResult | Held> {
  const run = runOf(handler)
  const pair = pairOf(handler, request.event, request.name)
  // What was begun is finished.
  const hold =
    pair === undefined || run !== undefined ? undefined : await holdOf(deps, { ...request, handler, pair })
  const cooling = hold?.stage === 'cooldown' && handler.steps.some(step => step.action === 'welcome.send')
  if (hold !== undefined && !cooling) return { handler, hold }
  return runHandler(deps, {
    ...{ ...request, handler, run },
    ...(when && { when }),
    ...(pair !== undefined && { pair }),
    ...(cooling && { cooling }),
  })
}

/** A dry run stops nothing. */
function stopsEvent({ handler: { after }, outcome, run }: RunResult): boolean {
  if (run.dryRun) return false
  if (stopOf(run.steps) === 'event') return true
  return after === 'stop' && (outcome === 'done' || outcome === 'waiting' || outcome === 'again')
}

/** The next handler would come to the same. */
function isEndOfAll(error: unknown): boolean {
  return error instanceof WecomClosedError || error instanceof RunTakenError || isDatabaseAway(error)
}
