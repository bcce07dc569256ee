import type { Passed } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import type { DispatchDeps } from './deps.ts'
import { reasonOfFault, reasonOfPause } from './passed-over.ts'
import { abandonRun } from './store-run.ts'

/** Why a run that was begun does not go on; as code of an error it is `handler_` and the stage. */
type Left = Pick<Passed, 'stage' | 'why'>

const leftStages = ['off', 'broken', 'paused', 'dry_run'] as const satisfies Passed['stage'][]

/** Why a handler that is wanted is none of those that can run. */
export function absence({ broken, off }: HandlerSet, key: string): Left {
  const fault = broken.find(one => one.key === key)
  if (fault !== undefined) return { stage: 'broken', why: reasonOfFault(fault) }
  const isOff = off.some(one => one.key === key)
  return { stage: 'off', why: isOff ? 'it is switched off' : 'there is no such handler' }
}

/** What keeps a run from going on: all are paused, or its handler has gone, or is to do nothing any more. */
function leftBy(set: HandlerSet, run: Run): Left | undefined {
  if (set.paused !== undefined && run.trigger !== 'command')
    return { stage: 'paused', why: reasonOfPause(set.paused) }
  const handler = set.byKey.get(run.handler)
  if (handler === undefined) return absence(set, run.handler)
  // A run that began as a dry run has nothing to lose.
  if (handler.run.dryRun && run.dryRun !== true) return { stage: 'dry_run', why: 'it is a dry run now' }
  return undefined
}

/** Ends those of the runs that cannot go on, each with the reason, until a replay of its event. */
export async function endLeft(
  deps: Pick<DispatchDeps, 'models' | 'clock'>,
  set: HandlerSet,
  runs: readonly Run[],
): Promise<void> {
  for (const run of runs) {
    const left = leftBy(set, run)
    if (left !== undefined) await abandonRun(deps, run, { code: `handler_${left.stage}`, message: left.why })
  }
}

/** Those that were ended so, now or by an earlier attempt, as handlers that were passed over. */
export function leftOf(runs: readonly Run[]): Passed[] {
  return runs.flatMap(({ handler, revision, steps }): Passed[] => {
    const error = steps.map(step => step.error).findLast(one => one !== undefined)
    const stage = leftStages.find(one => error?.code === `handler_${one}`)
    return stage === undefined ? [] : [{ handler, revision, stage, why: error?.message ?? '' }]
  })
}
