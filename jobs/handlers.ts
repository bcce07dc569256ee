import type { AppClient } from '../bot/wecom/client.ts'
import type { Clock } from '../models/clock.ts'
import type { Models } from '../models/models.ts'
import type { SyncName } from '../models/sync-state.ts'
import { JobRequestError } from './errors.ts'
import { sendPush } from './pushes/app.ts'
import { runSync } from './syncs/sync.ts'
import { type JobData, type JobName, jobTable } from './table.ts'
import { reconcileGaps } from './upkeep/gaps.ts'
import { refreshMedia } from './upkeep/media.ts'

/** What jobs need of the corps' apps. */
export interface JobApps {
  /** The client of a corp's main app. @throws when the corp is unknown. */
  client(corpId: string): Promise<AppClient>
  corpIds(): Promise<string[]>
}

/** The syncs of a job's corp, which are jobs of their own. */
export interface SyncRequests {
  /** Has one run as soon as a worker looks; false where one is under way, which is left alone, or due already. */
  ask(what: SyncName): Promise<boolean>
  /** Why it has failed since it was asked for; undefined while it has not. */
  failure(what: SyncName): Promise<string | undefined>
}

/** One run of one job. */
export interface JobRun {
  data: JobData
  models: Models
  apps: JobApps
  /** The database's time. */
  clock: Pick<Clock, 'now' | 'earliest'>
  syncs: SyncRequests
  /** Asks the job to stop where it can go on later. */
  signal: AbortSignal
  /** A sign of life with the progress, 0 to 100. @throws JobInterruptedError when the job is another worker's now. */
  report(percent: number): Promise<void>
}

async function sync({ data, models, apps, clock, signal, report }: JobRun, name: JobName): Promise<void> {
  const definition = jobTable[name]
  if (!('sync' in definition)) throw new JobRequestError(`${name} is no sync`)
  const client = await apps.client(data.corpId)
  await runSync({ corpId: data.corpId, what: definition.sync, models, client, clock, signal, report })
}

/** What each job does. */
export const jobHandlers = {
  'sync.staff': sync,
  'sync.tags': sync,
  'sync.customers': sync,
  async 'push.app'({ data, models, apps }) {
    const { corpId, key, plannedAt } = jobTable['push.app'].data.parse(data)
    await sendPush({ models, client: await apps.client(corpId) }, { corpId, key, plannedAt })
  },
  async 'media.refresh'({ data, models, apps, signal, report }) {
    const client = await apps.client(data.corpId)
    await refreshMedia({ models, client, signal, report }, data.corpId)
  },
  async 'gap.reconcile'({ data, models, syncs, signal, report }) {
    await reconcileGaps({ models, ...syncs, signal, report }, data.corpId)
  },
} as const satisfies Record<JobName, (run: JobRun, name: JobName) => Promise<void>>
