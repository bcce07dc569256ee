import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileMatch } from './match.ts'
import { describe } from './types.ts'
import { findPlace, isPositional, valueAt } from './update-path.ts'
import { isDocument } from './values.ts'

/** The conditions of `$[name]`, by name. */
export type ArrayFilters = ReadonlyMap<string, (element: unknown) => boolean>

function rootsOf(filter: Document, found: Set<string>): Set<string> {
  for (const [key, operand] of Object.entries(filter)) {
    if (!key.startsWith('$')) found.add(key.split('.')[0] as string)
    else if (Array.isArray(operand)) for (const entry of operand) if (isDocument(entry)) rootsOf(entry, found)
  }
  return found
}

/**
 * Compiles `arrayFilters`; each filter speaks of one name, which `$[name]` in a path refers to.
 *
 * @throws code 9 for a filter with none or several names, for two filters of one name, and for a bad name
 */
export function compileArrayFilters(filters: readonly Document[], variables?: Document): ArrayFilters {
  const compiled = new Map<string, (element: unknown) => boolean>()
  for (const filter of filters) {
    const [name, other] = rootsOf(filter, new Set())
    if (name === undefined) {
      throw mongoError(9, 'Cannot use an expression without a top-level field name in arrayFilters')
    }
    if (other !== undefined) {
      const found = `Expected a single top-level field name, found '${name}' and '${other}'`
      throw mongoError(9, `Error parsing array filter :: caused by :: ${found}`)
    }
    if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
      const rule = 'must be an alphanumeric string beginning with a lowercase letter'
      throw mongoError(
        2,
        `Error parsing array filter :: caused by :: The top-level field name ${rule}, found '${name}'`,
      )
    }
    if (compiled.has(name)) {
      throw mongoError(9, `Found multiple array filters with the same top-level field name ${name}`)
    }
    const matcher = compileMatch(filter, { let: variables })
    compiled.set(name, element => matcher.test({ [name]: element }))
  }
  return compiled
}

/**
 * Refuses a path that names a filter that is not there, and filters that no path names.
 *
 * @throws code 2 for the former, 9 for the latter
 */
export function checkArrayFilters(
  paths: readonly (readonly string[])[],
  filters: ArrayFilters,
  update: Document,
): void {
  const used = new Set<string>()
  for (const parts of paths) {
    for (const part of parts) {
      const name = /^\$\[(.+)\]$/.exec(part)?.[1]
      if (name === undefined) continue
      used.add(name)
      if (!filters.has(name)) {
        throw mongoError(2, `No array filter found for identifier '${name}' in path '${parts.join('.')}'`)
      }
    }
  }
  for (const name of filters.keys()) {
    if (!used.has(name)) {
      const where = `was not used in the update ${describe(update)}`
      throw mongoError(9, `The array filter for identifier '${name}' ${where}`)
    }
  }
}

/**
 * The paths that a path with `$`, `$[]` and `$[name]` stands for in a document, with places instead of these.
 *
 * @throws code 2 where no position is known, or the path leads to no array
 */
export function expandPath(
  root: Record<string, unknown>,
  parts: readonly string[],
  position: number | undefined,
  filters: ArrayFilters,
): string[][] {
  const at = parts.findIndex(isPositional)
  if (at < 0) return [[...parts]]
  const head = parts.slice(0, at)
  const tail = parts.slice(at + 1)
  return placesOf(root, head, parts[at] as string, position, filters).flatMap(place =>
    expandPath(root, [...head, String(place), ...tail], position, filters),
  )
}

function placesOf(
  root: Record<string, unknown>,
  head: readonly string[],
  part: string,
  position: number | undefined,
  filters: ArrayFilters,
): number[] {
  if (part === '$') {
    if (position !== undefined) return [position]
    throw mongoError(2, 'The positional operator did not find the match needed from the query.')
  }
  const place = findPlace(root, head)
  const array = place === undefined ? undefined : valueAt(place)
  const path = head.join('.')
  if (array === undefined) {
    throw mongoError(2, `The path '${path}' must exist in the document in order to apply array updates.`)
  }
  if (!Array.isArray(array)) {
    throw mongoError(2, `Cannot apply array updates to non-array element ${path}: ${describe(array)}`)
  }
  const filter = part === '$[]' ? () => true : filters.get(part.slice(2, -1))
  return [...array.keys()].filter(index => filter?.(array[index]) === true)
}
