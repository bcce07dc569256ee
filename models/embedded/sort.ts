import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { valuesAt } from './paths.ts'
import { describe } from './types.ts'
import { compareValues } from './values.ts'

/** The parsed form of a sort specification: paths with 1 or -1, in order. */
type SortKeys = readonly { path: string; direction: 1 | -1 }[]

/**
 * Reads a sort specification.
 *
 * @throws code 15974 or 15975 for a direction other than 1 and -1, 15976 for an empty specification
 */
function parseSort(spec: Document): SortKeys {
  return Object.entries(spec).map(([path, value]) => {
    const direction = Number(readNumber(value)?.value)
    if (readNumber(value) === undefined) {
      throw mongoError(15974, `Illegal key in $sort specification: ${path}: ${describe(value)}`)
    }
    if (direction !== 1 && direction !== -1) {
      throw mongoError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)')
    }
    if (path === '' || path.startsWith('$'))
      throw mongoError(15976, `Illegal path in $sort specification: '${path}'`)
    return { path, direction }
  })
}

function keyAt(document: Document, path: string, direction: 1 | -1): unknown {
  const values = valuesAt(document, path)
  return values.reduce((best, value) => (direction * compareValues(value, best) < 0 ? value : best))
}

/**
 * Compiles a sort specification to a comparison of documents. An array sorts by its least element ascending and by its
 * greatest descending; an empty array comes before null, and a missing field is null. Keys are computed once for each
 * document that the comparison meets.
 */
export function compileSort(spec: Document): (a: Document, b: Document) => number {
  const keys = parseSort(spec)
  const known = new WeakMap<Document, unknown[]>()
  const keysOf = (document: Document): unknown[] => {
    const found = known.get(document)
    if (found !== undefined) return found
    const values = keys.map(({ path, direction }) => keyAt(document, path, direction))
    known.set(document, values)
    return values
  }
  return (a, b) => {
    const left = keysOf(a)
    const right = keysOf(b)
    for (let i = 0; i < keys.length; i += 1) {
      const order = compareValues(left[i], right[i])
      if (order !== 0) return order * (keys[i]?.direction ?? 1)
    }
    return 0
  }
}
