import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from './connect.ts'
import { takeLock } from './lock.ts'
import { type Migration, MigrationError, migrate, migrations } from './migrations.ts'
import { processName } from './process-name.ts'

describe('a database that is brought to the form of this release', () => {
  let database: Database
  let ran: number[]
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    ran = []
    await meta().updateOne({ _id: 'schema' }, { $set: { version: from } })
  })

  const from = migrations.length
  const meta = () => database.connection.collection<{ _id: string; version: number }>('meta')
  const version = async () => (await meta().findOne({ _id: 'schema' }))?.version
  const step = (number: number): Migration => ({
    version: number,
    title: `step ${number}`,
    run: async () => void ran.push(number),
  })
  const bring = (list: readonly Migration[]) => migrate(database.connection, database.models, list)
  const newer = [...migrations, step(from + 1), step(from + 2)]

  it('says so, and keeps nobody waiting', async () => {
    expect(await version()).toBe(migrations.at(-1)?.version)
    expect(await database.models.locks.countDocuments()).toBe(0)
  })

  it('has every index that the schemas name', async () => {
    for (const model of Object.values(database.models)) {
      const wanted = (model.schema.indexes() as [object, object][]).map(([key]) => JSON.stringify(key))
      if (wanted.length === 0) continue
      const found = ((await model.collection.indexes()) as { key: object }[]).map(({ key }) =>
        JSON.stringify(key),
      )
      expect(found).toEqual(expect.arrayContaining(wanted))
    }
  })

  it('loses the indexes that former releases made and nothing uses any more', async () => {
    const { handlers, inbox, trajectories } = database.models
    const former = [
      { collection: handlers.collection, key: { corpId: 1, updatedAt: -1 } },
      { collection: inbox.collection, key: { state: 1, notBefore: 1 } },
      { collection: inbox.collection, key: { corpId: 1, createdAt: -1 } },
      { collection: trajectories.collection, key: { corpId: 1, externalUserid: 1, at: -1 } },
    ] as const
    const left = async () => {
      const found = former.map(async ({ collection, key }) => {
        const keys = (await collection.indexes()).map(one => JSON.stringify(one.key))
        return keys.includes(JSON.stringify(key))
      })
      return (await Promise.all(found)).filter(Boolean).length
    }
    for (const { collection, key } of former) await collection.createIndex(key)
    expect(await left()).toBe(4)
    await meta().updateOne({ _id: 'schema' }, { $set: { version: 1 } })
    await bring(migrations)
    expect(await left()).toBe(0)
  })

  it('goes through what is newer, in order and once', async () => {
    await bring(newer)
    await bring(newer)
    expect(ran).toEqual([from + 1, from + 2])
    expect(await version()).toBe(from + 2)
  })

  it('is changed by one of several instances that start at once', async () => {
    await Promise.all([bring(newer), bring(newer), bring(newer)])
    expect(ran).toEqual([from + 1, from + 2])
  })

  it('goes on at the step that failed', async () => {
    const failing = { ...step(from + 2), run: () => Promise.reject(new Error('disk full')) }
    await expect(bring([...migrations, step(from + 1), failing])).rejects.toThrow('disk full')
    expect(await version()).toBe(from + 1)
    await bring(newer)
    expect(ran).toEqual([from + 1, from + 2])
  })

  it('is refused by a release that is older than its data, and left as it is', async () => {
    await bring(newer)
    await expect(bring(migrations)).rejects.toThrow(
      new MigrationError(
        `the database has form ${from + 2}, this release knows ${from}: use a newer release`,
      ),
    )
    expect(await version()).toBe(from + 2)
    expect(await database.models.locks.countDocuments()).toBe(0)
  })

  it('is refused where two documents share a unique key, which is named', async () => {
    const { tags } = database.models
    await tags.collection.dropIndexes()
    await tags.collection.insertMany([
      { corpId: 'ww1', tagId: 'same' },
      { corpId: 'ww1', tagId: 'same' },
    ])
    await expect(bring(migrations)).rejects.toThrow(
      expect.objectContaining({
        code: 'migration_failed',
        message: expect.stringMatching(/^tags: two documents share a unique key: .*same/s),
      }),
    )
    await tags.deleteMany({})
  })

  it('waits for another instance that is at it, and takes over when that one died', async () => {
    // Its time begins between the question and the answer, which may take long.
    const until = Date.now() + 500
    await takeLock(database.models.locks, 'migrations', 'elsewhere', 500)
    await bring(newer)
    expect(Date.now()).toBeGreaterThanOrEqual(until)
    expect(ran).toEqual([from + 1, from + 2])
  })

  it.runIf(process.platform === 'linux')(
    'does not wait for one of this machine that was killed at it',
    async () => {
      const [host, , space] = processName().split(':')
      const { pid } = spawnSync(process.execPath, ['--version'])
      const dayMs = 24 * 60 * 60 * 1000
      await takeLock(database.models.locks, 'migrations', `${host}:${pid}:${space}:killed`, dayMs)
      await bring(newer)
      expect(ran).toEqual([from + 1, from + 2])
    },
  )
})
