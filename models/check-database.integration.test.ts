import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import { checkDatabase } from './check-database.ts'
import type { Database } from './connect.ts'

describe('a database that the server checks', () => {
  let database: Database
  beforeEach(async () => {
    database = await openTestDatabase()
  })
  afterEach(() => database.close())

  const db = () => database.connection.getClient().db(database.connection.name)
  const check = () => checkDatabase(db(), database.models)

  it('is in order, and every collection is told with its documents and indexes', async () => {
    await database.connection.collection('some').insertMany([{ n: 1 }, { n: 2 }])
    await database.connection.collection('some').createIndex({ n: 1 })
    const { collections, missing } = await check()
    expect(missing).toEqual([])
    expect(collections.filter(one => !one.valid)).toEqual([])
    expect(collections).toContainEqual({
      collection: 'some',
      documents: 2,
      indexes: 2,
      valid: true,
      errors: [],
      warnings: [],
    })
    expect(collections.map(one => one.collection)).toEqual(
      (await db().listCollections().toArray()).map(({ name }) => name).sort(),
    )
  })

  it('lacks an index of ours, or has it otherwise', async () => {
    const corps = database.models.corps.collection
    await corps.dropIndexes()
    expect((await check()).missing).toEqual([{ collection: 'corps', key: { corpId: 1 } }])
    await corps.createIndex({ corpId: 1 })
    expect((await check()).missing).toEqual([{ collection: 'corps', key: { corpId: 1 } }])
  })

  it('lacks nothing before Sidekick has begun with it', async () => {
    await database.connection.dropDatabase()
    expect(await check()).toEqual({ collections: [], missing: [] })
  })
})
