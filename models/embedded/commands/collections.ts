import { type Document, Long } from 'bson'
import { type Collection, documentRange } from '../catalog.ts'
import { writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { existingIndex, type Index, normaliseIndexSpec, truthy } from '../index-definition.ts'
import { compileMatch } from '../match.ts'
import { isDocument } from '../values.ts'
import { type Command, collectionName, field, needed, refuse } from './command.ts'
import { openCursor } from './query.ts'

const REFUSED = ['viewOn', 'timeseries', 'clusteredIndex', 'validator', 'capped', 'encryptedFields'] as const
/** Documents that the size of a collection is reckoned from. */
const SAMPLE = 100

/** What a listing shows: the items that fit its filter, with `nameOnly` little of them. */
function chosen(body: Document, items: Document[]): Document[] {
  const found = items.filter(compileMatch(field(body, 'filter', isDocument) ?? {}).test)
  return truthy(body.nameOnly) ? found.map(({ name, type }) => ({ name, ...(type && { type }) })) : found
}

function dropAll(engine: Engine, collections: readonly Collection[]): void {
  for (const collection of collections) {
    engine.cursors.killCollection(collection.id)
    engine.catalog.drop(collection)
  }
}

/** The index of a name, unless it is the one over `_id`. Throws MongoError 27 or 72. */
function droppable({ indexes }: Collection, name: unknown): Index {
  const found = indexes.find(index => index.name === name)
  if (!found) throw mongoError(27, `index not found with name [${name}]`)
  if (!found.primary) return found
  throw mongoError(72, 'cannot drop _id index')
}

/** Counts and sizes of a collection or of all of a database; a size is reckoned from the first documents. */
const statistics: Command = (engine, { body, db }) => {
  const name: unknown = body.collStats ?? body.collstats
  const chosen = engine.catalog.list(db).filter(one => name === undefined || one.name === name)
  let [count, size, indexes] = [0, 0, 0]
  for (const one of chosen) {
    const n = engine.catalog.count(one)
    const sample = engine.store.entries(documentRange(one), SAMPLE)
    const bytes = sample.reduce((sum, { value }) => sum + value.length, 0)
    size += Math.round((bytes / Math.max(1, sample.length)) * n)
    count += n
    indexes += one.indexes.length
  }
  const rest = { avgObjSize: Math.round(size / Math.max(1, count)), scaleFactor: 1 }
  const sizes = { size, storageSize: size, totalSize: size }
  if (name !== undefined) return { ns: `${db}.${name}`, count, ...sizes, nindexes: indexes, ...rest }
  const [storageSize, totalSize] = [engine.store.bytes(), engine.store.bytes()]
  const counts = { collections: chosen.length, views: 0, objects: count, indexes }
  return { db, ...counts, dataSize: size, storageSize, totalSize, ...rest }
}

export const collectionCommands: Record<string, Command> = {
  create(engine, call) {
    const name = collectionName(call)
    refuse(call.body, REFUSED)
    return engine.store.write(() => {
      // One that exists has the same options: there are none here.
      engine.catalog.ensure(call.db, name)
      return {}
    })
  },
  drop(engine, call) {
    const name = collectionName(call)
    return engine.store.write(() => {
      const collection = engine.catalog.need(call.db, name)
      dropAll(engine, [collection])
      return { nIndexesWas: collection.indexes.length, ns: `${call.db}.${name}` }
    })
  },
  dropDatabase: (engine, { db }) =>
    engine.store.write(() => {
      const collections = engine.catalog.list(db)
      dropAll(engine, collections)
      return collections.length > 0 ? { dropped: db } : {}
    }),
  listCollections(engine, call) {
    const described = engine.catalog.list(call.db).map(({ name, uuid, indexes }) => {
      const idIndex = indexes.find(index => index.primary)?.spec
      return { name, type: 'collection', options: {}, info: { readOnly: false, uuid }, idIndex }
    })
    const shown = chosen(call.body, described).map(writeDocument)
    return openCursor(engine, call, `${call.db}.$cmd.listCollections`, shown)
  },
  listDatabases(engine, { body }) {
    const totalSize = Long.fromNumber(engine.store.bytes())
    const all = engine.catalog.databases().map(name => ({ name, sizeOnDisk: totalSize, empty: false }))
    return { databases: chosen(body, all), totalSize }
  },
  createIndexes(engine, call) {
    const name = collectionName(call)
    const specs = needed(call.body, 'indexes', Array.isArray).map(normaliseIndexSpec)
    if (specs.length === 0) throw mongoError(2, 'Must specify at least one index to create')
    return engine.store.write(() => {
      const createdCollectionAutomatically = engine.catalog.find(call.db, name) === undefined
      const numIndexesBefore = engine.catalog.ensure(call.db, name).indexes.length
      for (const spec of specs) {
        const collection = engine.catalog.need(call.db, name)
        if (existingIndex(collection.indexes, spec)) continue
        engine.records.build(collection, engine.catalog.addIndex(collection, spec))
      }
      const numIndexesAfter = engine.catalog.need(call.db, name).indexes.length
      const note = numIndexesAfter === numIndexesBefore ? { note: 'all indexes already exist' } : {}
      return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically, ...note }
    })
  },
  listIndexes(engine, call) {
    const { name, indexes } = engine.catalog.need(call.db, collectionName(call))
    const specs = indexes.map(index => writeDocument(index.spec))
    return openCursor(engine, call, `${call.db}.${name}`, specs)
  },
  dropIndexes: (engine, call) =>
    engine.store.write(() => {
      const collection = engine.catalog.need(call.db, collectionName(call))
      const wanted: unknown = call.body.index
      const all = collection.indexes.filter(({ primary }) => !primary)
      const dropped = wanted === '*' ? all : [wanted].flat().map(name => droppable(collection, name))
      for (const index of dropped) engine.catalog.dropIndex(collection, index)
      return { nIndexesWas: collection.indexes.length }
    }),
  collStats: statistics,
  collstats: statistics,
  dbStats: statistics,
  dbstats: statistics,
}
