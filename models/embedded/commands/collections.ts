import { type Document, Long } from 'bson'
import type { Collection } from '../catalog.ts'
import { writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { truthy } from '../index-definition.ts'
import { compileMatch } from '../match.ts'
import { isDocument } from '../values.ts'
import { batchSizeOf, type Command, collectionName, documentField } from './command.ts'
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

const listDatabases: Command = (engine, { body }) => {
  const matcher = compileMatch(documentField(body, 'filter') ?? {})
  const databases = engine.catalog
    .databases()
    .map((name): Document => ({ name, sizeOnDisk: Long.fromNumber(engine.store.bytes()), empty: false }))
    .filter(doc => matcher.test(doc))
  if (truthy(body.nameOnly)) return { databases: databases.map(({ name }) => ({ name })) }
  return { databases, totalSize: Long.fromNumber(engine.store.bytes()) }
}

export const collectionCommands: Record<string, Command> = {
  create,
  drop,
  dropDatabase,
  renameCollection,
  listCollections,
  listDatabases,
}
