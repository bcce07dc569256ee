import type { Run, RunStep } from '../../models/run.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { isOpen, newStep } from './store-run.ts'

/** Whether a step of a run is this one: by its id alone it may be another, of a former revision. */
export function isRecordOf(
  { id, action }: Pick<RunStep, 'id' | 'action'>,
  step: Pick<RunStep, 'id' | 'action'>,
): boolean {
  return id === step.id && action === step.action
}

/**
 * What is stored of a handler's steps, in their order; new where nothing is. What was begun of steps that it does not have
 * any more stays in the run, before the others, and is not gone on with.
 */
export function recordsOf(run: Run, handler: CompiledHandler): RunStep[] {
  const records = handler.steps.map(
    step => run.steps.find(record => isRecordOf(record, step)) ?? newStep(step),
  )
  const gone = run.steps.filter(
    one => !records.includes(one) && (one.state !== 'pending' || one.attempts > 0),
  )
  for (const record of gone.filter(isOpen)) {
    record.state = 'failed'
    record.error ??= { code: 'step_gone', message: 'the handler does not have this step any more' }
  }
  run.steps = [...gone, ...records]
  if (run.revision !== handler.revision) run.steps = run.steps.map(step => doneBy(step, run.revision))
  run.revision = handler.revision
  return run.steps.slice(gone.length)
}

/** A step of a run that goes on with another revision: what has ended was done by the one before. */
export function doneBy(step: RunStep, revision: number): RunStep {
  return isOpen(step) ? step : { revision, ...step }
}
