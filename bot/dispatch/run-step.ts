import type { RunStep } from '../../models/run.ts'
import type { Action, ActionContext, ReplyProgress } from '../actions/define.ts'
import { ActionRefused, AwaitsConfirmation } from '../actions/define.ts'
import type { CompiledStep } from '../handlers/compile.ts'
import { evaluate } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import { fillParams } from '../handlers/fill-params.ts'
import { WecomClosedError } from '../wecom/errors.ts'
import { refuseCut } from './cut-outputs.ts'
import type { Work } from './run-handler.ts'
import { isFinal, judge } from './step-errors.ts'
import { failureAnswer, hearerOf } from './tell-failures.ts'
import { type WireWatch, watchWire } from './wire-watch.ts'

/** What one attempt at a step is made with. */
export interface Attempt {
  facts: Facts
  step: CompiledStep
  record: RunStep
}

/**
 * Makes one attempt at a step and writes its outcome into its record, and into the run that it was given up with it.
 *
 * @throws WecomClosedError when this process ends in the middle of it: the step stays as it was stored before
 */
export async function runStep(work: Work, attempt: Attempt): Promise<void> {
  const { facts, step, record } = attempt
  const action = work.deps.actions.get(step.action) as Action
  const wire = watchWire(work.time.signal)
  let params: unknown
  try {
    refuseCut(step, work.run.steps)
    if (!isWanted(attempt)) return
    params = fillParams(action, step.with, facts)
  } catch (error) {
    record.attempts += 1
    return failed(work, attempt, { action, wire, error })
  }
  await begin(work, record, action)
  const from = performance.now()
  try {
    const context = stepContext(work, attempt, wire)
    record.output = (await work.time.limit(action.run(context, params))) ?? {}
    record.state = 'done'
    delete record.error
  } catch (error) {
    // Whether it arrived is unknown: `running` says so to whoever goes on.
    if (error instanceof WecomClosedError) throw error
    return failed(work, attempt, { action, wire, error })
  } finally {
    record.ms = Math.round(performance.now() - from)
    work.unsaved ||= action.effect !== 'read' || !action.idempotent
  }
}

/** Whether the step's condition holds. It is asked once: what has begun is finished, also where it no longer holds. */
export function isWanted({ facts, step, record }: Attempt): boolean {
  if (step.if === undefined || record.if !== undefined) return true
  record.if = evaluate(step.if, facts)
  if (record.if.ok) return true
  record.state = 'skipped'
  record.skipped = 'if'
  return false
}

/** Stores what earlier steps did, and of a step that must not be done twice that it is under way. */
async function begin(work: Work, record: RunStep, { idempotent }: Action): Promise<void> {
  if (idempotent && work.unsaved) await work.save('running')
  // It was in flight when a process died: what it does may now happen twice.
  if (record.state === 'running' && !idempotent) record.uncertain = true
  record.attempts += 1
  record.startedAt = new Date(work.deps.clock.now())
  if (idempotent) return
  record.state = 'running'
  await work.save('running')
}

/** What the step's action may use. */
export function stepContext(work: Work, { facts, step, record }: Attempt, wire: WireWatch): ActionContext {
  const { request, run, time } = work
  const { event, handler, context } = request
  const progress: ReplyProgress = {
    parts: record.parts ?? 0,
    // Kept with the step, so that no part of its answer is sent again by a later attempt.
    async save(parts) {
      // A step that is left behind says nothing more: how it ended is decided.
      time.signal.throwIfAborted()
      record.parts = parts
      await work.save('running')
      wire.forget()
    },
  }
  return {
    ...context,
    client: wire.through(context.client),
    event,
    facts,
    handler: handler.key,
    revision: handler.revision,
    filledIn: step.with.references.map(one => one.at),
    signal: time.signal,
    // Done from the start again, it makes anew what is made once for each key, such as a start or a notice.
    key: `${event.id}${event.fresh === undefined ? '' : `~${event.fresh}`}/${handler.key}/${step.id}`,
    expireAt: new Date(run.expireAt),
    reply: content => context.reply(content, progress, wire.through),
  }
}

function failed(
  work: Work,
  { step, record }: Attempt,
  { action, wire, error }: { action: Action; wire: WireWatch; error: unknown },
): void {
  judge(error, step, record, { idempotent: action.idempotent, wire })
  if (record.state === 'failed' && step.onError === 'stop' && !isFinal(error)) work.run.gaveUp = true
  logFailure(work, record, error)
  if (record.state !== 'failed' || hearerOf(work.request) === undefined) return
  record.untold = failureAnswer(work.request.handler.trigger, error)
}

/** A refusal is told to whoever asked; everything else is for the operator. */
function logFailure({ deps, request }: Work, record: RunStep, error: unknown): void {
  const expected = error instanceof ActionRefused || error instanceof AwaitsConfirmation
  const about = {
    event: request.event.id,
    handler: request.handler.key,
    step: record.id,
    state: record.state,
    code: record.error?.code,
  }
  if (expected) deps.log.info(about, 'a step was refused')
  else deps.log.warn({ ...about, err: error }, 'a step failed')
}
