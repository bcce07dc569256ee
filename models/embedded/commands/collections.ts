import type { Document } from 'bson'
import type { Collection } from '../catalog.ts'
import { writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { existingIndex, type Index, normaliseIndexSpec, patternText } from '../index-definition.ts'
import { rangeOf } from '../keys.ts'
import { compileMatch } from '../match.ts'
import { isTruthy } from '../match-operators.ts'
import { isDocument } from '../values.ts'
import { type Command, collectionName, field, needed } from './command.ts'
import { openCursor } from './query.ts'

/** What a listing shows: the items that fit its filter, with `nameOnly` little of them. */
function chosen(body: Document, items: Document[]): Document[] {
  const found = items.filter(compileMatch(field(body, 'filter', isDocument) ?? {}).test)
  return isTruthy(body.nameOnly) ? found.map(({ name, type }) => ({ name, ...(type && { type }) })) : found
}

/** Drops collections and then ends what reads from them. Returns how many there were. */
async function dropAll(engine: Engine, find: () => Collection[]): Promise<number> {
  const dropped = await engine.store.write(() => {
    const collections = find()
    collections.forEach(engine.catalog.drop)
    return collections
  })
  for (const { name, db } of dropped) engine.cursors.killAll(`${db}.${name}`)
  return dropped.length
}

/** The index of a name or a key pattern, unless it is the one over `_id`. Throws MongoError 27 or 72. */
function droppable({ indexes }: Collection, wanted: unknown): Index {
  const pattern = isDocument(wanted) ? patternText(wanted) : undefined
  const found = indexes.find(({ name, spec }) =>
    pattern ? patternText(spec.key) === pattern : name === wanted,
  )
  if (!found) throw mongoError(27, `index not found: ${pattern ?? wanted}`)
  if (!found.primary) return found
  throw mongoError(72, 'cannot drop _id index')
}

/** Documents that the size of a collection is reckoned from. */
const SAMPLE = 100

/** Counts and sizes of a collection or of all of a database; a size is reckoned from the first documents. */
const statistics: Command = ({ catalog, store }, { body, db }) => {
  const name: unknown = body.collStats
  const collections = catalog.list(db).filter(one => name === undefined || one.name === name)
  const sizes = collections.map(one => {
    const sample = store.entries(rangeOf(one), SAMPLE)
    const bytes = sample.reduce((sum, { value }) => sum + value.length, 0)
    return Math.round((bytes / Math.max(1, sample.length)) * catalog.count(one))
  })
  const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0)
  const [size, count] = [sum(sizes), sum(collections.map(one => catalog.count(one)))]
  const indexes = sum(collections.map(one => one.indexes.length))
  const all = {
    avgObjSize: Math.round(size / Math.max(1, count)),
    storageSize: store.bytes(),
    scaleFactor: 1,
  }
  if (name !== undefined) return { ns: `${db}.${name}`, count, size, nindexes: indexes, ...all }
  return { db, collections: collections.length, objects: count, dataSize: size, indexes, ...all }
}

export const collectionCommands: Record<string, Command> = {
  create: (engine, call) =>
    engine.store.write(() => {
      // One that exists has the same options: there are none here.
      engine.catalog.ensure(call.db, collectionName(call))
      return {}
    }),
  async drop(engine, call) {
    const collection = engine.catalog.need(call.db, collectionName(call))
    await dropAll(engine, () => [engine.catalog.need(call.db, collection.name)])
    return { nIndexesWas: collection.indexes.length, ns: `${call.db}.${collection.name}` }
  },
  async dropDatabase(engine, { db }) {
    const dropped = await dropAll(engine, () => engine.catalog.list(db))
    return dropped > 0 ? { dropped: db } : {}
  },
  listCollections(engine, call) {
    const described = engine.catalog
      .list(call.db)
      .map(({ name }) => ({ name, type: 'collection', options: {}, info: { readOnly: false } }))
    const shown = chosen(call.body, described).map(writeDocument)
    return openCursor(engine, call, `${call.db}.$cmd.listCollections`, shown)
  },
  listDatabases(engine, { body }) {
    const totalSize = engine.store.bytes()
    const all = engine.catalog.databases().map(name => ({ name, sizeOnDisk: totalSize, empty: false }))
    return { databases: chosen(body, all), totalSize }
  },
  createIndexes(engine, call) {
    const name = collectionName(call)
    const specs = needed(call.body, 'indexes', Array.isArray).map(normaliseIndexSpec)
    if (specs.length === 0) throw mongoError(2, 'Must specify at least one index to create')
    return engine.store.write(() => {
      const numIndexesBefore = engine.catalog.ensure(call.db, name).indexes.length
      for (const spec of specs) {
        const collection = engine.catalog.need(call.db, name)
        if (existingIndex(collection.indexes, spec)) continue
        engine.records.build(collection, engine.catalog.addIndex(collection, spec))
      }
      const numIndexesAfter = engine.catalog.need(call.db, name).indexes.length
      return { numIndexesBefore, numIndexesAfter }
    })
  },
  listIndexes(engine, call) {
    const { name, indexes } = engine.catalog.need(call.db, collectionName(call))
    const specs = indexes.map(index => writeDocument(index.spec))
    return openCursor(engine, call, `${call.db}.${name}`, specs)
  },
  async dropIndexes(engine, call) {
    const collection = engine.catalog.need(call.db, collectionName(call))
    const wanted: unknown = call.body.index
    await engine.store.write(() => {
      const now = engine.catalog.need(call.db, collection.name)
      const all = now.indexes.filter(({ primary }) => !primary)
      const dropped = wanted === '*' ? all : [wanted].flat().map(one => droppable(now, one))
      for (const index of dropped) engine.catalog.dropIndex(now, index)
    })
    // Those that read along the index would end as if there were nothing more.
    engine.cursors.killAll(`${call.db}.${collection.name}`)
    return { nIndexesWas: collection.indexes.length }
  },
  dbStats: statistics,
  collStats: statistics,
}
