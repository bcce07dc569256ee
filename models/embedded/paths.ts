import { fieldsOf, isDocument } from './values.ts'

/** The own field of a document, `undefined` when it is not there. */
export function fieldOf(document: unknown, name: string): unknown {
  if (!isDocument(document)) return undefined
  const fields = fieldsOf(document)
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** Whether a path component can be the place of an array element: `0`, `1`, `10`, but not `01`. */
export const isIndex = (part: string): boolean => /^(0|[1-9]\d*)$/.test(part)

/**
 * The values under which a sort finds a document: `null` for a missing field, each element of an array instead of the
 * array, `undefined` for an empty array. A path goes through arrays of documents. Values may repeat.
 */
export function valuesAt(value: unknown, path: string | readonly string[]): unknown[] {
  const [part, ...rest] = typeof path === 'string' ? path.split('.') : path
  if (part === undefined) {
    if (!Array.isArray(value)) return [value ?? null]
    return value.length === 0 ? [undefined] : value
  }
  if (!Array.isArray(value)) return valuesAt(fieldOf(value, part), rest)
  if (isIndex(part) && Number(part) < value.length) return valuesAt(value[Number(part)], rest)
  return value.length === 0 ? [null] : value.flatMap(element => valuesAt(fieldOf(element, part), rest))
}

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
  value: unknown,
  parts: readonly string[],
  leaves: boolean,
  visit: Visit,
  at = 0,
  outer?: number,
): boolean {
  const part = parts[at]
  if (part === undefined || value === undefined) {
    if (leaves && Array.isArray(value) && value.some((element, i) => visit(element, outer ?? i))) return true
    return visit(value, outer)
  }
  if (!Array.isArray(value)) return visitPath(fieldOf(value, part), parts, leaves, visit, at + 1, outer)
  const place = isIndex(part) ? Number(part) : -1
  return value.some((element, i) => {
    const position = outer ?? i
    if (isDocument(element) && visitPath(element, parts, leaves, visit, at, position)) return true
    if (i !== place) return false
    if (at === parts.length - 1) return visit(element, position)
    const nested = typeof element === 'object' && element !== null
    return nested && visitPath(element, parts, leaves, visit, at + 1, position)
  })
}
