import { randomUUID } from 'node:crypto'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Run, RunStep } from '../../models/run.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { durationMs } from '../handlers/duration.ts'
import type { DispatchDeps } from './deps.ts'
import { redacted } from './redact.ts'
import type { RunRequest } from './run-handler.ts'

/** Another attempt has gone on with a run meanwhile, because this one was taken for dead: what it knows is no longer so. */
export class RunTakenError extends Error {
  readonly code = 'run_taken'
  constructor() {
    super('another process has gone on with the run')
    this.name = 'RunTakenError'
  }
}

/** Stores how far a run is; with an outcome, that it is over. */
export type SaveRun = (state: Run['state']) => Promise<void>

/** A run that has not begun. `startedAt` is the database's time, because cooldowns are counted from it. */
export function newRun(deps: Pick<DispatchDeps, 'retentionMs' | 'clock'>, request: RunRequest): Run {
  const { event, name, handler, when, pair, context } = request
  const { corpId, id, userid, externalUserid } = event
  const now = deps.clock.now()
  // A cooldown is told from it.
  const { cooldown = '0s' } = handler.run
  const keptMs = Math.max(deps.retentionMs, durationMs(cooldown))
  return {
    corpId,
    event: id,
    eventName: name,
    handler: handler.key,
    revision: handler.revision,
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    ...(pair !== undefined && { pair }),
    trigger: request.trigger ?? triggerOf(handler),
    ...(when && { when }),
    ...(handler.run.dryRun && { dryRun: true }),
    ...(context.cause.length > 0 && { cause: [...context.cause] }),
    state: 'running',
    steps: handler.steps.map(step => ({
      ...newStep(step),
      // A welcome is never held back.
      ...(request.cooling && step.action !== 'welcome.send' && { state: 'skipped', skipped: 'cooldown' }),
    })),
    startedAt: new Date(now),
    expireAt: new Date(now + keptMs),
  }
}

export function newStep({ id, action }: Pick<RunStep, 'id' | 'action'>): RunStep {
  return { id, action, state: 'pending', attempts: 0 }
}

/** A step whose end has not come. */
export function isOpen({ state }: Pick<RunStep, 'state'>): boolean {
  return state === 'pending' || state === 'running' || state === 'waiting'
}

function triggerOf({ trigger }: CompiledHandler): NonNullable<Run['trigger']> {
  if ('event' in trigger) return 'event'
  if ('command' in trigger) return 'command'
  if ('message' in trigger) return 'message'
  return 'schedule' in trigger ? 'schedule' : 'manual'
}

/**
 * Stores a run as it is now; what belongs to its beginning is written once.
 *
 * @param holder the attempt that stores it, always the same for one, so that a try whose answer was lost is made again
 * @throws RunTakenError when another attempt has stored it since it was read, or begun it
 */
export async function saveRun(
  { models, clock }: Pick<DispatchDeps, 'models' | 'clock'>,
  run: Run,
  state: Run['state'],
  { holder, handler }: { holder: string; handler?: CompiledHandler },
): Promise<void> {
  const { corpId, event, handler: key, revision, steps, when, gaveUp, holder: before, ...more } = run
  const { finishedAt: _at, state: _state, ...rest } = more
  const ended = state !== 'running'
  const trace = state === 'done' || state === 'failed' ? redacted(run, handler) : { steps, when }
  try {
    await models.runs.updateOne(
      { corpId, event, handler: key, holder: { $in: [before ?? null, holder] } },
      {
        $set: {
          holder,
          ...(trace.when && { when: trace.when }),
          steps: trace.steps,
          revision,
          state,
          ...(gaveUp && { gaveUp }),
          ...(ended && { finishedAt: new Date(clock.now()) }),
        },
        $setOnInsert: rest,
      },
      { upsert: true },
    )
  } catch (error) {
    throw isDuplicateKey(error) ? new RunTakenError() : error
  }
  run.holder = holder
}

/** What earlier attempts at an event have come to. */
export function runsOf(
  models: DispatchDeps['models'],
  { corpId, id }: Pick<BotEvent, 'corpId' | 'id'>,
): Promise<Run[]> {
  return models.runs.find({ corpId, event: id }, { _id: 0 }).lean()
}

/**
 * Ends a run that was to go on, with the reason at each step that is not done. A step that was in flight when a process
 * died may have been.
 *
 * @throws as `saveRun`
 */
export async function abandonRun(
  deps: Pick<DispatchDeps, 'models' | 'clock'>,
  run: Run,
  error: NonNullable<RunStep['error']>,
): Promise<void> {
  if (run.state === 'done' || run.state === 'failed') return
  for (const step of run.steps.filter(isOpen)) {
    if (step.state === 'running') step.uncertain = true
    step.state = 'failed'
    step.error = error
  }
  await saveRun(deps, run, 'failed', { holder: randomUUID() })
  run.state = 'failed'
}

/** Of an add whose relation has ended, or has been followed by a newer one: there is nobody left to do the rest for. */
export const relationOver = {
  code: 'relation_over',
  message: 'the relation ended before the step was done',
}
