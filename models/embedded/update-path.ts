import type { Document } from 'bson'
import { MAX_DEPTH } from './documents.ts'
import { mongoError } from './errors.ts'
import { fieldOf, isIndex } from './paths.ts'
import { describe } from './types.ts'
import { fieldsOf, isDocument } from './values.ts'

/** The components of an update path. */
export type Path = readonly string[]

/** Sets an own field, whatever its name (`__proto__` is a name like any other). */
export function setField(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name !== '__proto__') target[name] = value
  else Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true })
}

/** A copy whose documents and arrays may be changed; scalars are shared. */
export function copyOf<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (!isDocument(value)) return value
  const copy: Document = {}
  for (const [name, field] of Object.entries(fieldsOf(value))) setField(copy, name, copyOf(field))
  return copy as T
}

/** Splits an update path. Code 56: an empty component; 52: one that begins with `$`; 2: a misplaced positional one. */
export function parsePath(path: string): Path {
  const parts = path.split('.')
  if (parts.includes('')) throw mongoError(56, `The update path '${path}' contains an empty field name`)
  if (parts.some(part => /^\$(?!(\[.*\])?$)/.test(part)))
    throw mongoError(52, `The dollar ($) prefixed field in '${path}' is not allowed`)
  if (path.startsWith('$') || parts.indexOf('$') !== parts.lastIndexOf('$'))
    throw mongoError(2, `'${path}' begins with a positional element, or has more than one '$'`)
  return parts
}

/** Text that sorts as the path does: by its parts, numbers by value, and right before what goes on from it. */
const sortKey = (path: Path): string =>
  path
    .map(part => (isIndex(part) ? `\u0001${String.fromCharCode(part.length)}${part}\0` : `${part}\0`))
    .join('')

/** Sorts by path. Throws an error with the code when a path is there twice, or goes on from another. */
export function inOrder<T extends { readonly path: Path }>(items: readonly T[], code: number): T[] {
  const keyed = items.map(item => ({ item, key: sortKey(item.path) }))
  keyed.sort((a, b) => (a.key < b.key ? -1 : 1))
  for (const [i, { item, key }] of keyed.entries()) {
    if (i === 0 || !key.startsWith(keyed[i - 1]?.key ?? key)) continue
    throw mongoError(code, `The path '${item.path.join('.')}' would create a conflict with another`)
  }
  return keyed.map(({ item }) => item)
}

function childOf(parent: unknown, part: string): unknown {
  if (!Array.isArray(parent)) return fieldOf(parent, part)
  return isIndex(part) ? parent[Number(part)] : undefined
}

/** What a path without positional parts leads to, `undefined` for nothing. */
export const valueAt = (root: Document, path: Path): unknown => path.reduce<unknown>(childOf, root)

function putChild(parent: Document, part: string, value: unknown): void {
  if (Array.isArray(parent)) {
    const missing = Number(part) - parent.length
    if (missing > 1_500_000) throw mongoError(2, "can't backfill more than 1500000 elements")
    for (let i = 0; i < missing; i += 1) parent.push(null)
  }
  setField(parent, part, value)
}

/** `make` makes what is missing on the way; `look` and `try` give up. `look` gives up too for what is in the way. */
export type Reach = 'make' | 'look' | 'try'

/** Computes the new value of a field; `undefined` is a missing field. */
type Change = (old: unknown) => unknown

/**
 * Changes the field that a path without positional parts leads to; a change to `undefined` removes it, and leaves null
 * in an array. Code 28: something is in the way; 15: the path is too long.
 */
export function changeAt(parent: Document, path: Path, reach: Reach, change: Change): void {
  if (path.length > MAX_DEPTH) throw mongoError(15, `An update path has more than ${MAX_DEPTH} components`)
  const [part = '', next] = path
  const old = childOf(parent, part)
  if (old === undefined && reach !== 'make') return
  if (next === undefined) {
    const value = change(old)
    if (value === undefined && !Array.isArray(parent)) delete parent[part]
    else putChild(parent, part, value ?? null)
    return
  }
  if (old === undefined) putChild(parent, part, {})
  const child = childOf(parent, part) as Document
  if (Array.isArray(child) ? isIndex(next) : isDocument(child)) changeAt(child, path.slice(1), reach, change)
  else if (reach !== 'look') throw mongoError(28, `Cannot create '${next}' in {${part}: ${describe(old)}}`)
}
