import type { Run, RunStep } from '../../models/run.ts'
import { type Finding, finding } from './why-codes.ts'
import { wasOver } from './why-event.ts'
import type { Add } from './why-relations.ts'
import type { Trouble } from './why-said.ts'
import { fateOf } from './why-step.ts'

/** The steps that were to welcome, done or not. */
export function welcomeSteps({ runs }: Add): { run: Run; step: RunStep }[] {
  return runs.flatMap(run =>
    run.steps.filter(({ action }) => action === 'welcome.send').map(step => ({ run, step })),
  )
}

/** What the runs say of their welcomes, without those that are done: the ledger tells of them. */
export function stepsSay(add: Add): Finding[] {
  return welcomeSteps(add).flatMap(({ run, step }): Finding[] => {
    const fate = fateOf(run, step)
    const of = { handler: run.handler, step: step.id }
    switch (fate.fate) {
      case 'failed':
        return [ofFailure(run, step, fate.trouble, add)]
      case 'left':
        return [finding('step_failed', 'welcome', { ...of, trouble: fate.trouble })]
      case 'not_reached':
        return [finding('step_not_reached', 'welcome', { ...of, by: fate.by, trouble: fate.trouble })]
      case 'if_false':
        return [finding('step_if_false', 'welcome', { ...of, why: fate.why })]
      case 'stopped':
        return [finding('step_stopped', 'welcome', of)]
      case 'dry_run':
        return [finding('dry_run', 'both', { handler: run.handler })]
      case 'uncertain':
        return [
          finding('uncertain', 'welcome', {
            attempts: step.attempts,
            ...(fate.trouble && { trouble: fate.trouble }),
          }),
        ]
      case 'too_late':
        return [wasOver(add)]
      default:
        return []
    }
  })
}

/** A welcome that was given up. */
function ofFailure({ handler }: Run, { id, attempts }: RunStep, trouble: Trouble, add: Add): Finding {
  // The ledger counts what was tried outside the queue as well.
  const tried = Math.max(attempts, ...add.codes.map(row => row.attempts))
  if (trouble.code === 'wecom_41096') return finding('other_app', 'welcome', { attempts: tried, over: true })
  return unheardCodes.has(trouble.code)
    ? finding('uncertain', 'welcome', { attempts: tried, trouble })
    : finding('step_failed', 'welcome', { handler, step: id, trouble })
}

/** Errors after which nobody knows whether the platform did what it was asked. */
const unheardCodes: ReadonlySet<string> = new Set(['wecom_network_error', 'timed_out'])
