import { ZodError } from 'zod'
import type { Run, RunStep } from '../../models/run.ts'
import type { Action, ActionContext, ReplyProgress } from '../actions/define.ts'
import { ActionRefused, AwaitsConfirmation } from '../actions/define.ts'
import { texts } from '../actions/texts.ts'
import { unfitArgument } from '../commands/help.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler, CompiledStep } from '../handlers/compile.ts'
import { evaluate } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import type { CommandTrigger } from '../handlers/schema.ts'
import { mayHaveArrived } from '../wecom/arrival.ts'
import { WecomClosedError, WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'

/** Attempts of a step whose document does not say. */
const attemptsByDefault = 3

/**
 * How a handler's work on an event ended. `again`: a step failed in a way that may pass; `dead`: it did so too often.
 * `waiting`: it goes on when the customer's request is confirmed.
 */
export type RunOutcome = 'done' | 'failed' | 'waiting' | 'again' | 'dead'

export interface RunRequest {
  event: BotEvent
  /** What the event turned out to be. */
  name: string
  handler: CompiledHandler
  facts: Facts
  /** Where an earlier attempt got to. */
  run: Run | undefined
  context: Omit<ActionContext, 'event' | 'facts' | 'handler' | 'revision' | 'key' | 'expireAt' | 'signal'>
}

/**
 * Runs a handler on an event, or goes on with the run after the last step that succeeded. What was done is stored
 * before and after each step that must not happen twice, and at the end: the steps between can be done again.
 */
export async function runHandler(deps: DispatchDeps, request: RunRequest): Promise<RunOutcome> {
  const run = request.run ?? newRun(deps, request)
  if (run.state === 'done') return 'done'
  if (run.state === 'failed') return failureOf(run)
  const waited = run.state === 'waiting'
  // By id, because the handler may have been changed since the run began.
  run.steps = request.handler.steps.map(
    step => run.steps.find(record => record.id === step.id) ?? newStep(step),
  )
  const facts: Facts = { ...request.facts, steps: {} }
  let result: 'done' | 'waiting' = 'done'
  for (const [index, step] of request.handler.steps.entries()) {
    const record = run.steps[index] ?? newStep(step)
    if (record.state === 'pending' || record.state === 'running' || record.state === 'waiting')
      await runStep(deps, request, run, facts, step, record)
    facts.steps[step.id] = { ok: record.state === 'done', output: record.output ?? {} }
    if (record.state === 'pending') {
      await saveRun(deps, run, waited ? 'waiting' : 'running')
      return 'again'
    }
    if (record.state === 'waiting') result = 'waiting'
    if (record.state === 'failed' && step.onError === 'stop') {
      await saveRun(deps, run, 'failed')
      return failureOf(run)
    }
  }
  await saveRun(deps, run, result)
  return result
}

/** Ends a run that was to go on, of an add whose relation is over: there is nobody left to do the rest for. */
export async function abandonRun(deps: DispatchDeps, run: Run): Promise<void> {
  if (run.state === 'done' || run.state === 'failed') return
  for (const step of run.steps) {
    if (step.state !== 'pending' && step.state !== 'running' && step.state !== 'waiting') continue
    step.state = 'failed'
    step.error = { code: 'relation_over', message: 'the relation ended before the step was done' }
  }
  await saveRun(deps, run, 'failed')
}

/** How a run that a step has ended counts for its event, also when somebody looks at it again. */
function failureOf({ gaveUp }: Run): 'failed' | 'dead' {
  return gaveUp === true ? 'dead' : 'failed'
}

function attemptsOf(step: CompiledStep): number {
  return step.retry === undefined ? attemptsByDefault : step.retry.max + 1
}

function newStep(step: CompiledStep): RunStep {
  return { id: step.id, action: step.action, state: 'pending', attempts: 0 }
}

function newRun(deps: DispatchDeps, { event, name, handler }: RunRequest): Run {
  const { corpId, id, userid, externalUserid } = event
  const now = new Date()
  return {
    corpId,
    event: id,
    eventName: name,
    handler: handler.key,
    revision: handler.revision,
    ...(userid !== undefined && { userid }),
    ...(externalUserid !== undefined && { externalUserid }),
    state: 'running',
    steps: [],
    startedAt: now,
    expireAt: new Date(now.getTime() + deps.retentionMs),
  }
}

/** Stores how far the run is; with an outcome, that it is over. */
async function saveRun(deps: DispatchDeps, run: Run, state: Run['state'] = 'running'): Promise<void> {
  const { corpId, event, handler, steps, gaveUp, finishedAt: _finishedAt, state: _state, ...rest } = run
  const finishedAt = state === 'running' ? undefined : new Date()
  await deps.models.runs.updateOne(
    { corpId, event, handler },
    {
      $set: { steps, state, ...(gaveUp && { gaveUp }), ...(finishedAt && { finishedAt }) },
      $setOnInsert: rest,
    },
    { upsert: true },
  )
}

/**
 * Runs one step and writes its outcome into `record`, and into `run` that it was given up with it.
 *
 * @throws WecomClosedError when this process ends in the middle of it: the step stays as it was stored before
 */
async function runStep(
  deps: DispatchDeps,
  request: RunRequest,
  run: Run,
  facts: Facts,
  step: CompiledStep,
  record: RunStep,
): Promise<void> {
  if (step.if !== undefined && !evaluate(step.if, facts).ok) {
    record.state = 'skipped'
    return
  }
  const save = (): Promise<void> => saveRun(deps, run)
  const { event, handler } = request
  const action = deps.actions.get(step.action) as Action
  const context: ActionContext = {
    ...request.context,
    event,
    facts,
    handler: handler.key,
    revision: handler.revision,
    signal: new AbortController().signal,
    key: `${event.id}/${handler.key}/${step.id}`,
    expireAt: new Date(Date.now() + deps.retentionMs),
    reply: content => request.context.reply(content, progressOf(record, save)),
  }
  // It was in flight when a process died: what it does may now happen twice.
  if (record.state === 'running' && !action.idempotent) record.uncertain = true
  record.attempts += 1
  record.startedAt = new Date()
  if (!action.idempotent) {
    record.state = 'running'
    await save()
  }
  const began = performance.now()
  let failure: { error: unknown } | undefined
  try {
    record.output = (await action.run(context, step.with.fill(facts))) ?? {}
    record.state = 'done'
    delete record.error
  } catch (error) {
    // Whether it arrived is unknown: `running` says so to whoever goes on.
    if (error instanceof WecomClosedError) throw error
    failure = { error }
    judge(error, step, record, action.idempotent)
    if (record.state === 'failed' && step.onError === 'stop' && !isFinal(error)) run.gaveUp = true
    logFailure(deps, request, record, error)
  }
  record.ms = Math.round(performance.now() - began)
  if (!action.idempotent) await save()
  // After that, so that an answer which cannot be given does not have the step done again.
  if (failure !== undefined && record.state === 'failed') await answerFailure(deps, request, failure.error)
}

/** Keeps with the step how many parts of its answer are out, so that none is sent again by a later attempt. */
function progressOf(record: RunStep, save: () => Promise<void>): ReplyProgress {
  return {
    parts: record.parts ?? 0,
    async save(parts) {
      record.parts = parts
      await save()
    },
  }
}

/** A refusal is told to whoever asked; everything else is for the operator. */
function logFailure(
  deps: DispatchDeps,
  { event, handler }: RunRequest,
  record: RunStep,
  error: unknown,
): void {
  const expected = error instanceof ActionRefused || error instanceof AwaitsConfirmation
  const about = {
    event: event.id,
    handler: handler.key,
    step: record.id,
    state: record.state,
    code: record.error?.code,
  }
  if (expected) deps.log.info(about, 'a step was refused')
  else deps.log.warn({ ...about, err: error }, 'a step failed')
}

/** What an error means for the step: over, waiting for a confirmation, or worth another attempt. */
function judge(error: unknown, step: CompiledStep, record: RunStep, idempotent: boolean): void {
  const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
  record.error = { code: error instanceof WecomError ? `wecom_${error.errcode}` : String(code), message }
  if (error instanceof AwaitsConfirmation) record.state = 'waiting'
  else if (isFinal(error)) record.state = 'failed'
  else if (!idempotent && mayHaveArrived(error)) {
    // Whether somebody was told is unknown, and nobody shall be told twice.
    record.state = 'failed'
    record.uncertain = true
  } else record.state = record.attempts < attemptsOf(step) ? 'pending' : 'failed'
}

/** Another attempt would end the same. */
export function isFinal(error: unknown): boolean {
  if (error instanceof ActionRefused || error instanceof ZodError) return true
  return error instanceof WecomError && ['config', 'give_up', 'user', 'done'].includes(error.reaction)
}

/** Somebody who typed a command hears why it failed, never silence. */
async function answerFailure(
  deps: DispatchDeps,
  { event, handler, context }: RunRequest,
  error: unknown,
): Promise<void> {
  const { trigger } = handler
  if (!('command' in trigger)) return
  try {
    await context.reply(answerTo(trigger, error))
  } catch (unsaid) {
    if (unsaid instanceof WecomClosedError) throw unsaid
    // The step has ended, and its run says how: what cannot be said of it changes nothing of that.
    const about = { event: event.id, handler: handler.key, err: unsaid }
    deps.log.warn(about, 'whoever typed a command could not be told why it failed')
  }
}

function answerTo(command: CommandTrigger, error: unknown): string {
  if (error instanceof ActionRefused) return error.answer
  if (error instanceof ZodError) return unfitArgument(command, error)
  return error instanceof WecomError ? texts.platformRefused(error.hint) : texts.failed
}
