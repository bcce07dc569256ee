import type { Document } from 'bson'
import { type Collection, readable } from './catalog.ts'
import { readDocument, withId, writeDocument } from './documents.ts'
import type { Engine } from './engine.ts'
import { mongoError } from './errors.ts'
import { documentKey, type Stored } from './records.ts'
import { scan } from './scan.ts'
import { prepareSearch, type SearchRequest } from './search.ts'
import { compileUpdate } from './update.ts'
import { upsertSeed } from './upsert.ts'

/** One change to make: a statement of `update`, or the update of a `findAndModify`. */
export interface Change extends SearchRequest {
  readonly db: string
  readonly name: string
  readonly update: Document | Document[]
  readonly multi: boolean
  readonly upsert: boolean
  readonly arrayFilters?: Document[] | undefined
}

/** What a change has done. */
export interface Changed {
  readonly matched: number
  readonly modified: number
  /** The `_id` of the document that an upsert inserted. */
  readonly upsertedId?: unknown
  /** The first document as it was and as it is, as BSON. */
  readonly before?: Uint8Array | undefined
  readonly after?: Uint8Array | undefined
}

/**
 * Finds and changes documents, or inserts one by upsert. To be called inside `store.write`, where nothing can come
 * between the search and the change. Throws MongoError for whatever is wrong with filter, update or result.
 */
export function changeDocuments(engine: Engine, change: Change): Changed {
  const updater = compileUpdate(change.update, {
    ...(change.arrayFilters ? { arrayFilters: change.arrayFilters } : {}),
    ...(change.let ? { let: change.let } : {}),
  })
  if (change.multi && updater.kind === 'replace') {
    throw mongoError(9, 'multi update is not supported for replacement-style update')
  }
  const positional = updater.kind === 'operators' && usesPosition(change.update)
  const collection = readable(engine.catalog, change.db, change.name)
  const { matcher } = prepareSearch(collection, change)
  let matched = 0
  let modified = 0
  let first: Pick<Changed, 'before' | 'after'> = {}
  for (const found of targets(engine, collection, change)) {
    const current = engine.catalog.need(change.db, change.name)
    const position = positional ? matcher.position(found.doc) : undefined
    const { doc, modified: differs } = updater.apply(found.doc, { position, insert: false })
    const after = differs ? engine.records.replace(current, found, doc) : found.bytes
    if (matched === 0) first = { before: found.bytes, after }
    matched += 1
    if (differs) modified += 1
  }
  if (matched > 0 || !change.upsert) return { matched, modified, ...first }
  const { doc } = updater.apply(upsertSeed(change.filter), { insert: true })
  const complete = withId(doc)
  const bytes = writeDocument(complete)
  const target = engine.catalog.ensure(change.db, change.name)
  const upsertedId = engine.records.insert(target, complete, bytes)
  return { matched: 0, modified: 0, upsertedId, after: bytes }
}

/** The document that a change or removal of one is about: the first match, in the order of `sort`. */
export function firstTarget(
  engine: Engine,
  collection: Collection,
  request: SearchRequest,
): Stored | undefined {
  const { plan, matcher, compare } = prepareSearch(collection, request)
  let best: Stored | undefined
  for (const found of scan(engine.store, collection, plan.access, matcher)) {
    if (!compare) return found
    if (!best || compare(found.doc, best.doc) < 0) best = found
  }
  return best
}

/** All matches, found before the first of them is changed, so that none is met again where the change has put it. */
export function* allTargets(
  engine: Engine,
  collection: Collection,
  request: SearchRequest,
): Generator<Stored> {
  const { plan, matcher } = prepareSearch(collection, request)
  const keys: Buffer[] = []
  for (const { idKey } of scan(engine.store, collection, plan.access, matcher)) keys.push(idKey)
  for (const idKey of keys) {
    const bytes = engine.store.get(documentKey(collection, idKey))
    if (bytes) yield { idKey, bytes, doc: readDocument(bytes) }
  }
}

function targets(engine: Engine, collection: Collection, change: Change): Iterable<Stored> {
  if (change.multi) return allTargets(engine, collection, change)
  const found = firstTarget(engine, collection, change)
  return found ? [found] : []
}

function usesPosition(update: Document | Document[]): boolean {
  return Object.values(update).some(fields =>
    Object.keys((fields ?? {}) as Document).some(path => path.split('.').includes('$')),
  )
}
