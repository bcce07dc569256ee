import { type Collection, documentRange } from '../catalog.ts'
import type { Engine } from '../engine.ts'
import { type Command, collectionName } from './command.ts'

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

export const statisticsCommands: Record<string, Command> = {
  collStats,
  collstats: collStats,
  dbStats,
  dbstats: dbStats,
}
