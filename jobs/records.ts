import type { Connection, mongo } from 'mongoose'
import type { JobData, JobName } from './table.ts'

/** A job as Agenda stores it, as far as we look at it. There is one for each name, corp and key. */
export interface StoredJob {
  _id: mongo.ObjectId
  name: string
  data: JobData
  /** Null when nothing is planned. */
  nextRunAt: Date | null
  lastRunAt?: Date | null
  lastFinishedAt?: Date | null
  lockedAt?: Date | null
  /** The worker that holds it, or held it last. */
  lastModifiedBy?: string | null
  failedAt?: Date | null
  failReason?: string | null
  failCount?: number | null
  /** 0 to 100. */
  progress?: number | null
}

export type JobCollection = mongo.Collection<StoredJob>

export const jobCollectionName = 'jobs'

export function jobCollection(connection: Connection): JobCollection {
  return connection.getClient().db(connection.name).collection<StoredJob>(jobCollectionName)
}

/** The order of the index that keeps a job the only one of its kind: who reads all of them reads along it. */
export const identityOrder = { name: 1, 'data.corpId': 1, 'data.key': 1 } as const

/** The index that keeps a job the only one of its kind, and the one that Agenda's look for due jobs walks along. */
export async function createJobIndexes(jobs: JobCollection): Promise<void> {
  await jobs.createIndexes([
    { key: identityOrder, unique: true },
    { key: { name: 1, nextRunAt: 1, priority: -1, lockedAt: 1, disabled: 1 } },
  ])
}

/** What makes a stored job the only one of its kind. */
export function identity(name: JobName, { corpId, key }: JobData) {
  return { name, 'data.corpId': corpId, 'data.key': key ?? null }
}

/**
 * Plans a job that nobody is running; one that runs already is left alone.
 *
 * @param sooner only when it would otherwise run later, or not at all.
 * @returns whether it was; false where it runs, or is due by then anyway.
 */
export async function planJob(
  jobs: JobCollection,
  name: JobName,
  data: JobData,
  runAt: Date,
  sooner: boolean,
): Promise<boolean> {
  const { matchedCount } = await jobs.updateOne(
    {
      ...identity(name, data),
      lockedAt: null,
      ...(sooner && { $or: [{ nextRunAt: null }, { nextRunAt: { $gt: runAt } }] }),
    },
    { $set: { nextRunAt: runAt, data, failCount: 0, failedAt: null, failReason: null } },
  )
  return matchedCount === 1
}

/**
 * A sign of life of a running job.
 *
 * @returns false when the job has passed to another worker.
 */
export async function keepJob(
  jobs: JobCollection,
  id: mongo.ObjectId,
  worker: string,
  at: Date,
  progress: number,
): Promise<boolean> {
  const { matchedCount } = await jobs.updateOne(
    { _id: id, lastModifiedBy: worker, lockedAt: { $ne: null } },
    { $set: { lockedAt: at, progress } },
  )
  return matchedCount === 1
}

/** Gives back the jobs of a worker that died: what it was running is due at once. */
export async function releaseJobsOf(jobs: JobCollection, worker: string, names: JobName[]): Promise<void> {
  const held = { name: { $in: names }, lastModifiedBy: worker, lockedAt: { $ne: null } }
  await jobs.updateMany({ ...held, nextRunAt: null }, { $set: { lockedAt: null, nextRunAt: new Date() } })
  await jobs.updateMany(held, { $set: { lockedAt: null } })
}
