import type { Document } from 'bson'
import type { Collection } from './catalog.ts'
import { writeDocument } from './documents.ts'
import type { Plan } from './plan.ts'
import { compileProjection } from './project.ts'
import { type Examined, type Found, scan } from './scan.ts'
import { prepareSearch, type SearchRequest } from './search.ts'
import type { Store } from './store.ts'

/** What to find: the parts of a `find` command that decide on its result. */
export interface Query extends SearchRequest {
  readonly projection?: Document | undefined
  readonly skip?: number | undefined
  /** At most so many; 0 or undefined is all. */
  readonly limit?: number | undefined
}

/** A query that is ready to run. */
export interface PreparedQuery {
  readonly plan: Plan
  /** The documents, sorted, without what is skipped and beyond the limit. */
  documents(examined?: Examined): Generator<Found>
  /** The same, projected, as BSON. */
  results(examined?: Examined): Generator<Uint8Array>
}

/** Compiles a query and plans it; errors in it are thrown here and not when it runs. */
export function prepareQuery(store: Store, collection: Collection, query: Query): PreparedQuery {
  const { plan, matcher, compare } = prepareSearch(collection, query)
  const projected = query.projection && Object.keys(query.projection).length > 0
  const project = projected ? compileProjection(query.projection) : undefined
  const positional = Object.keys(query.projection ?? {}).some(path => path.endsWith('.$'))
  const skip = query.skip ?? 0
  const end = query.limit ? skip + query.limit : Number.POSITIVE_INFINITY

  function* documents(examined?: Examined): Generator<Found> {
    const found = scan(store, collection, plan.access, matcher, examined)
    const ordered = compare ? inOrder(found, compare, end) : found
    let at = 0
    for (const one of ordered) {
      if (at >= skip) yield one
      at += 1
      if (at >= end) return
    }
  }

  return {
    plan,
    documents,
    *results(examined) {
      for (const found of documents(examined)) {
        yield project
          ? writeDocument(project(found.doc, positional ? matcher.position(found.doc) : undefined))
          : found.bytes
      }
    },
  }
}

/** Below this limit only the first documents of the order are kept while sorting. */
const SMALL_LIMIT = 2000

/** Sorts what is found; with a small limit it keeps no more than twice as many documents at a time. */
function inOrder(
  found: Iterable<Found>,
  compare: (a: Document, b: Document) => number,
  limit: number,
): Found[] {
  const byOrder = (a: Found, b: Found) => compare(a.doc, b.doc)
  if (limit > SMALL_LIMIT) return [...found].sort(byOrder)
  let kept: Found[] = []
  for (const one of found) {
    kept.push(one)
    if (kept.length >= limit * 2 + 100) kept = kept.sort(byOrder).slice(0, limit)
  }
  return kept.sort(byOrder)
}
