import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Collection, Decimal128, type Document, Int32, Long, MongoClient, ObjectId } from 'mongodb'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type EmbeddedServer, startEmbedded } from './server.ts'
import { encodeMessage } from './wire.ts'

let folder: string
let server: EmbeddedServer
let client: MongoClient
let things: Collection<Document>

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-'))
  server = await startEmbedded({ dir: join(folder, 'data'), socket: join(folder, 's.sock'), upkeepMs: 50 })
  client = await MongoClient.connect(server.uri, { maxPoolSize: 32 })
})

beforeEach(async () => {
  things = client.db('test').collection('things')
  await client.db('test').dropDatabase()
})

afterAll(async () => {
  await client.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

/** The stages of a plan from the outside in. */
function stagesOf(plan: Document | undefined): string[] {
  return plan ? [plan.stage, ...stagesOf(plan.inputStage)] : []
}

describe('documents', () => {
  it('come back with every number as the type it was stored with', async () => {
    const doc = {
      _id: 1,
      int: new Int32(1),
      long: Long.fromString('9007199254740993'),
      decimal: Decimal128.fromString('1.10'),
    }
    await things.insertOne(doc as unknown as Document)
    await things.updateOne({ _id: 1 } as Document, { $set: { touched: true } })
    const found = await things.findOne({ int: 1 }, { promoteValues: false })
    expect(found).toMatchObject({ int: new Int32(1), long: doc.long, decimal: doc.decimal })
  })

  it('of 16 MB are stored, larger ones refused', async () => {
    await things.insertOne({ text: 'x'.repeat(16 * 1024 * 1024 - 100) })
    expect(await things.countDocuments({ text: { $exists: true } })).toBe(1)
    await expect(things.updateOne({}, { $set: { more: 'x'.repeat(100_000) } })).rejects.toMatchObject({
      code: 10334,
    })
  })

  it('get their _id as the first field', async () => {
    await client.db('test').command({ insert: 'things', documents: [{ a: 1, _id: 5 }, { b: 2 }] })
    const found = await things.find().toArray()
    expect(found.map(doc => Object.keys(doc)[0])).toEqual(['_id', '_id'])
  })
})

describe('unique indexes', () => {
  beforeEach(() => things.createIndex({ email: 1 }, { unique: true }))

  it('refuse a second document in the words of MongoDB', async () => {
    await things.insertOne({ email: 'a@x' })
    await expect(things.insertOne({ email: 'a@x' })).rejects.toMatchObject({
      code: 11000,
      message: 'E11000 duplicate key error collection: test.things index: email_1 dup key: { email: "a@x" }',
      keyPattern: { email: 1 },
      keyValue: { email: 'a@x' },
    })
  })

  it('let one of 64 upserts at once insert, and the others find it', async () => {
    const results = await Promise.all(
      Array.from({ length: 64 }, () =>
        things.updateOne(
          { email: 'a@x' },
          { $inc: { n: 1 }, $setOnInsert: { at: new Date() } },
          { upsert: true },
        ),
      ),
    )
    expect(results.filter(result => result.upsertedCount === 1)).toHaveLength(1)
    expect(await things.find().toArray()).toMatchObject([{ email: 'a@x', n: 64 }])
  })

  it('leave documents and entries as they were when an update would collide', async () => {
    await things.insertMany([{ email: 'a@x' }, { email: 'b@x' }])
    await expect(things.updateOne({ email: 'b@x' }, { $set: { email: 'a@x' } })).rejects.toMatchObject({
      code: 11000,
    })
    expect(await things.countDocuments({ email: 'b@x' })).toBe(1)
    expect(await things.countDocuments({ email: 'a@x' })).toBe(1)
  })

  it('tell apart values that are longer than a key', async () => {
    const long = 'x'.repeat(3000)
    await things.insertMany([{ email: `${long}1` }, { email: `${long}2` }])
    await expect(things.insertOne({ email: `${long}1` })).rejects.toMatchObject({ code: 11000 })
    expect(await things.countDocuments({ email: `${long}2` })).toBe(1)
    expect(await things.countDocuments({ email: { $gt: `${long}1` } })).toBe(1)
  })

  it('cannot be made over duplicates, and leave nothing behind then', async () => {
    await things.insertMany([
      { email: 'a', n: 1 },
      { email: 'b', n: 1 },
    ])
    await expect(things.createIndex({ n: 1 }, { unique: true })).rejects.toMatchObject({ code: 11000 })
    expect((await things.indexes()).map(index => index.name)).toEqual(['_id_', 'email_1'])
    await things.insertOne({ email: 'c', n: 1 })
  })
})

it('an ordered insert stops at the first error, an unordered one goes on', async () => {
  const documents = [{ _id: 1 }, { _id: 1 }, { _id: 2 }] as Document[]
  await expect(things.insertMany(documents)).rejects.toMatchObject({ writeErrors: [{ index: 1 }] })
  expect(await things.countDocuments()).toBe(1)
  await expect(things.insertMany(documents, { ordered: false })).rejects.toMatchObject({
    writeErrors: [{ index: 0 }, { index: 1 }],
  })
  expect(await things.countDocuments()).toBe(2)
})

describe('findOneAndUpdate', () => {
  it('gives each of many claimants another document, in order', async () => {
    await things.insertMany(Array.from({ length: 40 }, (_, n) => ({ n, lockedAt: null })))
    const claims = await Promise.all(
      Array.from({ length: 40 }, () =>
        things.findOneAndUpdate({ lockedAt: null }, { $set: { lockedAt: new Date() } }, { sort: { n: 1 } }),
      ),
    )
    expect(claims.map(doc => doc?.n).sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, n) => n))
  })

  it('tells what an upsert has inserted', async () => {
    const result = await things.findOneAndUpdate(
      { key: 'k' },
      { $set: { a: 1 }, $setOnInsert: { b: 2 } },
      { upsert: true, returnDocument: 'after', includeResultMetadata: true, projection: { _id: 0 } },
    )
    expect(result.value).toEqual({ key: 'k', a: 1, b: 2 })
    expect(result.lastErrorObject).toMatchObject({
      n: 1,
      updatedExisting: false,
      upserted: expect.any(ObjectId),
    })
  })
})

it('an update of many meets no document twice, though it moves them in the index it uses', async () => {
  await things.createIndex({ n: 1 })
  await things.insertMany(Array.from({ length: 2000 }, (_, n) => ({ n })))
  const result = await things.updateMany({ n: { $gte: 0 } }, { $inc: { n: 1500 } })
  expect(result.modifiedCount).toBe(2000)
  const [sum] = await things.aggregate([{ $group: { _id: null, sum: { $sum: '$n' } } }]).toArray()
  expect(sum?.sum).toBe((1999 * 2000) / 2 + 2000 * 1500)
})

describe('cursors', () => {
  it('give all documents in batches, also those of an index', async () => {
    await things.createIndex({ n: -1 })
    await things.insertMany(Array.from({ length: 3000 }, (_, n) => ({ n })))
    const found = await things.find().sort({ n: 1 }).batchSize(70).toArray()
    expect(found.map(doc => doc.n)).toEqual(Array.from({ length: 3000 }, (_, n) => n))
  })

  it('go on while documents they have yet to reach are removed', async () => {
    await things.insertMany(Array.from({ length: 500 }, (_, n) => ({ _id: n })) as Document[])
    const cursor = things.find().batchSize(10)
    expect(await cursor.next()).toMatchObject({ _id: 0 })
    await things.deleteMany({ _id: { $gte: 100 } } as Document)
    expect(await cursor.toArray()).toHaveLength(99)
  })

  it('end when their collection is dropped', async () => {
    await things.insertMany(Array.from({ length: 50 }, () => ({})))
    const cursor = things.find().batchSize(10)
    await cursor.next()
    await things.drop()
    await expect(cursor.toArray()).rejects.toMatchObject({ code: 43 })
  })
})

describe('explain', () => {
  it('shows the index, and that it examined no more than it returned', async () => {
    await things.createIndex({ corp: 1, at: -1 })
    await things.insertMany(Array.from({ length: 300 }, (_, at) => ({ corp: `c${at % 3}`, at })))
    const explained = await things.find({ corp: 'c1' }).sort({ at: -1 }).limit(5).explain('executionStats')
    const plan = explained.queryPlanner.winningPlan
    expect(stagesOf(plan)).toEqual(['FETCH', 'IXSCAN'])
    expect(plan.inputStage.indexName).toBe('corp_1_at_-1')
    expect(explained.executionStats).toMatchObject({
      nReturned: 5,
      totalDocsExamined: 5,
      totalKeysExamined: 5,
    })
  })

  it('shows a collection scan as what it is', async () => {
    await things.insertOne({ a: 1 })
    const explained = await things.find({ a: 1 }).explain('queryPlanner')
    expect(stagesOf(explained.queryPlanner.winningPlan)).toEqual(['COLLSCAN'])
  })

  it('shows what bounds the keys that are read, and the keys of the index', async () => {
    await things.createIndex({ corp: 1, at: -1 }, { unique: true })
    const explained = await things.find({ corp: 'c', at: { $gt: 3 } }).explain('queryPlanner')
    expect(explained.queryPlanner.winningPlan.inputStage).toMatchObject({
      stage: 'IXSCAN',
      indexName: 'corp_1_at_-1',
      keyPattern: { corp: 1, at: -1 },
      isMultiKey: false,
      isUnique: true,
      direction: 'forward',
      indexBounds: { corp: ['["c", "c"]'], at: [expect.stringContaining('3')] },
    })
  })

  describe('tells what a command finds and returns', () => {
    const [forty, some] = [{ n: { $gte: 10 } }, { a: { $lt: 4 } }]
    it.each<[string, Document, string[], number[], number, number]>([
      ['a search', { find: 't', filter: forty }, ['COLLSCAN'], [40, 40], 0, 50],
      ['a search by _id', { find: 't', filter: { _id: 7 } }, ['IDHACK'], [1, 1], 1, 1],
      [
        'one by some _id',
        { find: 't', filter: { _id: { $in: [7, 8, 99] } } },
        ['FETCH', 'IXSCAN'],
        [2, 2],
        3,
        2,
      ],
      [
        'a sort in memory',
        { find: 't', filter: forty, sort: { n: -1 }, skip: 3, limit: 5, projection: { n: 1 } },
        ['SORT', 'COLLSCAN'],
        [40, 5],
        0,
        50,
      ],
      [
        'an order that the index has',
        { find: 't', sort: { a: 1 }, skip: 3, limit: 5 },
        ['FETCH', 'IXSCAN'],
        [8, 5],
        8,
        8,
      ],
      ['a skip beyond the end', { find: 't', filter: some, skip: 30 }, ['FETCH', 'IXSCAN'], [20, 0], 20, 20],
      ['a count', { count: 't', query: some, skip: 5, limit: 9 }, ['FETCH', 'IXSCAN'], [14, 9], 14, 14],
      ['distinct values', { distinct: 't', key: 'n', query: some }, ['FETCH', 'IXSCAN'], [20, 20], 20, 20],
      [
        'an update of all',
        { update: 't', updates: [{ q: some, u: { $set: { n: 0 } }, multi: true }] },
        ['FETCH', 'IXSCAN'],
        [20, 20],
        20,
        20,
      ],
      ['a removal', { delete: 't', deletes: [{ q: forty, limit: 1 }] }, ['COLLSCAN'], [1, 1], 0, 11],
      [
        'findAndModify',
        { findAndModify: 't', query: some, sort: { n: 1 }, remove: true },
        ['SORT', 'FETCH', 'IXSCAN'],
        [20, 1],
        20,
        20,
      ],
      [
        'a pipeline of a search',
        { aggregate: 't', pipeline: [{ $match: some }], cursor: {} },
        ['FETCH', 'IXSCAN'],
        [20, 20],
        20,
        20,
      ],
    ])('%s', async (_what, command, stages, [met, returned], keys, docs) => {
      const t = client.db('test').collection<Document>('t')
      await t.createIndex({ a: 1 })
      await t.insertMany(Array.from({ length: 50 }, (_, n) => ({ _id: n, n, a: n % 10 })) as Document[])
      const before = await t.find().toArray()
      const { executionStats } = await client.db('test').command({ explain: command })
      const { executionStages, nReturned } = executionStats
      const access = executionStages.stage === 'SORT' ? executionStages.inputStage : executionStages
      expect(stagesOf(executionStages)).toEqual(stages)
      expect([access.nReturned, nReturned]).toEqual([met, returned])
      expect(executionStats).toMatchObject({ totalKeysExamined: keys, totalDocsExamined: docs })
      expect(await t.find().toArray()).toEqual(before)
    })
  })

  it('shows the indexes that the branches of an $or are looked up in', async () => {
    await things.createIndex({ a: 1 })
    await things.createIndex({ b: 1 })
    const filter = { $or: [{ a: 1 }, { b: { $in: [1, 2] } }] }
    const { winningPlan } = (await things.find(filter).explain('queryPlanner')).queryPlanner
    expect(stagesOf(winningPlan)).toEqual(['FETCH', 'OR'])
    expect(winningPlan.inputStage.inputStages).toMatchObject([{ indexName: 'a_1' }, { indexName: 'b_1' }])
  })

  it('shows the plan of a pipeline before its stages', async () => {
    await things.createIndex({ a: 1 })
    const explained = await things.aggregate([{ $match: { a: 1 } }, { $group: { _id: '$b' } }]).explain()
    expect(stagesOf(explained.stages[0].$cursor.queryPlanner.winningPlan)).toEqual(['FETCH', 'IXSCAN'])
    expect(explained.stages[1]).toHaveProperty('$group')
  })
})

it('removes what a TTL index has expired, and nothing else', async () => {
  await things.createIndex({ at: 1 }, { expireAfterSeconds: 60 })
  const old = new Date(Date.now() - 61_000)
  await things.insertMany([
    { _id: 'old', at: old },
    { _id: 'oldest of two', at: [new Date(), old] },
    { _id: 'fresh', at: new Date() },
    { _id: 'no date', at: 'yesterday' },
    { _id: 'none' },
  ] as unknown as Document[])
  await expect.poll(() => things.countDocuments()).toBe(3)
  expect((await things.find().toArray()).map(doc => doc._id).sort()).toEqual(['fresh', 'no date', 'none'])
})

describe('pipelines', () => {
  it('replace a collection by $out and keep its indexes', async () => {
    await things.insertMany([
      { t: 'a', n: 1 },
      { t: 'a', n: 2 },
      { t: 'b', n: 3 },
    ])
    const out = client.db('test').collection('out')
    await out.createIndex({ sum: 1 })
    await out.insertOne({ old: true })
    await things.aggregate([{ $group: { _id: '$t', sum: { $sum: '$n' } } }, { $out: 'out' }]).toArray()
    expect(
      await out
        .find({ sum: { $gt: 0 } })
        .sort({ sum: 1 })
        .toArray(),
    ).toEqual([
      { _id: 'a', sum: 3 },
      { _id: 'b', sum: 3 },
    ])
    expect(await out.indexes()).toHaveLength(2)
  })

  it('merge into a collection by $merge', async () => {
    const totals = client.db('test').collection<Document>('totals')
    await totals.insertOne({ _id: 'a', kept: 1, n: 0 } as unknown as Document)
    await things.insertMany([{ t: 'a' }, { t: 'b' }])
    await things
      .aggregate([{ $group: { _id: '$t', n: { $sum: 1 } } }, { $merge: { into: 'totals' } }])
      .toArray()
    expect(await totals.find().toArray()).toEqual([
      { _id: 'a', kept: 1, n: 1 },
      { _id: 'b', n: 1 },
    ])
  })
})

describe('what it has not is refused as MongoDB refuses it', () => {
  it.each<[string, Document, number]>([
    ['an unknown command', { fly: 1 }, 59],
    ['a transaction', { find: 'things', txnNumber: Long.ONE, startTransaction: true, autocommit: false }, 20],
    ['a snapshot read', { find: 'things', readConcern: { level: 'snapshot' } }, 246],
    ['a text index', { createIndexes: 'things', indexes: [{ key: { a: 'text' }, name: 'a' }] }, 67],
    ['a change stream', { aggregate: 'things', pipeline: [{ $changeStream: {} }], cursor: {} }, 40573],
    ['JavaScript', { find: 'things', filter: { $where: 'true' } }, 2],
    ['a majority of two', { insert: 'things', documents: [{}], writeConcern: { w: 2 } }, 2],
    [
      'an index of the same name over other keys',
      { createIndexes: 'things', indexes: [{ key: { b: 1 }, name: '_id_' }] },
      86,
    ],
    ['to list the indexes of no collection', { listIndexes: 'nothing' }, 26],
    ['to drop an index that is not there', { dropIndexes: 'things', index: 'a_1' }, 27],
    ['to drop the index over _id', { dropIndexes: 'things', index: '_id_' }, 72],
    ['a view', { create: 'view', viewOn: 'things', pipeline: [] }, 72],
    ['a tailable cursor', { find: 'things', tailable: true }, 72],
    ['a filter that is no document', { find: 'things', filter: 'all' }, 14],
    ['to skip backwards', { find: 'things', skip: -1 }, 51024],
    ['a collection without a name', { find: 1 }, 73],
    ['a pipeline without a cursor', { aggregate: 'things', pipeline: [] }, 9],
    ['a removal without a filter', { delete: 'things', deletes: [{ limit: 1 }] }, 40414],
    ['a removal of two', { delete: 'things', deletes: [{ q: {}, limit: 2 }] }, 9],
    ['an update in an order', { update: 'things', updates: [{ q: {}, u: {}, sort: { a: 1 } }] }, 40415],
    ['an update to nothing', { update: 'things', updates: [{ q: {}, u: 1 }] }, 9],
    ['a write of nothing', { insert: 'things', documents: [] }, 16],
    ['findAndModify that does nothing', { findAndModify: 'things', query: {} }, 9],
    ['to remove and update', { findAndModify: 'things', query: {}, remove: true, update: {} }, 9],
    ['to show what is new of what is removed', { findAndModify: 'things', remove: true, new: true }, 9],
    ['to explain what searches for nothing', { explain: { constructor: 1 } }, 59],
  ])('%s', async (_what, command, code) => {
    await client.db('test').createCollection('things')
    await expect(client.db('test').command(command)).rejects.toMatchObject({ code })
  })
})

it('gives the distinct values that are there, those in arrays one by one', async () => {
  await things.insertMany([
    { a: [{ b: 2 }, { b: [1, null] }, { c: 1 }, 7] },
    { a: { b: Long.fromNumber(2) } },
    { a: { b: 'x' } },
    { a: [[{ b: 9 }]] },
    {},
  ])
  expect(await things.distinct('a.b')).toEqual([null, 1, 2, 'x'])
  expect(await things.distinct('a.0.b')).toEqual([2, 9])
  expect(await things.distinct('a.b', { c: 1 })).toEqual([])
})

it('counts with and without a filter what a search would find', async () => {
  await things.createIndex({ odd: 1 }, { sparse: true })
  await things.insertMany(Array.from({ length: 30 }, (_, n) => (n % 2 ? { n, odd: true } : { n })))
  const counts = [
    things.countDocuments(),
    things.countDocuments({}, { skip: 25, limit: 10 }),
    things.countDocuments({}, { skip: 40 }),
    things.countDocuments({ n: { $lt: 10 } }, { skip: 2, limit: 5 }),
    things.countDocuments({}, { hint: 'odd_1' }),
    things.estimatedDocumentCount(),
    client.db('test').collection('nothing').countDocuments({}, { hint: 'odd_1' }),
  ]
  expect(await Promise.all(counts)).toEqual([30, 5, 0, 5, 15, 30, 0])
})

it('tells what there is, as much of it as is asked for', async () => {
  const db = client.db('test')
  await things.createIndex({ a: 1 })
  await things.insertMany([{ a: 1 }, { a: 2 }])
  await db.createCollection('others')
  expect(await db.listCollections({ name: /^th/ }, { nameOnly: true }).toArray()).toEqual([
    { name: 'things', type: 'collection' },
  ])
  expect((await db.admin().listDatabases({ nameOnly: true })).databases).toContainEqual({ name: 'test' })
  expect(await db.stats()).toMatchObject({ collections: 2, objects: 2, indexes: 3, db: 'test' })
  expect(await db.command({ drop: 'things' })).toMatchObject({ nIndexesWas: 2, ns: 'test.things' })
  expect(await db.command({ dropDatabase: 1 })).toMatchObject({ dropped: 'test' })
})

it('compares by a collation where one is asked for', async () => {
  await things.createIndex({ name: 1 })
  await things.insertMany([{ name: 'Müller' }, { name: 'müller' }, { name: 'Muller' }])
  const count = (strength: number) =>
    things.find({ name: 'MÜLLER' }, { collation: { locale: 'de', strength } }).toArray()
  expect(await Promise.all([1, 2, 3].map(async strength => (await count(strength)).length))).toEqual([
    3, 2, 0,
  ])
  expect(await things.countDocuments({ name: 'müller' })).toBe(1)
})

it('answers with an error when a reply would be too large to send', async () => {
  const texts = Array.from({ length: 20 }, (_, i) => ({ text: String(i).repeat(1024 * 1024) }))
  await things.insertMany(texts)
  await expect(things.distinct('text')).rejects.toMatchObject({ code: 17217 })
  expect(await client.db('test').command({ ping: 1 })).toEqual({ ok: 1 })
})

it('ends a connection that speaks nonsense, and goes on with the others', async () => {
  const socket = createConnection({ path: join(folder, 's.sock') })
  socket.end(Buffer.alloc(64, 0xff))
  await new Promise(resolve => socket.once('close', resolve).resume())
  expect(await client.db('test').command({ ping: 1 })).toEqual({ ok: 1 })
})

it('ends though a client does not read its replies', async () => {
  const other = await startEmbedded({ socket: join(folder, 'other.sock') })
  const writer = await MongoClient.connect(other.uri)
  await writer
    .db('test')
    .collection('things')
    .insertOne({ text: 'x'.repeat(4 * 1024 * 1024) })
  await writer.close()
  const socket = createConnection({ path: join(folder, 'other.sock') }).pause()
  for (let id = 1; id <= 4; id += 1) {
    socket.write(encodeMessage({ id, legacy: false }, { find: 'things', $db: 'test' }))
  }
  await expect.poll(() => other.clients()).toBe(1)
  await new Promise(resolve => socket.once('readable', resolve))
  await other.close()
  await expect.poll(() => other.clients()).toBe(0)
  socket.destroy()
})
