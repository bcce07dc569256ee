import type { Document } from 'bson'
import { boundFields, boundRanges, distinct, MAX_POINTS } from './bounds.ts'
import { type Collection, documentPrefix, documentRange } from './catalog.ts'
import { mongoError } from './errors.ts'
import { type Index, type IndexField, indexPrefix, patternText } from './index-definition.ts'
import { afterPrefix } from './keys.ts'
import { implies } from './partial.ts'
import { type Predicates, readPredicates } from './predicates.ts'
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
 * one that yields the sort order; a scan of the collection where none helps. Throws MongoError 2 for a hint that names
 * no index.
 */
export function makePlan(collection: Collection, request: PlanRequest): Plan {
  const predicates = readPredicates(request.filter)
  const sort = sortFields(request.sort)
  const hinted = hintedIndex(collection, request.hint)
  if (hinted === 'forwards' || hinted === 'backwards') {
    return { access: { kind: 'collection', reverse: hinted === 'backwards' }, sorted: sort.length === 0 }
  }
  const id = predicates.paths.get('_id')?.points
  if (id && id.length <= MAX_POINTS && (!hinted || hinted.primary)) {
    const sorted = sort.length === 0 || id.length === 1
    return { access: { kind: 'id', ids: distinct(id), exact: predicates.onlyId }, sorted }
  }
  const candidates = (hinted ? [hinted] : collection.indexes)
    .map(index => consider(collection, index, predicates, request.filter, sort, hinted !== undefined))
    .filter(candidate => candidate !== undefined)
    .sort((a, b) => b.score - a.score)
  const best = candidates[0]
  const union = best && (hinted || best.bound > 0) ? undefined : planUnion(collection, predicates)
  if (union) return { access: union, sorted: sort.length === 0 }
  if (best) return { access: best.access, sorted: best.sorted }
  return { access: { kind: 'collection', reverse: false }, sorted: sort.length === 0 }
}

function planUnion(collection: Collection, predicates: Predicates): Access | undefined {
  for (const branches of predicates.disjunctions) {
    const plans = branches.map(filter => (isDocument(filter) ? makePlan(collection, { filter }) : undefined))
    if (plans.every(plan => plan && plan.access.kind !== 'collection')) {
      return {
        kind: 'union',
        branches: plans.map(plan => {
          const access = (plan as Plan).access
          return access.kind === 'id' ? { ...access, exact: false } : access
        }),
      }
    }
  }
  return undefined
}

interface Candidate {
  readonly access: IndexAccess
  readonly sorted: boolean
  readonly score: number
  /** Number of fields with bounds. */
  readonly bound: number
}

function consider(
  collection: Collection,
  index: Index,
  predicates: Predicates,
  filter: Document,
  sort: readonly IndexField[],
  forced: boolean,
): Candidate | undefined {
  if (index.spec.hidden && !forced) return undefined
  const present = index.fields.some(field => predicates.paths.get(field.path)?.present)
  const complete =
    (!index.sparse || present) && (!index.partial || implies(filter, predicates, index.partial.filter))
  if (!complete && !forced) return undefined
  const { points, range, fields } = boundFields(index, predicates)
  const bound = points.length + (range ? 1 : 0)
  const pinned = new Set(points.filter(p => p.values.length === 1).map(p => p.field.path))
  const direction = index.multikey ? undefined : orderOf(index, sort, pinned)
  const sorted = sort.length === 0 || direction !== undefined
  if (bound === 0 && direction === undefined && !forced) return undefined
  const prefix = index.primary ? documentPrefix(collection) : indexPrefix(index)
  const whole = index.primary ? documentRange(collection) : { start: prefix, end: afterPrefix(prefix) }
  const ranges = bound === 0 ? [whole] : boundRanges(prefix, points, range)
  const unique = index.unique && points.length === index.fields.length && pinned.size === points.length
  const score =
    (unique ? 1000 : 0) +
    points.length * 10 +
    (range ? 4 : 0) +
    (range?.predicate.lower && range.predicate.upper ? 2 : 0) +
    (sorted && sort.length > 0 ? 5 : 0) -
    index.fields.length * 0.01
  return {
    access: { kind: 'index', index, ranges, reverse: direction === -1, bounds: fields },
    sorted,
    score,
    bound,
  }
}

function sortFields(sort: Document | undefined): IndexField[] {
  return Object.entries(sort ?? {}).map(([path, direction]) => {
    return { path, parts: path.split('.'), direction: Number(direction) < 0 ? -1 : 1 }
  })
}

/** In which direction an index yields a sort order; undefined when it does not. Pinned fields have one value only. */
function orderOf(index: Index, sort: readonly IndexField[], pinned: ReadonlySet<string>): 1 | -1 | undefined {
  const wanted = sort.filter(field => !pinned.has(field.path))
  if (sort.length === 0) return undefined
  let direction: 1 | -1 | undefined
  let at = 0
  for (const field of index.fields) {
    const next = wanted[at]
    if (!next) break
    if (pinned.has(field.path) && field.path !== next.path) continue
    if (field.path !== next.path) return undefined
    const needed = field.direction === next.direction ? 1 : -1
    if (direction !== undefined && direction !== needed) return undefined
    direction = needed
    at += 1
  }
  return at === wanted.length ? (direction ?? 1) : undefined
}

function hintedIndex(collection: Collection, hint: unknown): Index | 'forwards' | 'backwards' | undefined {
  if (hint === undefined || hint === null) return undefined
  if (isDocument(hint) && Object.keys(hint).length === 0) return undefined
  if (isDocument(hint) && '$natural' in hint) return Number(hint.$natural) < 0 ? 'backwards' : 'forwards'
  const found = collection.indexes.find(index =>
    typeof hint === 'string'
      ? index.name === hint
      : isDocument(hint) && patternText(index.spec.key) === patternText(hint),
  )
  if (found) return found
  throw mongoError(
    2,
    'error processing query: planner returned error :: caused by :: hint provided does not correspond to an existing index',
  )
}
