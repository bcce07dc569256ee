import { randomUUID } from 'node:crypto'
import type { Run, RunStep } from '../../models/run.ts'
import type { ActionContext, ReplyContent, ReplyProgress } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import type { ConditionResult } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import type { AppClient } from '../wecom/client.ts'
import { begunHandler } from './begun-handler.ts'
import { reopenCut } from './cut-outputs.ts'
import type { DispatchDeps } from './deps.ts'
import { holdBack } from './hold-back.ts'
import { rehearseStep } from './rehearse-step.ts'
import { runStep } from './run-step.ts'
import { type RunTime, startRunTime } from './run-time.ts'
import { recordsOf } from './step-records.ts'
import { stopOf } from './stop-of.ts'
import { isOpen, newRun, type SaveRun, saveRun } from './store-run.ts'
import { takeUntold, tellFailures } from './tell-failures.ts'

/**
 * How a handler's work on an event ended. `again`: a step failed in a way that may pass; `dead`: it did so too often.
 * `waiting`: it goes on when the customer's request is confirmed.
 */
export type RunOutcome = 'done' | 'failed' | 'waiting' | 'again' | 'dead'

export interface RunResult {
  outcome: RunOutcome
  run: Run
  /** As it was when the run began. */
  handler: CompiledHandler
}

/** What all steps of an event's handlers may use. */
export interface RunContext
  extends Omit<
    ActionContext,
    | 'event'
    | 'facts'
    | 'handler'
    | 'revision'
    | 'filledIn'
    | 'key'
    | 'expireAt'
    | 'signal'
    | 'reply'
    | 'isAhead'
  > {
  /** As `ActionContext.reply`. @param through what the client of the app that answers is used through */
  reply(
    content: ReplyContent,
    progress?: ReplyProgress,
    through?: (client: AppClient) => AppClient,
  ): Promise<void>
}

export interface RunRequest {
  event: BotEvent
  /** What the event turned out to be. */
  name: string
  handler: CompiledHandler
  facts: Facts
  /** Where an earlier attempt got to. */
  run: Run | undefined
  /** Why the handler's conditions held. */
  when?: ConditionResult
  /** What began it, where that is not what its document says. */
  trigger?: NonNullable<Run['trigger']>
  /** Of whom it is counted how often the handler runs for them, see `Run.pair`. */
  pair?: string
  /** It ran for these two a moment ago: only its welcome is done. */
  cooling?: boolean
  context: RunContext
}

/** An attempt at a run. */
export interface Work {
  deps: Pick<DispatchDeps, 'actions' | 'clock' | 'log'>
  request: RunRequest
  run: Run
  time: RunTime
  save: SaveRun
  /** Something was done since the run was stored. */
  unsaved: boolean
}

/**
 * Runs a handler on an event, or goes on with the run after the last step that succeeded, by the revision with which it
 * began. A run is stored before a step that must not happen twice, after each step that changed something, before the
 * next one begins, and at its end.
 *
 * @throws when it cannot be stored, RunTakenError where another process has gone on with it, and WecomClosedError when
 * this process ends
 */
export async function runHandler(deps: DispatchDeps, request: RunRequest): Promise<RunResult> {
  const run = request.run ?? newRun(deps, request)
  const handler = await begunHandler(deps, request.handler, run)
  if (run.state === 'done') return { outcome: 'done', run, handler }
  if (run.state === 'failed') return { outcome: failureOf(run), run, handler }
  const holder = randomUUID()
  const save: SaveRun = state => saveRun(deps, run, state, { holder, handler })
  const outcome = await attempt(deps, { ...request, handler }, run, save)
  const isOver = outcome !== 'again' && outcome !== 'waiting'
  if (isOver && run.dryRun !== true)
    deps.metrics.runs.inc({
      trigger: run.trigger ?? 'event',
      outcome: outcome === 'done' ? 'done' : 'failed',
    })
  return { outcome, run, handler }
}

/** One attempt at what is left of a run, in the time that the handler has. A dry run answers nobody. */
export async function attempt(
  deps: Work['deps'],
  request: RunRequest,
  run: Run,
  storeAs: SaveRun,
): Promise<RunOutcome> {
  let saving: Promise<void> = Promise.resolve()
  let ended = false
  const time = startRunTime(request.handler.run.timeoutMs)
  const context = run.dryRun ? { ...request.context, reply: () => Promise.resolve() } : request.context
  const work: Work = {
    ...{ deps, request: { ...request, context }, run, time, unsaved: false },
    save(state) {
      if (ended) return Promise.reject(new Error('the attempt at the run has ended'))
      const store = async (): Promise<void> => {
        await storeAs(state)
        run.state = state
        work.unsaved = false
      }
      // One after the other, whatever became of those before: none may write over what is newer.
      saving = saving.then(store, store)
      return saving
    },
  }
  try {
    return await workThrough(work)
  } finally {
    ended = true
    time.end()
  }
}

async function workThrough(work: Work): Promise<RunOutcome> {
  const { request, run } = work
  const { handler } = request
  const waited = run.state === 'waiting'
  const facts: Facts = { ...request.facts, steps: {}, run: runFacts(run) }
  const records = recordsOf(run, handler)
  reopenCut(handler.steps, records)
  run.steps.splice(-records.length, records.length, ...records)
  let begun = false
  for (const [index, step] of handler.steps.entries()) {
    const record = records[index] as RunStep
    const waitsWith = isOpen(record) && holdBack(handler.steps.slice(0, index), records, { step, record })
    if (isOpen(record) && !waitsWith) {
      if (await isPaused(request, run)) return goOnLater(work, waited)
      // What is left has the time of another attempt; a dry run has none.
      if (begun && work.time.signal.aborted && !run.dryRun) return goOnLater(work, waited)
      begun = true
      await (run.dryRun ? rehearseStep : runStep)(work, { facts, step, record })
      if (record.state === 'pending') return goOnLater(work, waited)
    }
    facts.steps[step.id] = factsOf(record)
    if (record.state === 'failed' && step.onError === 'stop') return endWith(work, 'failed')
    if (stopOf([record]) !== undefined) skipFrom(records, index + 1)
  }
  return endWith(work, run.steps.some(record => record.state === 'waiting') ? 'waiting' : 'done')
}

/** Whether all but commands has been paused meanwhile. A dry run does nothing that a pause would hold up. */
async function isPaused({ handler, context }: RunRequest, { dryRun }: Run): Promise<boolean> {
  if (dryRun || 'command' in handler.trigger) return false
  return (await context.live()).paused !== undefined
}

/** Stores how a run ended before it tells of what failed, so that nobody has it done again to be told again. */
async function endWith(work: Work, state: 'done' | 'failed' | 'waiting'): Promise<RunOutcome> {
  const { deps, request, run } = work
  const untold = takeUntold(run.steps)
  await work.save(state)
  await tellFailures(deps, request, { untold, partly: state !== 'failed' && run.steps.some(isDone) })
  return state === 'failed' ? failureOf(run) : state
}

function isDone({ state }: RunStep): boolean {
  return state === 'done'
}

async function goOnLater({ save }: Work, waited: boolean): Promise<RunOutcome> {
  await save(waited ? 'waiting' : 'running')
  return 'again'
}

function skipFrom(records: RunStep[], index: number): void {
  for (const record of records.slice(index).filter(isOpen)) {
    record.state = 'skipped'
    record.skipped = 'stop'
  }
}

/** What later steps see of one. What a dry run left out counts as done. */
function factsOf({ state, skipped, output }: RunStep): Facts['steps'][string] {
  return { ok: state === 'done' || skipped === 'dry_run', output: output ?? {} }
}

function runFacts({ handler, revision, trigger = 'event', dryRun = false, startedAt }: Run): Facts['run'] {
  return { handler, revision, by: trigger, dryRun, startedAt: startedAt.toISOString() }
}

/** How a run that a step has ended counts for its event, also when somebody looks at it again. */
function failureOf({ gaveUp }: Run): 'failed' | 'dead' {
  return gaveUp === true ? 'dead' : 'failed'
}
