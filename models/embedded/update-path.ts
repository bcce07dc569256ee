import { mongoError } from './errors.ts'
import { isIndex } from './paths.ts'
import { describe } from './types.ts'
import { isDocument } from './values.ts'

/** A document or array that is being changed, with the key in it: where an update operator works. */
export interface Place {
  parent: Record<string, unknown> | unknown[]
  key: string | number
}

/** MongoDB pads arrays up to this many places at once. */
const longestPadding = 1_500_000

/**
 * Splits an update path and refuses what no update may address.
 *
 * @throws code 56 for an empty path or component, 52 for a component that begins with `$`, 2 for a misplaced `$`
 */
export function parseUpdatePath(path: string): string[] {
  if (path === '') throw mongoError(56, 'An empty update path is not valid.')
  const parts = path.split('.')
  for (const [i, part] of parts.entries()) {
    if (part === '') {
      const where = `The update path '${path}' contains an empty field name`
      throw mongoError(56, `${where}, which is not allowed.`)
    }
    if (isPositional(part)) {
      if (i === 0) {
        throw mongoError(
          2,
          `Cannot have positional (i.e. '${part}') element in the first position in path '${path}'`,
        )
      }
    } else if (part.startsWith('$')) {
      const update = 'is not allowed in the context of an update, consider using a replacement update'
      throw mongoError(52, `The dollar ($) prefixed field '${part}' in '${path}' ${update}.`)
    }
  }
  if (parts.filter(part => part === '$').length > 1) {
    throw mongoError(2, `Too many positional (i.e. '$') elements found in path '${path}'`)
  }
  return parts
}

/** Whether a path component stands for places of an array: `$`, `$[]` or `$[name]`. */
export const isPositional = (part: string): boolean => part === '$' || /^\$\[.*\]$/.test(part)

/** What is at a place, `undefined` for nothing. */
export function valueAt({ parent, key }: Place): unknown {
  if (Array.isArray(parent)) return parent[key as number]
  return Object.hasOwn(parent, key) ? parent[key] : undefined
}

/** Puts a value at a place; an array that is too short is padded with null. */
export function setAt({ parent, key }: Place, value: unknown): void {
  if (!Array.isArray(parent)) {
    setField(parent, key as string, value)
    return
  }
  const index = key as number
  if (index > parent.length + longestPadding)
    throw mongoError(2, `can't backfill more than ${longestPadding} elements`)
  while (parent.length < index) parent.push(null)
  parent[index] = value
}

/** Sets an own field, whatever its name (`__proto__` is a name like any other). */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Finds the place that a path without positional parts leads to; `undefined` when the way there does not exist. */
export function findPlace(root: Record<string, unknown>, parts: readonly string[]): Place | undefined {
  let place: Place = { parent: root, key: parts[0] as string }
  for (const part of parts.slice(1)) {
    const next = placeIn(valueAt(place), part)
    if (next === undefined) return undefined
    place = next
  }
  return place
}

function placeIn(value: unknown, part: string): Place | undefined {
  if (Array.isArray(value)) return isIndex(part) ? { parent: value, key: Number(part) } : undefined
  return isDocument(value) ? { parent: value, key: part } : undefined
}

/**
 * Finds the place that a path leads to and makes the documents that are missing on the way.
 *
 * @throws code 28 where a scalar, or an array without a number, is in the way
 */
export function makePlace(root: Record<string, unknown>, parts: readonly string[]): Place {
  let place: Place = { parent: root, key: parts[0] as string }
  for (const [i, part] of parts.slice(1).entries()) {
    let value = valueAt(place)
    if (value === undefined) {
      value = {}
      setAt(place, value)
    }
    const next = placeIn(value, part)
    if (next === undefined) {
      throw mongoError(28, `Cannot create field '${part}' in element {${parts[i]}: ${describe(value)}}`)
    }
    place = next
  }
  return place
}

/**
 * A copy whose documents and arrays may be changed; scalars are shared.
 */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (!isDocument(value) || value._bsontype === 'DBRef') return value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) setField(copy, key, copyOf(value[key]))
  return copy as T
}
