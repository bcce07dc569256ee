import { setTimeout as sleep } from 'node:timers/promises'
import type { Models } from '../models/models.ts'
import type { SyncCounts, SyncName } from '../models/sync-state.ts'
import type { Jobs } from './agenda.ts'
import { syncJob } from './table.ts'

export interface SyncProgress {
  /** 0 to 100. */
  percent: number
  seen: number
}

export interface SyncOutcome {
  corpId: string
  what: SyncName
  /** `unattended`: nobody runs jobs; the request stays, and runs when a worker starts. */
  state: 'complete' | 'partial' | 'failed' | 'unattended'
  counts?: SyncCounts
  error?: { code: string; message: string }
}

const lookEveryMs = 300
/** How long no worker may be there, in milliseconds. */
const patienceMs = 5_000

/**
 * Asks for a sync and follows it to its end. One that is running already is followed instead.
 *
 * @throws JobRequestError when it cannot be asked for.
 */
export async function watchSync(
  { jobs, models }: { jobs: Jobs; models: Models },
  { corpId, what }: { corpId: string; what: SyncName },
  tell: (progress: SyncProgress) => void,
): Promise<SyncOutcome> {
  const look = async () => {
    const [list, state] = await Promise.all([jobs.list(), models.syncStates.findOne({ corpId, what }).lean()])
    return { job: list.find(one => one.name === syncJob(what) && one.corpId === corpId), state }
  }
  const before = await look()
  await jobs.enqueue(syncJob(what), { corpId })
  let attendedAt = Date.now()
  for (;;) {
    const { job, state } = await look()
    const ended = state?.finishedAt && state.finishedAt.getTime() !== before.state?.finishedAt?.getTime()
    if (ended && (state.state === 'complete' || state.state === 'partial' || state.state === 'failed')) {
      return {
        corpId,
        what,
        state: state.state,
        counts: state.counts,
        ...(state.error && { error: state.error }),
      }
    }
    // It may fail before its pass begins, as without a secret.
    if (job?.state === 'failed' && job.failedAt?.getTime() !== before.job?.failedAt?.getTime()) {
      return { corpId, what, state: 'failed', error: { code: 'job_failed', message: job.failReason ?? '' } }
    }
    if (job?.state === 'running' || (await jobs.workers()).length > 0) attendedAt = Date.now()
    if (Date.now() - attendedAt > patienceMs) return { corpId, what, state: 'unattended' }
    tell({ percent: job?.progress ?? 0, seen: state?.state === 'running' ? state.counts.seen : 0 })
    await sleep(lookEveryMs)
  }
}
