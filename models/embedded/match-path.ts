import { fieldOf, isIndex } from './paths.ts'
import { isDocument } from './values.ts'

/**
 * Called with each value that a path leads to (`undefined` where there is no such field) and with the place in the
 * outermost array that was gone through on the way. Returning `true` ends the visit.
 */
export type Visit = (value: unknown, position: number | undefined) => boolean

/**
 * Visits what a query means by a path: it goes through arrays of documents, takes a number for a field name and for
 * a place in an array, and ends at every element of an array as well as at the array itself.
 *
 * @param leaves whether an array at the end of the path is visited by its elements too
 * @returns whether a visit returned `true`
 */
export function visitPath(
  document: unknown,
  parts: readonly string[],
  leaves: boolean,
  visit: Visit,
  at = 0,
  outer?: number,
): boolean {
  let value = document
  for (let i = at; i < parts.length; i += 1) {
    if (Array.isArray(value)) return visitArray(value, parts, i, leaves, visit, outer)
    value = fieldOf(value, parts[i] as string)
    if (value === undefined) return visit(undefined, outer)
  }
  if (leaves && Array.isArray(value)) {
    for (let i = 0; i < value.length; i += 1) if (visit(value[i], outer ?? i)) return true
  }
  return visit(value, outer)
}

function visitArray(
  array: readonly unknown[],
  parts: readonly string[],
  at: number,
  leaves: boolean,
  visit: Visit,
  outer: number | undefined,
): boolean {
  const part = parts[at] as string
  const place = isIndex(part) ? Number(part) : -1
  for (let i = 0; i < array.length; i += 1) {
    const element = array[i]
    const position = outer ?? i
    const nested = isDocument(element)
    if (nested && visitPath(element, parts, leaves, visit, at, position)) return true
    if (i !== place) continue
    if (at === parts.length - 1) {
      if (visit(element, position)) return true
    } else if (Array.isArray(element)) {
      if (visitArray(element, parts, at + 1, leaves, visit, position)) return true
    } else if (nested && visitPath(element, parts, leaves, visit, at + 1, position)) {
      return true
    }
  }
  return false
}
