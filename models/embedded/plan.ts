import type { Document } from 'bson'
import { boundFields, boundRanges, describeBounds, distinct, MAX_POINTS } from './bounds.ts'
import type { Collection } from './catalog.ts'
import { mongoError } from './errors.ts'
import { type Index, type IndexField, patternText } from './index-definition.ts'
import { prefixOf } from './keys.ts'
import { isIndex } from './paths.ts'
import { implies, type Predicates, readPredicates } from './predicates.ts'
import type { Range } from './store.ts'
import { isDocument } from './values.ts'

/** How the documents for a filter are found. */
export type Access =
  | { readonly kind: 'collection'; readonly reverse: boolean }
  /** Documents by their `_id`; `exact` when nothing else is asked, so that they need not be matched. */
  | { readonly kind: 'id'; readonly ids: readonly unknown[]; readonly exact: boolean }
  | IndexAccess
  | { readonly kind: 'union'; readonly branches: readonly Access[] }

export interface IndexAccess {
  readonly kind: 'index'
  readonly index: Index
  /** Key ranges in index order. */
  readonly ranges: readonly Range[]
  readonly reverse: boolean
  /** For `explain`: per field what was bound. */
  readonly bounds: Readonly<Record<string, string[]>>
}

export interface Plan {
  readonly access: Access
  /** The access yields the documents in the order of the sort that was asked for. */
  readonly sorted: boolean
}

export interface PlanRequest {
  readonly filter: Document
  readonly sort?: Document | undefined
  /** Name or key pattern of the index to use, or `{ $natural: 1 | -1 }`. */
  readonly hint?: unknown
}

/**
 * Chooses how to find the documents for a filter: the index with most fields bound by equality, then a range, then
 * one that yields the sort order; a scan of the collection where none helps. Throws code 2 for a hint that names no
 * index.
 */
export function makePlan(collection: Collection, { filter, sort = {}, hint }: PlanRequest): Plan {
  const predicates = readPredicates(filter)
  const unsorted = Object.keys(sort).length === 0
  const natural = isDocument(hint) && '$natural' in hint
  const whole: Plan = {
    access: { kind: 'collection', reverse: natural && Number(hint.$natural) < 0 },
    sorted: unsorted,
  }
  if (natural) return whole
  const hinted = hintedIndex(collection, hint)
  const ids = predicates.paths.get('_id')?.points
  if (ids && ids.length <= MAX_POINTS && (!hinted || hinted.primary)) {
    const access = { kind: 'id', ids: distinct(ids), exact: predicates.onlyId } as const
    return { access, sorted: unsorted || ids.length === 1 }
  }
  const [best] = (hinted ? [hinted] : collection.indexes)
    .map(index => consider(index, predicates, filter, sort, hinted !== undefined))
    .filter(candidate => candidate !== undefined)
    .sort((a, b) => b.score - a.score)
  if (best && (hinted || best.bound)) return best
  const union = unionOf(collection, predicates)
  return union ? { access: union, sorted: unsorted } : (best ?? whole)
}

/** The first `$or` whose branches can each be found without a scan of the collection. */
function unionOf(collection: Collection, predicates: Predicates): Access | undefined {
  for (const filters of predicates.disjunctions) {
    const branches = filters.map(filter => makePlan(collection, { filter }).access)
    if (branches.every(({ kind }) => kind !== 'collection')) {
      return { kind: 'union', branches: branches.map(one => ({ ...one, exact: false })) }
    }
  }
  return undefined
}

/** What an index can do for a filter and a sort; `undefined` when it is nothing, or the index lacks documents. */
function consider(
  index: Index,
  predicates: Predicates,
  filter: Document,
  sort: Document,
  forced: boolean,
): (Plan & { score: number; bound: boolean }) | undefined {
  const present = index.fields.some(field => predicates.paths.get(field.path)?.present)
  const partial = index.partial?.filter
  const complete = (!index.sparse || present) && (!partial || implies(filter, predicates, partial))
  const numbered = index.fields.some(({ parts }) => parts.some(isIndex))
  if ((!complete || numbered || index.spec.hidden) && !forced) return undefined
  const found = boundFields(index, predicates)
  const { points, range } = found
  const bound = points.length > 0 || range !== undefined
  const pinned = new Set(points.filter(({ values }) => values.length === 1).map(({ field }) => field.path))
  const wanted = Object.entries(sort).filter(([path]) => !pinned.has(path))
  const direction = index.multikey || index.long ? undefined : orderOf(index.fields, wanted, pinned)
  const unsorted = Object.keys(sort).length === 0
  if (!bound && !forced && (unsorted || direction === undefined)) return undefined
  const unique = index.unique && pinned.size === index.fields.length
  const ends = range ? 4 + (range.predicate.lower && range.predicate.upper ? 2 : 0) : 0
  const ordered = !unsorted && direction !== undefined ? 5 : 0
  return {
    access: {
      kind: 'index',
      index,
      ranges: boundRanges(prefixOf(index), found, index.limit),
      reverse: direction === -1,
      get bounds() {
        return describeBounds(index, found)
      },
    },
    sorted: unsorted || direction !== undefined,
    score: (unique ? 1000 : 0) + points.length * 10 + ends + ordered - index.fields.length * 0.01,
    bound,
  }
}

/**
 * In which direction an index yields a sort order; undefined when it does not. `wanted` is the order without the pinned
 * fields, which have one value only.
 */
function orderOf(
  fields: readonly IndexField[],
  wanted: readonly [path: string, direction: unknown][],
  pinned: ReadonlySet<string>,
): 1 | -1 | undefined {
  const given = fields.filter(({ path }) => !pinned.has(path))
  const turns = wanted.map(([path, direction], i) => {
    const field = given[i]
    return field?.path === path ? Math.sign(Number(direction)) * field.direction : Number.NaN
  })
  const turn = turns[0] ?? 1
  return turns.every(other => other === turn) ? (turn < 0 ? -1 : 1) : undefined
}

function hintedIndex(collection: Collection, hint: unknown): Index | undefined {
  if (hint === undefined || hint === null || (isDocument(hint) && Object.keys(hint).length === 0))
    return undefined
  const pattern = isDocument(hint) ? patternText(hint) : undefined
  const found = collection.indexes.find(({ name, spec }) =>
    pattern === undefined ? name === hint : patternText(spec.key) === pattern,
  )
  if (found) return found
  throw mongoError(2, 'planner returned error :: hint provided does not correspond to an existing index')
}
