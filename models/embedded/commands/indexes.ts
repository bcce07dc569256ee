import type { Document } from 'bson'
import type { Collection } from '../catalog.ts'
import { writeDocument } from '../documents.ts'
import { mongoError } from '../errors.ts'
import { existingIndex, type Index, normaliseIndexSpec, patternText, truthy } from '../index-definition.ts'
import { isDocument } from '../values.ts'
import { arrayField, batchSizeOf, type Command, collectionName, documentField } from './command.ts'
import { cursorReply } from './query.ts'

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

const collMod: Command = (engine, call) => {
  const name = collectionName(call)
  const wanted = documentField(call.body, 'index')
  const refused = ['validator', 'validationLevel', 'validationAction', 'viewOn'].find(
    option => option in call.body,
  )
  if (refused) throw mongoError(72, `'${refused}' is not supported by this database`)
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

export const indexCommands: Record<string, Command> = { createIndexes, listIndexes, dropIndexes, collMod }
