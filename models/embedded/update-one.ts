import type { Document } from 'bson'
import { type Collection, readable } from './catalog.ts'
import { withId, writeDocument } from './documents.ts'
import type { Engine } from './engine.ts'
import { mongoError } from './errors.ts'
import { lazyDocument, type PreparedQuery, prepareQuery, type Query } from './find.ts'
import { documentKey, type Stored } from './records.ts'
import { compileUpdate, type UpdateOptions, upsertSeed } from './update.ts'

/** One change to make: a statement of `update`, or the update of a `findAndModify`. Its `limit` is 1, or 0 for all. */
export interface Change extends Query, UpdateOptions {
  readonly db: string
  readonly name: string
  readonly update: Document | Document[]
  readonly upsert: boolean
}

/** What a change has done: `before` and `after` are the first document's BSON, `upsertedId` is there after an upsert. */
export interface Changed {
  readonly matched: number
  readonly modified: number
  readonly upsertedId?: unknown
  readonly before?: Uint8Array
  readonly after?: Uint8Array
}

/**
 * Finds and changes documents, or inserts one by upsert. To be called inside `store.write`, where nothing can come
 * between the search and the change. Throws MongoError for whatever is wrong with filter, update or result.
 */
export function changeDocuments(engine: Engine, change: Change): Changed {
  const { db, name, filter, limit } = change
  const updater = compileUpdate(change.update, change)
  if (change.upsert && '$expr' in filter)
    throw mongoError(224, '$expr is not allowed in the filter of an upsert')
  // An update compares without the collation, which would change what these find.
  const compares =
    change.arrayFilters || ['$pull', '$pullAll', '$addToSet'].some(name => name in change.update)
  if (change.collation && compares)
    throw mongoError(2, 'this update with a collation is not supported by this database')
  if (limit !== 1 && updater.kind === 'replace')
    throw mongoError(9, 'A replacement is for one document, not for multi')
  const collection = readable(engine.catalog, db, name)
  const query = prepareQuery(engine.store, collection, change)
  let done: Changed = { matched: 0, modified: 0 }
  for (const found of targets(engine, collection, query)) {
    const { doc, bytes, modified } = updater.apply(found.doc, {
      insert: false,
      bytes: found.bytes,
      get position() {
        return query.position(found.doc)
      },
    })
    if (modified) engine.records.replace(engine.catalog.need(db, name), found, doc, bytes)
    const counts = { matched: done.matched + 1, modified: done.modified + Number(modified) }
    done = { before: found.bytes, after: bytes, ...done, ...counts }
  }
  if (done.matched > 0 || !change.upsert) return done
  const doc = withId(updater.apply(upsertSeed(filter), { insert: true }).doc)
  const after = writeDocument(doc)
  return { ...done, after, upsertedId: engine.records.insert(engine.catalog.ensure(db, name), doc, after) }
}

/**
 * What a query finds, found before the first of it is changed, so that none is met again where the change has put it.
 * Only the first is held; the others are read again when their turn comes.
 */
export function* targets(engine: Engine, collection: Collection, query: PreparedQuery): Generator<Stored> {
  let first: Stored | undefined
  const keys: Buffer[] = []
  for (const found of query.documents()) {
    if (first === undefined) first = found
    else keys.push(found.idKey)
  }
  if (first !== undefined) yield first
  for (const idKey of keys) {
    const bytes = engine.store.get(documentKey(collection, idKey))
    if (bytes) yield lazyDocument(idKey, bytes)
  }
}
