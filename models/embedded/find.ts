import type { Document } from 'bson'
import type { Collection } from './catalog.ts'
import { type Fold, foldFilter } from './collation.ts'
import { readDocument, writeDocument } from './documents.ts'
import { encodeId, PREFIX_BYTES, rangeOf } from './keys.ts'
import { compileMatch } from './match.ts'
import { type Access, makePlan, type Plan } from './plan.ts'
import { compileProjection } from './project.ts'
import { documentKey, idKeyOf, type Stored } from './records.ts'
import { inOrder, readSort } from './sort.ts'
import { type Range, readRange, type Store } from './store.ts'

/** What to find: the parts of a command that decide on it. */
export interface Query {
  readonly filter: Document
  /** Fields with 1 or -1, or `{ $natural: 1 | -1 }`. */
  readonly sort?: Document | undefined
  readonly hint?: unknown
  readonly let?: Document | undefined
  readonly collation?: Fold | undefined
  readonly projection?: Document | undefined
  readonly skip?: number | undefined
  /** At most so many; 0 or undefined is all. */
  readonly limit?: number | undefined
}

/** What a search has looked at, for `explain`. */
export interface Examined {
  keys: number
  docs: number
}

/** A query that is ready to run. */
export interface PreparedQuery {
  readonly plan: Plan
  /** All that match, as they are found. */
  matches(examined?: Examined): Generator<Stored>
  /** The documents, sorted, without what is skipped and beyond the limit. */
  documents(): Generator<Stored>
  /** The same, projected, as BSON. */
  results(): Generator<Uint8Array>
  /** See `Matcher.position`. */
  position(doc: Document): number | undefined
}

/**
 * Compiles a query and plans it; whatever is wrong with it is thrown here and not when it runs. It may rest between two
 * documents, and then goes on with what is stored by then; each document comes at most once.
 */
export function prepareQuery(store: Store, collection: Collection, query: Query): PreparedQuery {
  const { hint, collation, projection = {}, skip = 0 } = query
  const { $natural, ...fields } = query.sort ?? {}
  const natural = $natural === undefined ? undefined : { $natural }
  const sort = natural ? {} : fields
  const matcher = compileMatch(collation ? foldFilter(query.filter, collation) : query.filter, {
    let: query.let,
  })
  const folded = (doc: Document): Document => (collation ? collation(doc) : doc)
  const order = readSort(sort)
  // No index knows a collation.
  const plan = collation
    ? makePlan(collection, { filter: {}, sort, hint: natural ?? { $natural: 1 } })
    : makePlan(collection, { filter: query.filter, sort, hint: hint ?? natural })
  const exact = plan.access.kind === 'id' && plan.access.exact
  const projects = Object.keys(projection).length > 0
  const project = projects ? compileProjection(projection, { variables: query.let }) : undefined
  const end = query.limit ? skip + query.limit : Number.POSITIVE_INFINITY

  function* matches(examined: Examined = { keys: 0, docs: 0 }): Generator<Stored> {
    for (const found of fetch(store, collection, plan.access, examined)) {
      if (exact || matcher.test(folded(found.doc))) yield found
    }
  }

  /** Holds no documents while it sorts, but ids as text, which is smallest: each is read again when its turn comes. */
  function* sorted(): Generator<Stored> {
    const ids = inOrder(
      matches(),
      order,
      ({ doc }) => folded(doc),
      one => one.idKey.toString('latin1'),
      end,
    )
    for (const id of ids) {
      const idKey = Buffer.from(id, 'latin1')
      const bytes = store.get(documentKey(collection, idKey))
      if (bytes) yield lazyDocument(idKey, bytes)
    }
  }

  function* documents(): Generator<Stored> {
    const found = plan.sorted ? matches() : sorted()
    let at = 0
    for (const one of found) {
      if (at >= skip) yield one
      at += 1
      if (at >= end) return
    }
  }

  const position = (doc: Document): number | undefined => matcher.position(folded(doc))
  const positional = Object.keys(projection).some(path => path.endsWith('.$'))
  return {
    plan,
    matches,
    documents,
    position,
    *results() {
      for (const found of documents()) {
        if (project) yield writeDocument(project(found.doc, positional ? position(found.doc) : undefined))
        else yield found.bytes
      }
    },
  }
}

/** A stored document; its BSON is only read when `doc` is asked for. */
export function lazyDocument(idKey: Buffer, bytes: Uint8Array): Stored {
  let doc: Document | undefined
  return {
    idKey,
    bytes,
    get doc() {
      doc ??= readDocument(bytes)
      return doc
    },
  }
}

/** The documents of an access, those that need not match included. */
function* fetch(store: Store, collection: Collection, access: Access, examined: Examined): Generator<Stored> {
  const seen = new Set<string>()
  const isNew = (idKey: Buffer) => seen.size < seen.add(idKey.toString('latin1')).size
  const byId = function* (idKey: Buffer): Generator<Stored> {
    examined.keys += 1
    const bytes = store.get(documentKey(collection, idKey))
    if (bytes === undefined) return
    examined.docs += 1
    yield lazyDocument(idKey, bytes)
  }
  const scan = function* (range: Range, reverse: boolean): Generator<Stored> {
    for (const { key, value } of readRange(store, range, reverse)) {
      examined.docs += 1
      yield lazyDocument(key.subarray(PREFIX_BYTES), value)
    }
  }
  if (access.kind === 'collection') yield* scan(rangeOf(collection), access.reverse)
  if (access.kind === 'id') for (const id of access.ids) yield* byId(encodeId(id))
  if (access.kind === 'union') {
    for (const branch of access.branches) {
      for (const found of fetch(store, collection, branch, examined)) if (isNew(found.idKey)) yield found
    }
  }
  if (access.kind !== 'index') return
  const { index, ranges, reverse } = access
  for (const range of reverse ? ranges.toReversed() : ranges) {
    if (index.primary) yield* scan(range, reverse)
    else {
      for (const entry of readRange(store, range, reverse)) {
        const idKey = idKeyOf(entry)
        if (isNew(idKey)) yield* byId(idKey)
        else examined.keys += 1
      }
    }
  }
}
