import { fieldsOf, isDocument } from './values.ts'

/** The own field of a document, `undefined` when it is not there. */
export function fieldOf(document: unknown, name: string): unknown {
  if (!isDocument(document)) return undefined
  const fields = fieldsOf(document)
  return Object.hasOwn(fields, name) ? fields[name] : undefined
}

/** Whether a path component can be the place of an array element: `0`, `1`, `10`, but not `01`. */
export const isIndex = (part: string): boolean => /^(0|[1-9]\d*)$/.test(part)

function collect(value: unknown, parts: readonly string[], at: number, found: unknown[]): void {
  if (at === parts.length) {
    if (!Array.isArray(value)) found.push(value === undefined ? null : value)
    else if (value.length === 0) found.push(undefined)
    else found.push(...value)
    return
  }
  const part = parts[at] as string
  if (!Array.isArray(value)) {
    collect(fieldOf(value, part), parts, at + 1, found)
    return
  }
  if (isIndex(part) && Number(part) < value.length) {
    collect(value[Number(part)], parts, at + 1, found)
    return
  }
  if (value.length === 0) found.push(null)
  for (const element of value) {
    collect(isDocument(element) ? fieldOf(element, part) : undefined, parts, at + 1, found)
  }
}

/**
 * The values under which an index finds a document, as MongoDB's indexes have them: `null` for a missing field, each
 * element of an array instead of the array, `undefined` for an empty array. A path goes through arrays of documents.
 * More than one value makes the index multikey; values may repeat.
 */
export function valuesAt(document: unknown, path: string): unknown[] {
  const found: unknown[] = []
  collect(document, path.split('.'), 0, found)
  return found
}
