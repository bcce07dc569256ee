import type { Agenda } from 'agenda'
import { isDuplicateKey } from '../models/lock.ts'
import type { Models } from '../models/models.ts'
import { syncNames } from '../models/sync-state.ts'
import { soundTimeZone } from '../models/time-zone.ts'
import { nextOccurrence } from './cron.ts'
import { identity, identityOrder, type JobCollection } from './records.ts'
import { type JobData, type JobName, jobDefinition, jobNames, syncJob } from './table.ts'

export interface ScheduleDeps {
  agenda: Agenda
  models: Models
  jobs: JobCollection
}

/** When a job is due next by its schedule or its push's, in its corp's time zone; undefined when it has none. */
export async function nextRun(
  { agenda, models }: ScheduleDeps,
  name: JobName,
  data: JobData,
): Promise<Date | undefined> {
  const cron =
    name === 'push.app'
      ? (await models.pushes.findOne({ corpId: data.corpId, key: data.key ?? '' }).lean())?.cron
      : jobDefinition(name)?.schedule
  if (cron === undefined) return undefined
  const corp = await models.corps.findOne({ corpId: data.corpId }).lean()
  return nextOccurrence(agenda, cron, soundTimeZone(corp?.timeZone), new Date())
}

/** Makes a job if there is none of its name, corp and key; one that is there stays as it is. */
export async function ensureJob(
  { agenda, jobs }: Omit<ScheduleDeps, 'models'>,
  name: JobName,
  data: JobData,
  runAt: Date,
): Promise<void> {
  const { name: _, ...unique } = identity(name, data)
  if ((await jobs.findOne(identity(name, data), { projection: { _id: 1 } })) !== null) return
  try {
    await agenda.create(name, data).schedule(runAt).unique(unique, { insertOnly: true }).save()
  } catch (error) {
    // Another process made it in this moment.
    if (!isDuplicateKey(error)) throw error
  }
}

/**
 * Brings the stored jobs in line with the corps and pushes that there are: scheduled ones that are missing are made, and
 * those whose corp or push has gone are removed. Jobs whose names this release doesn't have are left alone.
 *
 * @returns the names of those, for the log.
 */
export async function ensureSchedules(deps: ScheduleDeps, corpIds: readonly string[]): Promise<string[]> {
  const { jobs, models } = deps
  const stored = await jobs
    .find({}, { projection: { name: 1, data: 1, nextRunAt: 1, lockedAt: 1 } })
    .sort(identityOrder)
    .toArray()
  const there = new Set(stored.map(({ name, data }) => wordFor(name, data)))
  const pushes = await models.pushes.find({ corpId: { $in: corpIds } }).lean()
  const ensure = async (name: JobName, data: JobData, runAt: Date | undefined): Promise<void> => {
    if (runAt === undefined || there.has(wordFor(name, data))) return
    await ensureJob(deps, name, { ...data, plannedAt: runAt }, runAt)
  }
  for (const corpId of corpIds) {
    for (const name of jobNames) {
      if (jobDefinition(name)?.schedule) await ensure(name, { corpId }, await nextRun(deps, name, { corpId }))
    }
  }
  for (const { corpId, key, at, cron } of pushes) {
    const future = at !== undefined && at > new Date() ? at : undefined
    const data = { corpId, key }
    await ensure('push.app', data, cron === undefined ? future : await nextRun(deps, 'push.app', data))
  }
  const known = new Set(pushes.map(({ corpId, key }) => wordFor('push.app', { corpId, key })))
  for (const { _id, name, data } of stored) {
    if (jobDefinition(name) === undefined) continue
    const gone = name === 'push.app' ? !known.has(wordFor(name, data)) : !corpIds.includes(data.corpId)
    if (gone) await jobs.deleteOne({ _id, lockedAt: null })
  }
  return [...new Set(stored.map(({ name }) => name))].filter(name => jobDefinition(name) === undefined)
}

/** What should run at once when a worker starts: what each start asks for, and syncs that never came to an end. */
export async function dueAtStart(models: Models, corpIds: readonly string[]): Promise<[JobName, JobData][]> {
  const due: [JobName, JobData][] = []
  for (const corpId of corpIds) {
    for (const what of syncNames) {
      const state = await models.syncStates.findOne({ corpId, what }).lean()
      const ended = state?.state === 'complete' || state?.state === 'partial'
      if (!ended) due.push([syncJob(what), { corpId }])
    }
    for (const name of jobNames) {
      if (jobDefinition(name)?.atStart) due.push([name, { corpId }])
    }
  }
  return due
}

function wordFor(name: string, data: JobData | undefined): string {
  return JSON.stringify([name, data?.corpId, data?.key ?? null])
}
