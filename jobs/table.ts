import { z } from 'zod'
import type { SyncName } from '../models/sync-state.ts'

const ofCorp = z.object({ corpId: z.string().min(1) })

export interface JobDefinition {
  /** For people. */
  readonly title: string
  /** What the stored job carries. `corpId`, and `key` where there is one, make it the only one of its name. */
  readonly data: z.ZodType<JobData>
  /** How many of these one worker runs side by side, for different corps. */
  readonly concurrency: number
  /** Cron expression in the corp's time zone; without one, something else decides when it runs. */
  readonly schedule?: string
  /** Run for each corp whenever a worker starts. */
  readonly atStart?: true
  /** The sync that it runs. */
  readonly sync?: SyncName
}

/** What every stored job has; jobs of one name, corp and key never run at the same time. */
export interface JobData {
  corpId: string
  key?: string | undefined
  /** The moment that the run was meant for. */
  plannedAt?: Date | undefined
}

/** Every job. The names are stored and never change their meaning. */
export const jobTable = {
  'sync.staff': {
    title: '同步部门与成员',
    data: ofCorp,
    concurrency: 2,
    schedule: '5 2 * * *',
    sync: 'staff',
  },
  'sync.tags': {
    title: '同步企业标签',
    data: ofCorp,
    concurrency: 2,
    schedule: '15 2 * * *',
    sync: 'tags',
  },
  'sync.customers': {
    title: '同步客户',
    data: ofCorp,
    concurrency: 2,
    schedule: '25 2 * * *',
    sync: 'customers',
  },
  'push.app': {
    title: '推送应用消息',
    data: z.object({ corpId: z.string().min(1), key: z.string().min(1), plannedAt: z.date() }),
    concurrency: 4,
  },
  'media.refresh': {
    title: '更新素材的临时文件',
    data: ofCorp,
    concurrency: 1,
    schedule: '35 */4 * * *',
    atStart: true,
  },
  // Asked for by whoever finds a gap; the schedule is for a wish that got lost.
  'gap.reconcile': {
    title: '核对回调中断期间的变化',
    data: ofCorp,
    concurrency: 2,
    schedule: '*/10 * * * *',
    atStart: true,
  },
} as const satisfies Record<string, JobDefinition>

export type JobName = keyof typeof jobTable

export const jobNames = Object.keys(jobTable) as JobName[]

/** The row of a stored name, or undefined for a name that this release doesn't have. */
export function jobDefinition(name: string): JobDefinition | undefined {
  return Object.hasOwn(jobTable, name) ? jobTable[name as JobName] : undefined
}

/** The job of a sync. */
export function syncJob(what: SyncName): JobName {
  return `sync.${what}`
}

/**
 * How long a running job keeps its lock without a sign of life, in milliseconds. Workers that died are told apart
 * sooner, by their presence (workers.ts); this is what remains when that cannot be told.
 */
export const lockLifetimeMs = 60_000

/** How often a running job gives a sign of life, in milliseconds. */
export const signOfLifeMs = 10_000

/** How often a worker looks for jobs that are due, in milliseconds. */
export const lookEveryMs = 1_000

/**
 * When a failed job is tried again by itself: milliseconds to wait before the second, third and fourth try. Whoever
 * asks for it in between need not wait.
 */
export const retryDelaysMs = [30_000, 5 * 60_000, 30 * 60_000] as const
