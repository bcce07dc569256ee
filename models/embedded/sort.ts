import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { toDouble } from './numbers.ts'
import { valuesAt } from './paths.ts'
import { compareValues } from './values.ts'

/** A sort specification: what documents are compared by, and how. */
export interface Sort {
  keysOf(document: Document): unknown[]
  /** @param at where the keys begin in their list @param otherAt where the others do */
  compare(keys: readonly unknown[], others: readonly unknown[], at?: number, otherAt?: number): number
}

/**
 * Reads a sort specification. An array sorts by its least element ascending and by its greatest descending; an empty
 * array comes before null, and a missing field is null. Throws `code` for a direction other than 1 and -1.
 */
export function readSort(spec: Document, code = 15975): Sort {
  const fields = Object.entries(spec).map(([path, value]) => {
    const direction = toDouble(value)
    if (direction !== 1 && direction !== -1) throw mongoError(code, `$sort of '${path}' must be 1 or -1`)
    return { path, direction }
  })
  return {
    keysOf: document =>
      fields.map(({ path, direction }) =>
        valuesAt(document, path).reduce((a, b) => (direction * compareValues(b, a) < 0 ? b : a)),
      ),
    compare(keys, others, at = 0, otherAt = 0) {
      let place = 0
      for (const { direction } of fields) {
        const order = compareValues(keys[at + place], others[otherAt + place])
        if (order !== 0) return order * direction
        place += 1
      }
      return 0
    },
  }
}

/** Below this limit only the first items of the order are kept while sorting. */
const SMALL_LIMIT = 2000

/** Sorts items by what `documentOf` says of each, and holds of them what `keep` makes; with a small limit only few. */
export function inOrder<T, U>(
  items: Iterable<T>,
  { keysOf, compare }: Sort,
  documentOf: (item: T) => Document,
  keep: (item: T) => U,
  limit = Number.POSITIVE_INFINITY,
): U[] {
  let kept: U[] = []
  // Those of each item behind those of the one before: a list for each would be larger than what it holds.
  let keys: unknown[] = []
  let width = 0
  const places = () =>
    Uint32Array.from(kept.keys()).sort((a, b) => compare(keys, keys, a * width, b * width) || a - b)
  const inPlaces = (order: Uint32Array): U[] => Array.from(order, place => kept[place] as U)
  for (const item of items) {
    const own = keysOf(documentOf(item))
    width = own.length
    kept.push(keep(item))
    for (const key of own) keys.push(key)
    if (limit > SMALL_LIMIT || kept.length < limit * 2 + 100) continue
    const first = places().subarray(0, limit)
    keys = Array.from(first).flatMap(place => keys.slice(place * width, (place + 1) * width))
    kept = inPlaces(first)
  }
  return inPlaces(places())
}
