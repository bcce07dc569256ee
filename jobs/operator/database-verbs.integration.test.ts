import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import type { Database } from '../../models/connect.ts'
import { processName } from '../../models/process-name.ts'
import { beat } from '../workers.ts'
import { dbCheck, dbExport, dbImport, dbInfo } from './database-verbs.ts'

let operator: TestOperator
let database: Database
let folder: string
let told: string
beforeEach(async () => {
  database = await openTestDatabase()
  operator = openOperator(database)
  folder = await mkdtemp(join(tmpdir(), 'sidekick-verbs-'))
  told = ''
  vi.spyOn(process.stderr, 'write').mockImplementation(text => {
    told += text
    return true
  })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await operator.close()
  await database.close()
  await rm(folder, { recursive: true })
})

const run: TestOperator['run'] = (...given) => operator.run(...given)
const startWorker = () => beat(database.models.locks, processName())

describe('db info', () => {
  it('tells where the database is, what it runs on, and what is in it', async () => {
    const { data, rows, notes } = await run(dbInfo)
    const { mode, address, connection } = database
    expect(data).toMatchObject({ mode, address, name: connection.name, writable: true })
    expect(rows).toContainEqual({ collection: 'meta', documents: 1 })
    expect(notes).toEqual([
      `${mode} ${address}`,
      expect.stringMatching(/^version \d+\.\d+\.\d+\S*, [\d.]+ [KM]B on disk, writable$/),
    ])
  })
})

describe('db check', () => {
  it('has a row for each collection, and exits with 1 when something is wrong', async () => {
    const { rows, notes, failed } = await run(dbCheck)
    expect(rows).toContainEqual({ collection: 'meta', documents: 1, indexes: 1, result: 'valid' })
    expect(notes?.filter(Boolean)).toEqual([])
    expect(failed).toBe(false)
    await database.models.corps.collection.dropIndexes()
    const after = await run(dbCheck)
    expect(after.notes).toContain('corps: the index {"corpId":1} is missing or has other options')
    expect(after.failed).toBe(true)
  })
})

describe('db export and db import', () => {
  it('tell what they have done, collection by collection', async () => {
    const given = await run(dbExport, { out: folder, collection: 'meta, corps' })
    expect(given).toMatchObject({ failed: false, data: { folder, inexact: [], left: [] } })
    expect(given.rows?.map(row => [row.collection, row.documents])).toEqual([
      ['corps', 0],
      ['meta', 1],
    ])
    expect(await readdir(folder)).toEqual(['corps.jsonl', 'manifest.json', 'meta.jsonl'])
    const taken = await run(dbImport, { folder, replace: true })
    expect(taken.rows).toMatchObject([
      { collection: 'corps', documents: 0, indexes: given.rows?.[0]?.indexes },
      { collection: 'meta', documents: 1, indexes: 1 },
    ])
    expect(taken.notes).toContainEqual(expect.stringMatching(/^left as they were: categories, /))
    expect(told.split('\n')).toEqual([
      'export corps 0',
      'export meta 1',
      'verify corps 0',
      'verify meta 1',
      'import corps 0',
      'import meta 1',
      '',
    ])
  })

  it('exits with 1 when a document will not come back as it is', async () => {
    await database.connection.collection('odd').insertOne({ a: { $numberInt: '1' } })
    const { failed, notes } = await run(dbExport, { out: folder, collection: 'odd' })
    expect(failed).toBe(true)
    expect(notes).toContainEqual(expect.stringMatching(/^odd: document .* will not come back exactly/))
  })

  it('say so, or refuse, while a worker runs', async () => {
    await startWorker()
    const { notes } = await run(dbExport, { out: folder, collection: 'meta' })
    expect(notes).toContainEqual(expect.stringMatching(/^a worker is running/))
    await expect(run(dbImport, { folder, replace: true })).rejects.toThrow('stop Sidekick first')
    expect(await database.connection.collection('meta').countDocuments()).toBe(1)
  })
})
