import type { Models } from '../models/models.ts'
import type { SyncState } from '../models/sync-state.ts'
import { identityOrder, type JobCollection, type StoredJob } from './records.ts'
import { jobDefinition } from './table.ts'

/** A stored job, for people. */
export interface JobInfo {
  id: string
  name: string
  title: string
  /** False for a name that this release doesn't have; such a job never runs. */
  known: boolean
  corpId: string
  key?: string
  state: 'running' | 'planned' | 'failed' | 'idle'
  /** 0 to 100 while it runs. */
  progress?: number
  nextRunAt?: Date
  lastRunAt?: Date
  lastFinishedAt?: Date
  lockedAt?: Date
  /** The worker that runs it. */
  worker?: string
  failReason?: string
  failedAt?: Date
  failCount: number
  /** For syncs: how the present or the last pass stands. */
  sync?: Pick<SyncState, 'state' | 'counts' | 'startedAt' | 'finishedAt' | 'error'>
}

/** All stored jobs, by corp, name and key. */
export async function listJobs(jobs: JobCollection, models: Models): Promise<JobInfo[]> {
  const [stored, states] = await Promise.all([
    jobs.find().sort(identityOrder).toArray(),
    models.syncStates.find().sort({ corpId: 1, what: 1 }).lean(),
  ])
  const corpOf = ({ data }: Partial<StoredJob>): string => data?.corpId ?? ''
  stored.sort((a, b) => Number(corpOf(a) > corpOf(b)) - Number(corpOf(a) < corpOf(b)))
  return stored.map(job => {
    const definition = jobDefinition(job.name)
    const corpId = corpOf(job)
    const sync = states.find(state => state.corpId === corpId && state.what === definition?.sync)
    const running = Boolean(job.lockedAt)
    const state = running ? 'running' : job.failReason ? 'failed' : job.nextRunAt ? 'planned' : 'idle'
    return {
      id: job._id.toHexString(),
      name: job.name,
      title: definition?.title ?? job.name,
      known: definition !== undefined,
      corpId,
      state,
      failCount: job.failCount ?? 0,
      ...(job.data?.key !== undefined && job.data.key !== null && { key: job.data.key }),
      ...(running && job.progress && { progress: job.progress }),
      ...(job.nextRunAt && { nextRunAt: job.nextRunAt }),
      ...(job.lastRunAt && { lastRunAt: job.lastRunAt }),
      ...(job.lastFinishedAt && { lastFinishedAt: job.lastFinishedAt }),
      ...(running && job.lockedAt && { lockedAt: job.lockedAt }),
      ...(running && job.lastModifiedBy && { worker: job.lastModifiedBy }),
      ...(job.failReason && { failReason: job.failReason }),
      ...(job.failedAt && { failedAt: job.failedAt }),
      ...(sync && { sync: pick(sync) }),
    }
  })
}

function pick({ state, counts, startedAt, finishedAt, error }: SyncState): NonNullable<JobInfo['sync']> {
  return {
    state,
    counts,
    ...(startedAt && { startedAt }),
    ...(finishedAt && { finishedAt }),
    ...(error && { error }),
  }
}

/** A job as one line of a table; times in UTC. */
export function jobRow(job: JobInfo): Record<string, unknown> {
  const when = (at: Date | undefined) => at?.toISOString().replace('T', ' ').slice(0, 19)
  return {
    job: job.name,
    corp: job.corpId,
    key: job.key,
    state: job.state === 'running' ? `running ${job.progress ?? 0}%` : job.known ? job.state : 'unknown name',
    next: when(job.nextRunAt),
    last: when(job.lastRunAt),
    result: job.sync?.state,
    seen: job.sync?.counts.seen,
    note: job.failReason ?? job.sync?.error?.message,
  }
}
