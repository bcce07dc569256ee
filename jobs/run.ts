import type { Job } from 'agenda'
import { mongo } from 'mongoose'
import type { Clock } from '../models/clock.ts'
import type { Models } from '../models/models.ts'
import { JobInterruptedError, JobRequestError, mayPass } from './errors.ts'
import { type JobApps, jobHandlers, type SyncRequests } from './handlers.ts'
import { type JobCollection, keepJob } from './records.ts'
import { type JobData, type JobName, jobTable, lockLifetimeMs, retryDelaysMs, signOfLifeMs } from './table.ts'

export interface RunDeps {
  models: Models
  apps: JobApps
  clock: Pick<Clock, 'now' | 'earliest'>
  jobs: JobCollection
  worker: string
  /** Aborted when the worker stops. */
  stopping: AbortSignal
  syncsOf(corpId: string): SyncRequests
  /** When the job is due again by its schedule; undefined for one that ran for once. */
  next(name: JobName, data: JobData): Promise<Date | undefined>
}

/**
 * Runs one job that Agenda has locked for us, with signs of life while it runs, and decides what becomes of it: due
 * again by its schedule, tried again after a failure, due at once where it was interrupted, or removed once done.
 *
 * @throws what the job failed with, for Agenda to record.
 */
export async function runJob(job: Job<JobData>, deps: RunDeps): Promise<void> {
  const { jobs, worker, stopping } = deps
  const name = job.attrs.name as JobName
  const { attrs } = job
  const id = new mongo.ObjectId(String(attrs._id))
  const passedOn = new AbortController()
  const signal = AbortSignal.any([stopping, passedOn.signal])
  let progress = 0
  let lastSign = Date.now()

  const sign = async (): Promise<void> => {
    const at = new Date()
    if (!(await keepJob(jobs, id, worker, at, progress))) {
      passedOn.abort(new JobInterruptedError(`${name} of ${attrs.data.corpId} has passed to another worker`))
      return
    }
    lastSign = at.getTime()
    // Agenda gives a job up whose lock looks old to it.
    attrs.lockedAt = at
    attrs.progress = progress
  }
  // A database that is away for a moment costs nothing: the lock outlives several signs.
  const signs = setInterval(() => void sign().catch(() => undefined), signOfLifeMs)

  try {
    const parsed = jobTable[name].data.safeParse(attrs.data)
    if (!parsed.success) throw new JobRequestError(`the stored job is malformed: ${parsed.error.message}`)
    await jobHandlers[name](
      {
        data: parsed.data,
        models: deps.models,
        apps: deps.apps,
        clock: deps.clock,
        syncs: deps.syncsOf(parsed.data.corpId),
        signal,
        async report(percent) {
          progress = percent
          if (Date.now() - lastSign >= signOfLifeMs / 2) await sign()
          passedOn.signal.throwIfAborted()
          if (Date.now() - lastSign > lockLifetimeMs)
            throw new JobInterruptedError(`${name} was not kept alive`)
        },
      },
      name,
    )
    await settle()
  } catch (error) {
    if (passedOn.signal.aborted) {
      // The record is the other worker's now. Without its id Agenda cannot write what has become of this run.
      delete attrs._id
      return
    }
    if (error instanceof JobInterruptedError || stopping.aborted) {
      attrs.nextRunAt = new Date()
      return
    }
    await settle(error)
    throw error
  } finally {
    clearInterval(signs)
  }

  async function settle(error?: unknown): Promise<void> {
    const scheduled = await deps.next(name, attrs.data)
    const delay = error !== undefined && mayPass(error) ? retryDelaysMs[attrs.failCount ?? 0] : undefined
    const retryAt = delay === undefined ? undefined : new Date(Date.now() + delay)
    if (retryAt !== undefined && (scheduled === undefined || retryAt < scheduled)) {
      attrs.nextRunAt = retryAt
      return
    }
    if (scheduled !== undefined) {
      await jobs.updateOne({ _id: id, lastModifiedBy: worker }, { $set: { 'data.plannedAt': scheduled } })
      attrs.nextRunAt = scheduled
    } else if (error === undefined) {
      // Finished jobs that stay slow down every look for the next one.
      await jobs.deleteOne({ _id: id, lastModifiedBy: worker })
      delete attrs._id
    }
    if (error === undefined) {
      delete attrs.failReason
      delete attrs.failedAt
      delete attrs.progress
    }
  }
}
