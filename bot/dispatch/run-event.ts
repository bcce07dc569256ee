import type { Passed } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { evaluate } from '../handlers/conditions.ts'
import { type HandlerSet, inOrder } from '../handlers/handler-set.ts'
import { answerLine, lineOf } from './answer-line.ts'
import { type Choice, choose, contextOf } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { type EarlyWelcome, welcomeAtOnce } from './express.ts'
import { loadSurroundings } from './load-facts.ts'
import { passedOver, reasonOfFault, reasonOfPause } from './passed-over.ts'
import { recordEvent, recordPast } from './record-customer.ts'
import { announce } from './relation.ts'
import { endPast, type Resumed, resumeWaiting } from './resume.ts'
import type { RunOutcome } from './run-handler.ts'
import { type Ran, type RunsRequest, runInOrder } from './run-in-order.ts'
import { runStart } from './run-start.ts'
import { endLeft, leftOf } from './runs-left.ts'
import { isFinal } from './step-errors.ts'
import { abandonRun, relationOver, runsOf } from './store-run.ts'
import { isInLedger, recordUnwelcomed } from './unwelcomed.ts'

/** How an event's handling ended: everything done, to be tried again, or given up. */
export type EventOutcome = 'done' | 'again' | 'dead'

export interface EventResult {
  outcome: EventOutcome
  /** Handlers that the event might have started. */
  passed: readonly Passed[]
}

/**
 * Which handlers an event's first attempt chose, and passed over; its others go by that, whatever became of conditions and
 * handlers meanwhile. Filled by the first.
 */
export interface Asked {
  chosen?: readonly string[]
  passed?: readonly Passed[]
}

/** Tells the rest of the house, then runs the handlers that the event starts, in their order. */
export async function runEvent(deps: DispatchDeps, event: BotEvent, asked: Asked = {}): Promise<EventResult> {
  if (event.start !== undefined) return runStart(deps, event, event.start)
  const announced = isEvent(event, 'customer.added')
    ? // Where there is a code, the welcome has begun the relation.
      await announce(deps.models, event, { isBegun: 'welcomeCode' in event.data })
    : undefined
  const name = announced?.name ?? event.name
  if (announced?.over === true) {
    await recordPast(deps, event, announced.name)
    const runs = await runsOf(deps.models, event)
    for (const run of runs) await abandonRun(deps, run, relationOver)
    await recordUnwelcomed(deps, event, announced, { passed: [], runs })
    return { outcome: 'done', passed: [] }
  }
  await recordEvent(deps, event, name, announced)
  // What waited for the confirmation of a relation that is over waits for nothing.
  if (
    name === 'customer.lost' ||
    name === 'customer.removed' ||
    (announced?.again && name === 'customer.added')
  )
    await endPast(deps, event)
  await requestSyncs(deps, event)
  // Together, because whoever typed waits for it.
  const [runs, around, set] = await Promise.all([
    runsOf(deps.models, event),
    loadSurroundings(deps, event, name),
    deps.live.of(event.corpId),
  ])
  // One that waits for a confirmation is looked at when that comes.
  await endLeft(
    deps,
    set,
    runs.filter(run => run.state === 'running'),
  )
  const context = contextOf(deps, event, around, set, announced?.relation)
  const runOf = (handler: CompiledHandler): Run | undefined => runs.find(run => run.handler === handler.key)
  const request = { event, name, context, facts: around.facts, runOf }
  const choice =
    asked.chosen === undefined ? choose(set, event, name, around) : chosenBefore(request, set, asked)
  asked.chosen ??= choice.chosen.map(({ handler }) => handler.key)
  asked.passed ??= choice.passed
  const line = lineOf(event)
  let first: Pick<Ran, 'outcomes' | 'passed'> = { outcomes: [], passed: [] }
  if (line !== undefined) {
    // A rule that was begun wanted it, whatever has become of the rule.
    const acts = choice.chosen.some(({ handler }) => !handler.run.dryRun)
    const wanted =
      (set.paused === undefined && acts) || runs.some(run => run.trigger === 'message' && run.dryRun !== true)
    const heldUp = set.paused !== undefined && acts
    const answered = await answerLine(deps, { request, around, set, runs, line, wanted, heldUp })
    if (answered?.exact) return resultOf({ ...answered, passed: [...leftOf(runs), ...answered.passed] })
    // Rules that are tried out, or paused, keep nobody from an answer, and have their trace beside it.
    if (answered !== undefined) first = answered
  }
  let resumed: Resumed = { outcomes: [], passed: [] }
  let early: EarlyWelcome | undefined
  if (name === 'customer.confirmed' || name === 'customer.archive_agreed') {
    // The code that comes with these belongs to the add's welcome, not to a handler of theirs.
    if ('welcomeCode' in event.data) early = await welcomeOrPass(deps, event)
    resumed = await resumeWaiting(deps, event, context, set)
  }
  const { chosen, passed } = unlessPaused(set, runs.length === 0 ? choice : planOf(set, choice, runs))
  const ran = await runInOrder(deps, request, chosen)
  const result = resultOf({
    outcomes: [...first.outcomes, ...resumed.outcomes, ...ran.outcomes],
    passed: onceEach([
      ...leftOf(runs),
      ...first.passed,
      ...resumed.passed,
      ...passed,
      ...ran.passed,
      ...idle(set, name),
    ]),
  })
  // What is tried again may still be welcomed.
  if (result.outcome !== 'again') {
    const welcome = early ?? { passed: result.passed, settled: false }
    const ended = runs.filter(run => !ran.runs.some(one => one.handler === run.handler))
    const all = [...ran.runs, ...ended]
    await recordUnwelcomed(deps, event, announced, { ...welcome, runs: all, facts: around.facts })
  }
  return result
}

/** Each handler as it is named first. */
function onceEach(passed: readonly Passed[]): Passed[] {
  const first = new Map<string, Passed>()
  for (const one of passed) if (!first.has(one.handler)) first.set(one.handler, one)
  return [...first.values()]
}

/** What an earlier attempt chose, as far as it is there and still asks for such an event. */
function chosenBefore(
  { event, name, facts }: Pick<RunsRequest, 'event' | 'name' | 'facts'>,
  set: HandlerSet,
  { chosen = [], passed = [] }: Asked,
): Choice {
  const there = set.triggeredBy(event, name).filter(({ key }) => chosen.includes(key))
  return {
    chosen: there.map(handler => {
      const when = handler.when && evaluate(handler.when, facts)
      return { handler, ...(when?.ok && { when }) }
    }),
    passed: passed.filter(({ stage }) => stage === 'scope' || stage === 'when'),
  }
}

/** Handlers that would be asked whether they want such an event, if they were not switched off or broken. */
function idle(set: HandlerSet, name: string): Passed[] {
  const { off, broken } = set.idleOf(name)
  return [
    ...off.map(one => passedOver(one, 'off', '')),
    ...broken.map(one => passedOver(one, 'broken', reasonOfFault(one))),
  ]
}

/** What was begun is finished, also where its conditions no longer hold. Of a command that is the line's own affair. */
function planOf({ byKey }: HandlerSet, { chosen, passed }: Choice, runs: readonly Run[]): Choice {
  const begun = runs.flatMap(run => (run.trigger === 'command' ? [] : (byKey.get(run.handler) ?? [])))
  const more = begun.filter(handler => !chosen.some(one => one.handler === handler))
  const plan = [...chosen, ...more.map(handler => ({ handler }))].sort((a, b) =>
    inOrder(a.handler, b.handler),
  )
  const planned = new Set(plan.map(({ handler }) => handler.key))
  return { chosen: plan, passed: passed.filter(one => !planned.has(one.handler)) }
}

/** While the corp's handlers are paused none of them runs, or goes on; what they miss can be replayed. */
function unlessPaused({ paused }: Pick<HandlerSet, 'paused'>, choice: Choice): Choice {
  if (paused === undefined) return choice
  const why = reasonOfPause(paused)
  const held = choice.chosen.map(({ handler }) => passedOver(handler, 'paused', why))
  return { chosen: [], passed: [...held, ...choice.passed] }
}

function resultOf({ outcomes, passed }: Pick<Ran, 'outcomes' | 'passed'>): EventResult {
  return { outcome: worst(outcomes), passed }
}

function worst(outcomes: readonly RunOutcome[]): EventOutcome {
  if (outcomes.includes('again')) return 'again'
  return outcomes.includes('dead') ? 'dead' : 'done'
}

/** The ledger has it when a code is of no use any more; the rest of the event does not depend on it. */
async function welcomeOrPass(deps: DispatchDeps, event: BotEvent): Promise<EarlyWelcome> {
  try {
    return await welcomeAtOnce(deps, event)
  } catch (error) {
    if (!isFinal(error)) throw error
    deps.log.info({ event: event.id, code: (error as { code?: unknown }).code }, 'the welcome was refused')
    return { settled: isInLedger(error), passed: [] }
  }
}

/** The platform tells that something changed, not what. */
async function requestSyncs(deps: DispatchDeps, event: BotEvent): Promise<void> {
  if (event.name.startsWith('tag.')) await deps.requestSync(event.corpId, 'tags')
  if (
    event.name === 'app.subscribed' ||
    event.name === 'app.unsubscribed' ||
    event.name.startsWith('directory.')
  ) {
    await deps.requestSync(event.corpId, 'staff')
  }
}
