import type { RunStep } from '../../models/run.ts'

/**
 * Whether a `stop` step has ended a run, and with it the event. By what is stored, so that a later look at a run comes
 * to the same answer.
 */
export function stopOf(
  steps: readonly Pick<RunStep, 'action' | 'state' | 'output'>[],
): 'run' | 'event' | undefined {
  const stop = steps.find(step => step.action === 'stop' && step.state === 'done')
  if (stop === undefined) return undefined
  return (stop.output as { all?: unknown } | undefined)?.all === true ? 'event' : 'run'
}
