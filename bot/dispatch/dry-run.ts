import type { Run } from '../../models/run.ts'
import type { DispatchDeps } from './deps.ts'
import { attempt, type RunRequest } from './run-handler.ts'
import { newRun } from './store-run.ts'

/**
 * What a handler would do about an event, whether its trigger, scope and conditions fit or not. Nothing is stored or
 * sent, and nobody is answered; its steps say what they would have done (`RunStep.would`), unabridged.
 */
export async function dryRun(
  deps: Pick<DispatchDeps, 'actions' | 'clock' | 'log' | 'retentionMs'>,
  request: Omit<RunRequest, 'run' | 'cooling' | 'pair'>,
): Promise<Run> {
  const whole = { ...request, run: undefined }
  const run: Run = { ...newRun(deps, whole), dryRun: true }
  await attempt(deps, whole, run, () => Promise.resolve())
  run.finishedAt = new Date(deps.clock.now())
  return run
}
