import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { toDouble } from './numbers.ts'
import { valuesAt } from './paths.ts'
import { compareValues } from './values.ts'

/** A sort specification: what documents are compared by, and how. */
export interface Sort {
  keysOf(document: Document): unknown[]
  compare(keys: readonly unknown[], others: readonly unknown[]): number
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
    compare(keys, others) {
      for (const [i, { direction }] of fields.entries()) {
        const order = compareValues(keys[i], others[i])
        if (order !== 0) return order * direction
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
  let kept: { item: U; keys: unknown[] }[] = []
  const sort = () => kept.sort((a, b) => compare(a.keys, b.keys))
  for (const item of items) {
    kept.push({ item: keep(item), keys: keysOf(documentOf(item)) })
    if (limit <= SMALL_LIMIT && kept.length >= limit * 2 + 100) kept = sort().slice(0, limit)
  }
  return sort().map(({ item }) => item)
}
