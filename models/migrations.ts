import type { Connection } from 'mongoose'
import { isDuplicateKey, releaseLock, takeLock } from './lock.ts'
import type { Models } from './models.ts'
import { isGone, processName } from './process-name.ts'

/** The database cannot be brought to the form that this release works with. */
export class MigrationError extends Error {
  readonly code = 'migration_failed'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MigrationError'
  }
}

export interface Migration {
  /** Ascending from 1, never reused. */
  version: number
  title: string
  run(connection: Connection, models: Models): Promise<void>
}

/** In order. A migration changes documents and drops indexes; indexes are made from the schemas after the last one. */
export const migrations: readonly Migration[] = [
  { version: 1, title: 'first form', run: () => Promise.resolve() },
  { version: 2, title: 'without indexes that nothing uses any more', run: dropFormerIndexes },
]

/** By collection, as they were named. What they served is served by others that begin with the same fields, or gone. */
const formerIndexes = {
  handlers: ['corpId_1_updatedAt_-1'],
  inbox_events: ['state_1_notBefore_1', 'corpId_1_createdAt_-1'],
  trajectories: ['corpId_1_externalUserid_1_at_-1'],
} as const

/** The server's codes for a collection and an index that are not there. */
const notThere: readonly unknown[] = [26, 27]

async function dropFormerIndexes(connection: Connection): Promise<void> {
  for (const [collection, names] of Object.entries(formerIndexes)) {
    for (const name of names) {
      try {
        await connection.collection(collection).dropIndex(name)
      } catch (error) {
        if (!notThere.includes((error as { code?: unknown }).code)) throw error
      }
    }
  }
}

const lockName = 'migrations'
const lockMs = 30_000

/**
 * Brings documents and indexes to this release's form, one process of all instances at a time, before anything listens.
 *
 * @throws MigrationError when the data is newer than this release, or a unique index finds duplicates (it names them).
 */
export async function migrate(connection: Connection, models: Models, list = migrations): Promise<void> {
  const owner = processName()
  while (!(await takeLock(models.locks, lockName, owner, lockMs))) {
    const held = await models.locks.findById(lockName).lean()
    // One that was killed at it gives nothing back by itself.
    if (held !== null && isGone(held.owner)) await releaseLock(models.locks, lockName, held.owner)
    else await new Promise(done => setTimeout(done, 200))
  }
  const renew = setInterval(
    () => void takeLock(models.locks, lockName, owner, lockMs).catch(() => undefined),
    lockMs / 3,
  )
  try {
    const meta = connection.collection<{ _id: string; version: number }>('meta')
    const found = (await meta.findOne({ _id: 'schema' }))?.version ?? 0
    const newest = list.at(-1)?.version ?? 0
    if (found > newest) {
      throw new MigrationError(
        `the database has form ${found}, this release knows ${newest}: use a newer release`,
      )
    }
    for (const migration of list.filter(one => one.version > found)) {
      await migration.run(connection, models)
      await meta.updateOne({ _id: 'schema' }, { $set: { version: migration.version } }, { upsert: true })
    }
    for (const model of Object.values(models)) await createIndexes(model)
  } finally {
    clearInterval(renew)
    await releaseLock(models.locks, lockName, owner)
  }
}

async function createIndexes(model: Models[keyof Models]): Promise<void> {
  const indexes = model.schema.indexes()
  if (indexes.length === 0) return
  try {
    await model.collection.createIndexes(
      indexes.map(([key, options]) => ({ key: key as Record<string, 1 | -1>, ...pick(options) })),
    )
  } catch (error) {
    const why = isDuplicateKey(error) ? 'two documents share a unique key' : 'an index cannot be built'
    throw new MigrationError(`${model.collection.collectionName}: ${why}: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

/** What of a schema's index the server is asked for. */
const indexOptions = ['unique', 'sparse', 'expireAfterSeconds', 'partialFilterExpression'] as const

function pick(options: Partial<Record<(typeof indexOptions)[number], unknown>>): Record<string, unknown> {
  const given = indexOptions.filter(name => options[name] !== undefined)
  return Object.fromEntries(given.map(name => [name, options[name]]))
}
