import { MongoJobRepository } from '@agendajs/mongo-backend'
import { Agenda, type AgendaBackend } from 'agenda'
import type { Connection } from 'mongoose'
import type { Clock } from '../models/clock.ts'
import type { Models } from '../models/models.ts'
import { processName } from '../models/process-name.ts'
import { nextOccurrence } from './cron.ts'
import { JobRequestError, storedError } from './errors.ts'
import type { JobApps } from './handlers.ts'
import { type JobInfo, listJobs } from './list.ts'
import { type PushRequest, storePush } from './pushes/plan.ts'
import {
  createJobIndexes,
  identity,
  type JobCollection,
  jobCollection,
  jobCollectionName,
  planJob,
  releaseJobsOf,
} from './records.ts'
import { runJob } from './run.ts'
import { dueAtStart, ensureJob, ensureSchedules, nextRun } from './schedules.ts'
import {
  type JobData,
  type JobName,
  jobDefinition,
  jobNames,
  lockLifetimeMs,
  lookEveryMs,
  syncJob,
} from './table.ts'
import { beat, beatMs, leave, listWorkers } from './workers.ts'

export interface JobLogEntry {
  level: 'info' | 'warn' | 'error'
  message: string
  job?: string
  corpId?: string
  error?: { code: string; message: string }
}

export type JobsOptions = {
  connection: Connection
  models: Models
  log: (entry: JobLogEntry) => void
  /** A worker runs jobs; any other process only asks for them. */
} & (({ worker: true } & WorkerParts) | ({ worker: false } & Partial<WorkerParts>))

interface WorkerParts {
  apps: JobApps
  clock: Pick<Clock, 'now' | 'earliest'>
}

export interface Jobs {
  /** For a worker: makes the scheduled jobs, and runs what is due until `stop`. Otherwise without effect. */
  start(): Promise<void>
  /**
   * Asks running jobs to stop where they can go on, waits up to 10 s for them, and gives back the rest.
   */
  stop(): Promise<void>
  /**
   * Has a job run as soon as a worker looks, or by `plannedAt`. One that is running already is left alone: it is the
   * one that was asked for.
   *
   * @returns the job's id.
   * @throws JobRequestError when the data is not what the job needs.
   */
  enqueue(name: JobName, data: JobData): Promise<string>
  /** Stores a push and plans it; see pushes/plan.ts. @throws JobRequestError */
  push(corpId: string, request: PushRequest): Promise<{ id: string; runAt: Date }>
  list(): Promise<JobInfo[]>
  /** Names of the workers that are there. */
  workers(): Promise<string[]>
}

const drainMs = 10_000
/** Every this many beats a worker looks for corps and pushes that have come or gone. */
const beatsPerSchedule = 15

/** The jobs of all corps, on the connection's database. Nothing is read or written before the first call. */
export function createJobs(options: JobsOptions): Jobs {
  const { connection, models, log } = options
  const stopping = new AbortController()
  let opened: Promise<OpenAgenda> | undefined
  let timer: NodeJS.Timeout | undefined
  let beating: Promise<void> = Promise.resolve()

  const open = () => {
    opened ??= openAgenda(connection).catch(error => {
      opened = undefined
      throw error
    })
    return opened
  }

  const releaseDead = async (jobs: JobCollection): Promise<void> => {
    for (const dead of (await listWorkers(models.locks)).dead) {
      await releaseJobsOf(jobs, dead, jobNames)
      await leave(models.locks, dead)
      log({ level: 'warn', message: `worker ${dead} has died; its jobs were given back` })
    }
  }

  const plan = async (name: JobName, data: JobData, exact = false) => {
    const definition = jobDefinition(name)
    const runAt = data.plannedAt ?? new Date()
    const parsed = definition?.data.safeParse({ ...data, plannedAt: runAt })
    if (!parsed?.success)
      throw new JobRequestError(`${name} cannot be run: ${parsed?.error.message ?? 'unknown'}`)
    const { agenda, jobs } = await open()
    await releaseDead(jobs)
    const whole = { ...parsed.data, plannedAt: runAt }
    await ensureJob({ agenda, jobs }, name, whole, runAt)
    const planned = await planJob(jobs, name, whole, runAt, !exact)
    const job = await jobs.findOne(identity(name, data), { projection: { _id: 1 } })
    if (job === null)
      throw new JobRequestError(`${name} of ${data.corpId} was removed in this moment; ask again`)
    return { id: job._id.toHexString(), planned }
  }

  const start = async ({ apps, clock }: WorkerParts): Promise<void> => {
    const { agenda, jobs, worker } = await open()
    const schedule = { agenda, models, jobs }
    defineJobs(agenda, log, {
      models,
      apps,
      clock,
      jobs,
      worker,
      stopping: stopping.signal,
      syncsOf: corpId => ({
        ask: async what => (await plan(syncJob(what), { corpId })).planned,
        async failure(what) {
          const job = await jobs.findOne(identity(syncJob(what), { corpId }), {
            projection: { failReason: 1 },
          })
          return job?.failReason ?? undefined
        },
      }),
      next: (name, data) => nextRun(schedule, name, data),
    })
    await beat(models.locks, worker)
    await releaseDead(jobs)
    const corpIds = await apps.corpIds()
    for (const name of await ensureSchedules(schedule, corpIds)) {
      log({
        level: 'warn',
        message: `a stored job is named ${name}, which this release doesn't have`,
        job: name,
      })
    }
    for (const [name, data] of await dueAtStart(models, corpIds)) await plan(name, data)
    await agenda.start()
    let beats = 0
    const tick = async (): Promise<void> => {
      await beat(models.locks, worker)
      await releaseDead(jobs)
      beats += 1
      if (beats % beatsPerSchedule === 0) await ensureSchedules(schedule, await apps.corpIds())
    }
    timer = setInterval(() => {
      beating = beating.then(tick).catch(error => {
        log({
          level: 'warn',
          message: 'the worker could not say that it is there',
          error: storedError(error),
        })
      })
    }, beatMs)
  }

  return {
    async start() {
      if (options.worker && timer === undefined) await start(options)
    },
    async stop() {
      stopping.abort()
      clearInterval(timer)
      await beating
      if (opened === undefined || !options.worker) return
      const { agenda, jobs, worker } = await opened
      const { timedOut } = await agenda.drain({ timeout: drainMs, closeConnection: false })
      // Those that still run keep their locks; they are given back when this worker is found dead.
      if (timedOut) return
      await releaseJobsOf(jobs, worker, jobNames)
      await leave(models.locks, worker)
    },
    enqueue: async (name, data) => (await plan(name, data)).id,
    async push(corpId, request) {
      const { agenda } = await open()
      const next = (cron: string, zone: string, after: Date) => nextOccurrence(agenda, cron, zone, after)
      const { push, runAt } = await storePush(models, corpId, request, next)
      const { id } = await plan('push.app', { corpId, key: push.key, plannedAt: runAt }, true)
      return { id, runAt }
    },
    list: () => listJobs(jobCollection(connection), models),
    workers: async () => (await listWorkers(models.locks)).alive,
  }
}

interface OpenAgenda {
  agenda: Agenda
  jobs: JobCollection
  /** The name of this process among those that take jobs. */
  worker: string
}

/** Agenda on the connection's own driver. It looks for due jobs once started, and does nothing before. */
async function openAgenda(connection: Connection): Promise<OpenAgenda> {
  const worker = processName()
  const jobs = jobCollection(connection)
  await createJobIndexes(jobs)
  const mongo = connection.getClient().db(connection.name)
  // The whole backend of the package would keep a log collection of its own beside the jobs.
  const repository = new MongoJobRepository({
    mongo,
    db: { collection: jobCollectionName },
    ensureIndex: false,
  })
  const backend: AgendaBackend = {
    name: 'MongoDB',
    repository,
    ownsConnection: false,
    connect: () => repository.connect(),
    disconnect: () => repository.disconnect(),
  }
  const agenda = new Agenda({
    backend,
    name: worker,
    processEvery: lookEveryMs,
    defaultLockLifetime: lockLifetimeMs,
  })
  await agenda.ready
  return { agenda, jobs, worker }
}

function defineJobs(agenda: Agenda, log: JobsOptions['log'], deps: Parameters<typeof runJob>[1]): void {
  for (const name of jobNames) {
    const { concurrency = 1 } = jobDefinition(name) ?? {}
    // A worker locks no more jobs than it runs, so that the others get the rest.
    const limits = { concurrency, lockLimit: concurrency, lockLifetime: lockLifetimeMs }
    agenda.define<JobData>(name, job => runJob(job, deps), limits)
  }
  agenda.on('fail', (error, job) => {
    const { name, data } = job.attrs
    const { corpId } = data as JobData
    log({ level: 'error', message: `${name} failed`, job: name, corpId, error: storedError(error) })
  })
  agenda.on('error', (error: Error) => {
    log({ level: 'error', message: 'the jobs met an error', error: storedError(error) })
  })
}
