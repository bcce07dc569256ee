import { type Document, Long } from 'bson'
import { type Collection, documentRange } from '../catalog.ts'
import { writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { existingIndex, type Index, normaliseIndexSpec, patternText, truthy } from '../index-definition.ts'
import { compileMatch } from '../match.ts'
import { isDocument } from '../values.ts'
import { arrayField, type Call, type Command, collectionName, countField, documentField } from './command.ts'
import { cursorReply } from './query.ts'

const CREATE_REFUSED = [
  'viewOn',
  'timeseries',
  'clusteredIndex',
  'validator',
  'capped',
  'encryptedFields',
] as const

const create: Command = (engine, call) => {
  const name = collectionName(call)
  for (const option of CREATE_REFUSED) {
    const value: unknown = call.body[option]
    if (isDocument(value) ? Object.keys(value).length > 0 : truthy(value)) {
      throw mongoError(72, `collections with '${option}' are not supported by this database`)
    }
  }
  return engine.store.write(() => {
    if (engine.catalog.find(call.db, name)) {
      throw mongoError(48, `Collection ${call.db}.${name} already exists.`)
    }
    engine.catalog.ensure(call.db, name)
    return {}
  })
}

const drop: Command = (engine, call) => {
  const name = collectionName(call)
  return engine.store.write(() => {
    const collection = engine.catalog.find(call.db, name)
    if (!collection) throw mongoError(26, 'ns not found')
    dropCollection(engine, collection)
    return { nIndexesWas: collection.indexes.length, ns: `${call.db}.${name}` }
  })
}

/** Removes a collection and ends what reads from it. To be called inside `store.write`. */
export function dropCollection(engine: Engine, collection: Collection): void {
  engine.cursors.killCollection(collection.id)
  engine.catalog.drop(collection)
}

const dropDatabase: Command = (engine, { db }) =>
  engine.store.write(() => {
    const collections = engine.catalog.list(db)
    for (const collection of collections) dropCollection(engine, collection)
    return collections.length > 0 ? { dropped: db } : {}
  })

const renameCollection: Command = (engine, { body }) => {
  const [from, to] = [body.renameCollection, body.to].map(splitNamespace)
  if (!from || !to) throw mongoError(73, 'Invalid namespace')
  return engine.store.write(() => {
    const source = engine.catalog.find(...from)
    if (!source) throw mongoError(26, `Source collection ${from.join('.')} does not exist`)
    const target = engine.catalog.find(...to)
    if (target && (!truthy(body.dropTarget) || target.id === source.id)) {
      throw mongoError(48, 'target namespace exists')
    }
    if (target) dropCollection(engine, target)
    engine.catalog.rename(source, ...to)
    return {}
  })
}

function splitNamespace(value: unknown): [string, string] | undefined {
  const dot = typeof value === 'string' ? value.indexOf('.') : -1
  return dot > 0 ? [(value as string).slice(0, dot), (value as string).slice(dot + 1)] : undefined
}

const createIndexes: Command = (engine, call) => {
  const name = collectionName(call)
  const specs = (arrayField(call.body, 'indexes') ?? []).map(spec => normaliseIndexSpec(spec as Document))
  if (specs.length === 0) throw mongoError(2, 'Must specify at least one index to create')
  return engine.store.write(() => {
    const created = engine.catalog.find(call.db, name) === undefined
    const numIndexesBefore = engine.catalog.ensure(call.db, name).indexes.length
    for (const spec of specs) {
      const collection = engine.catalog.need(call.db, name)
      if (existingIndex(collection.indexes, spec)) continue
      const index = engine.catalog.addIndex(collection, spec)
      engine.records.build(collection, index)
    }
    const numIndexesAfter = engine.catalog.need(call.db, name).indexes.length
    const note = numIndexesAfter === numIndexesBefore ? { note: 'all indexes already exist' } : {}
    return { numIndexesBefore, numIndexesAfter, createdCollectionAutomatically: created, ...note }
  })
}

const listIndexes: Command = (engine, call) => {
  const name = collectionName(call)
  const collection = engine.catalog.need(call.db, name)
  const specs = collection.indexes.map(index => writeDocument(index.spec))
  const batch = engine.cursors.open(specs.values(), {
    ns: `${call.db}.${name}`,
    batchSize: batchSizeOf(call),
  })
  return cursorReply(batch, `${call.db}.${name}`, 'firstBatch')
}

const dropIndexes: Command = (engine, call) => {
  const name = collectionName(call)
  return engine.store.write(() => {
    const collection = engine.catalog.find(call.db, name)
    if (!collection) throw mongoError(26, `ns not found ${call.db}.${name}`)
    for (const index of indexesToDrop(collection, call.body.index))
      engine.catalog.dropIndex(collection, index)
    return { nIndexesWas: collection.indexes.length }
  })
}

function indexesToDrop(collection: Collection, wanted: unknown): Index[] {
  if (wanted === '*') return collection.indexes.filter(index => !index.primary)
  return (Array.isArray(wanted) ? wanted : [wanted]).map(one => {
    const found = collection.indexes.find(index =>
      isDocument(one) ? patternText(index.spec.key) === patternText(one) : index.name === one,
    )
    if (!found) {
      const text = isDocument(one)
        ? `can't find index with key: ${patternText(one)}`
        : `index not found with name [${one}]`
      throw mongoError(27, text)
    }
    if (found.primary) throw mongoError(72, 'cannot drop _id index')
    return found
  })
}

const listCollections: Command = (engine, call) => {
  const matcher = compileMatch(documentField(call.body, 'filter') ?? {})
  const nameOnly = truthy(call.body.nameOnly)
  const described = engine.catalog
    .list(call.db)
    .map(collection => describeCollection(collection))
    .filter(doc => matcher.test(doc))
    .map(doc => writeDocument(nameOnly ? { name: doc.name, type: doc.type } : doc))
  const ns = `${call.db}.$cmd.listCollections`
  const batch = engine.cursors.open(described.values(), { ns, batchSize: batchSizeOf(call) })
  return cursorReply(batch, ns, 'firstBatch')
}

function describeCollection(collection: Collection): Document {
  return {
    name: collection.name,
    type: 'collection',
    options: collection.options,
    info: { readOnly: false, uuid: collection.uuid },
    idIndex: collection.indexes.find(index => index.primary)?.spec,
  }
}

function batchSizeOf(call: Call): number | undefined {
  const cursor = documentField(call.body, 'cursor')
  return cursor && countField(cursor, 'batchSize')
}

const listDatabases: Command = (engine, { body }) => {
  const matcher = compileMatch(documentField(body, 'filter') ?? {})
  const databases = engine.catalog
    .databases()
    .map((name): Document => ({ name, sizeOnDisk: Long.fromNumber(engine.store.bytes()), empty: false }))
    .filter(doc => matcher.test(doc))
  if (truthy(body.nameOnly)) return { databases: databases.map(({ name }) => ({ name })) }
  return { databases, totalSize: Long.fromNumber(engine.store.bytes()) }
}

const collMod: Command = (engine, call) => {
  const name = collectionName(call)
  const wanted = documentField(call.body, 'index')
  return engine.store.write(() => {
    const collection = engine.catalog.need(call.db, name)
    if (!wanted) return {}
    const index = indexesToDrop(collection, wanted.name ?? wanted.keyPattern)[0] as Index
    const spec = { ...index.spec }
    if (wanted.expireAfterSeconds !== undefined) spec.expireAfterSeconds = wanted.expireAfterSeconds
    if (wanted.hidden !== undefined) spec.hidden = truthy(wanted.hidden)
    engine.catalog.replaceSpec(collection, index, normaliseIndexSpec(spec))
    return {}
  })
}

const collStats: Command = (engine, call) => {
  const name = collectionName(call)
  const collection = engine.catalog.find(call.db, name)
  const count = collection ? engine.catalog.count(collection) : 0
  const size = collection ? sizeOf(engine, collection) : 0
  return {
    ns: `${call.db}.${name}`,
    count,
    size,
    avgObjSize: count > 0 ? Math.round(size / count) : 0,
    storageSize: size,
    nindexes: collection?.indexes.length ?? 0,
    totalSize: size,
    scaleFactor: 1,
  }
}

/** Bytes of a collection's documents, reckoned from the first thousand of them. */
function sizeOf(engine: Engine, collection: Collection): number {
  const sample = engine.store.entries(documentRange(collection), 1000)
  if (sample.length === 0) return 0
  const bytes = sample.reduce((sum, { value }) => sum + value.length, 0)
  return Math.round((bytes / sample.length) * engine.catalog.count(collection))
}

const dbStats: Command = (engine, { db }) => {
  const collections = engine.catalog.list(db)
  const dataSize = collections.reduce((sum, collection) => sum + sizeOf(engine, collection), 0)
  return {
    db,
    collections: collections.length,
    views: 0,
    objects: collections.reduce((sum, collection) => sum + engine.catalog.count(collection), 0),
    dataSize,
    storageSize: engine.store.bytes(),
    indexes: collections.reduce((sum, collection) => sum + collection.indexes.length, 0),
    totalSize: engine.store.bytes(),
    scaleFactor: 1,
  }
}

export const adminCommands: Record<string, Command> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  createIndexes,
  listIndexes,
  dropIndexes,
  listCollections,
  listDatabases,
  collMod,
  collStats,
  collstats: collStats,
  dbStats,
  dbstats: dbStats,
}
