import type { Document } from 'bson'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { readDocument, writeDocument } from './documents.ts'
import { type Engine, openEngine } from './engine.ts'
import { prepareQuery } from './find.ts'
import type { Index } from './index-definition.ts'
import { PREFIX_BYTES, rangeOf } from './keys.ts'
import { compileMatch } from './match.ts'
import { readSort } from './sort.ts'

/** Values that begin alike and are longer than what the key of an index may hold, or just about. */
const long = fc
  .tuple(fc.constantFrom(600, 660, 690, 1360, 1395, 2000), fc.constantFrom('', 'a', 'b'))
  .map(([size, end]) => 'x'.repeat(size) + end)
const scalar = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -2, max: 4 }) },
  { weight: 4, arbitrary: fc.constantFrom<unknown>(null, 'a', 'ab', 'b', true, 1.5, new Date(5)) },
  { weight: 1, arbitrary: long },
)
const value = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ x: scalar, y: scalar }, { requiredKeys: [] }) },
  {
    weight: 1,
    arbitrary: fc.array(fc.record({ x: scalar, y: scalar }, { requiredKeys: [] }), { maxLength: 3 }),
  },
)
const path = fc.constantFrom('a', 'b', 'a.x', 'a.y', 'b.x', 'a.0', '_id')
const condition = fc.oneof(
  scalar,
  fc.record({ $gt: scalar }),
  fc.record({ $gte: scalar, $lt: scalar }),
  fc.record({ $lte: scalar }),
  fc.record({ $in: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ $ne: scalar }),
  fc.record({ $exists: fc.boolean() }),
  fc.record({ $elemMatch: fc.record({ x: scalar, y: scalar }) }),
  fc.constantFrom<Document>({ $regex: '^a' }, { $all: ['a', 'ab'] }, { $not: { $gt: 1 } }),
)
const clause = fc.tuple(path, condition).map(([at, wanted]): Document => ({ [at]: wanted }))
const filter = fc.oneof(
  clause,
  fc.tuple(clause, clause).map(([one, other]): Document => ({ ...one, ...other })),
  fc.array(clause, { minLength: 1, maxLength: 3 }).map((list): Document => ({ $and: list })),
  fc.array(clause, { minLength: 1, maxLength: 3 }).map((list): Document => ({ $or: list })),
)
const direction = fc.constantFrom(1, -1)
const key = fc
  .uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'a.x', 'a.y', 'a.0'), direction), {
    minLength: 1,
    maxLength: 2,
    selector: ([at]) => at,
  })
  .map((fields): Document => Object.fromEntries(fields))
const partial = fc.constantFrom<Document>(
  { a: { $gt: 0 } },
  { a: { $exists: true } },
  { 'a.x': { $exists: true } },
)
const index = fc.oneof(
  fc.record({ key, sparse: fc.boolean() }),
  fc.record({ key, partialFilterExpression: partial }),
)
const sort = fc.option(fc.tuple(path, direction).map(([at, way]): Document => ({ [at]: way })))

/** A collection with these documents and indexes; an index that the documents do not allow is left out. */
async function fill(engine: Engine, documents: readonly Document[], indexes: readonly Document[]) {
  await engine.store.write(() => {
    const old = engine.catalog.find('d', 'c')
    if (old) engine.catalog.drop(old)
    engine.catalog.ensure('d', 'c')
    documents.forEach((doc, _id) => {
      engine.records.insert(engine.catalog.need('d', 'c'), { _id, ...doc })
    })
  })
  for (const [i, spec] of indexes.entries()) {
    const build = engine.store.write(() => {
      const collection = engine.catalog.need('d', 'c')
      engine.records.build(collection, engine.catalog.addIndex(collection, { ...spec, name: `i${i}` }))
    })
    await build.catch((error: { code?: number }) => expect(error.code).toBe(171))
  }
  return engine.catalog.need('d', 'c')
}

it('an index never changes what a query finds, nor its order', async () => {
  const engine = await openEngine(undefined)
  const documents = fc.array(fc.record({ a: value, b: value }, { requiredKeys: [] }), { maxLength: 12 })
  const property = fc.asyncProperty(
    documents,
    fc.array(index, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(filter, sort), { minLength: 5, maxLength: 5 }),
    async (docs, indexes, queries) => {
      const collection = await fill(engine, docs, indexes)
      const stored = docs.map((doc, _id) => readDocument(writeDocument({ _id, ...doc })))
      for (const [wanted, order] of queries) {
        const filter = readDocument(writeDocument(wanted))
        const matcher = compileMatch(filter)
        const expected = stored.filter(doc => matcher.test(doc))
        const { documents, plan } = prepareQuery(engine.store, collection, {
          filter,
          sort: order ?? undefined,
        })
        const found = [...documents()].map(one => one.doc)
        const how = JSON.stringify({ wanted, order, access: plan.access.kind })
        expect(idsOf(found).sort(), how).toEqual(idsOf(expected).sort())
        if (order) {
          const { keysOf, compare } = readSort(order)
          const keys = found.map(keysOf)
          keys.forEach((after, i) => {
            if (i > 0) expect(compare(keys[i - 1] as unknown[], after), how).toBeLessThanOrEqual(0)
          })
        }
      }
    },
  )
  try {
    await fc.assert(property, { numRuns: 400 })
  } finally {
    await engine.store.close()
  }
})

it('after any updates an index holds exactly what the documents say', async () => {
  const engine = await openEngine(undefined)
  let met = 0
  const change = fc.record({ which: fc.nat(7), doc: fc.record({ a: value, b: value }, { requiredKeys: [] }) })
  const property = fc.asyncProperty(
    fc.array(fc.record({ a: value, b: value }, { requiredKeys: [] }), { minLength: 8, maxLength: 8 }),
    index,
    fc.array(change, { maxLength: 10 }),
    async (docs, spec, changes) => {
      const filled = await fill(engine, docs, [spec])
      fc.pre(filled.indexes.length === 2)
      for (const { which, doc } of changes) {
        const update = engine.store.write(() => {
          const collection = engine.catalog.need('d', 'c')
          const query = prepareQuery(engine.store, collection, { filter: { _id: which } })
          for (const found of query.documents()) {
            engine.records.replace(collection, found, {
              ...readDocument(writeDocument(doc)),
              _id: found.doc._id,
            })
          }
        })
        await update.catch((error: { code?: number }) => expect(error.code).toBe(171))
      }
      const collection = engine.catalog.need('d', 'c')
      const entriesOf = ({ indexes }: typeof collection) =>
        engine.store
          .entries(rangeOf(indexes[1] as Index), 1000)
          .map(({ key }) => key.subarray(PREFIX_BYTES).toString('hex'))
      const before = entriesOf(collection)
      met += before.length
      expect(before).toEqual(entriesOf(await fill(engine, allOf(engine, collection), [spec])))
    },
  )
  try {
    await fc.assert(property, { numRuns: 150 })
    expect(met).toBeGreaterThan(0)
  } finally {
    await engine.store.close()
  }
})

function idsOf(documents: readonly Document[]): number[] {
  return documents.map(doc => Number(doc._id))
}

function allOf(engine: Engine, collection: ReturnType<Engine['catalog']['need']>): Document[] {
  return [...prepareQuery(engine.store, collection, { filter: {} }).documents()].map(one => one.doc)
}
