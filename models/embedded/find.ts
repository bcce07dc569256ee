import type { Document } from 'bson'
import type { Collection } from './catalog.ts'
import { writeDocument } from './documents.ts'
import { compileMatch } from './match.ts'
import { makePlan, type Plan } from './plan.ts'
import { compileProjection } from './project.ts'
import { type Examined, type Found, scan } from './scan.ts'
import { compileSort } from './sort.ts'
import type { Store } from './store.ts'

/** What to find: the parts of a `find` command that decide on its result. */
export interface Query {
  readonly filter: Document
  readonly sort?: Document | undefined
  readonly projection?: Document | undefined
  readonly skip?: number | undefined
  /** At most so many; 0 or undefined is all. */
  readonly limit?: number | undefined
  readonly hint?: unknown
  readonly let?: Document | undefined
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
  const matcher = compileMatch(query.filter, { let: query.let })
  const sort = query.sort && Object.keys(query.sort).length > 0 ? query.sort : undefined
  const natural = sort && '$natural' in sort ? { $natural: sort.$natural } : undefined
  const compare = sort && !natural ? compileSort(sort) : undefined
  const plan = makePlan(collection, {
    filter: query.filter,
    sort: natural ? undefined : sort,
    hint: query.hint ?? natural,
  })
  const projected = query.projection && Object.keys(query.projection).length > 0
  const project = projected ? compileProjection(query.projection) : undefined
  const positional = Object.keys(query.projection ?? {}).some(path => path.endsWith('.$'))
  const skip = query.skip ?? 0
  const end = query.limit ? skip + query.limit : Number.POSITIVE_INFINITY

  function* documents(examined?: Examined): Generator<Found> {
    const found = scan(store, collection, plan.access, matcher, examined)
    const ordered = compare && !plan.sorted ? inOrder(found, compare, end) : found
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
