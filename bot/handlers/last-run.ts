import type { Models } from '../../models/models.ts'
import type { Run } from '../../models/run.ts'

/** How a run ended, as far as it says whether its handler is at fault. */
export type LastRun = Pick<Run, 'startedAt' | 'state' | 'trigger' | 'gaveUp'>

/** The last run of a handler. */
export function lastRunOf(models: Models, corpId: string, handler: string): Promise<LastRun | null> {
  return models.runs
    .findOne({ corpId, handler }, { _id: 0, startedAt: 1, state: 1, trigger: 1, gaveUp: 1 })
    .sort({ startedAt: -1 })
    .lean()
}

/** What was refused to whoever typed a command, who was told why, is no fault of the handler. */
export function isRefusal({ state, trigger, gaveUp }: LastRun): boolean {
  return state === 'failed' && trigger === 'command' && gaveUp !== true
}

/** Those of the handlers, by key, whose last run failed. */
export async function failedLast(
  models: Models,
  corpId: string,
  keys: readonly string[],
): Promise<ReadonlySet<string>> {
  const failed = await Promise.all(
    keys.map(async key => {
      const run = await lastRunOf(models, corpId, key)
      return run?.state === 'failed' && !isRefusal(run) ? [key] : []
    }),
  )
  return new Set(failed.flat())
}
