import type { Document } from 'bson'
import { MongoError } from './errors.ts'
import type { Index } from './index-definition.ts'
import { encodeKeyInfo } from './keys.ts'
import { fieldOf, isIndex } from './paths.ts'

/** One entry that an index has for a document. */
export interface IndexEntry {
  /** The encoded values, without the index' prefix and the document's id. */
  readonly key: Buffer
  /** The values were too long for a key: equal bytes do not mean equal values. */
  readonly cut: boolean
  readonly values: readonly unknown[]
}

export interface IndexEntries {
  /** Distinct entries by the latin1 text of their key. */
  readonly entries: Map<string, IndexEntry>
  /** An array was met, so that the index is multikey. */
  readonly multikey: boolean
}

/** A value on the way along a field's path, and what is left of the path. */
interface Walk {
  readonly value: unknown
  readonly parts: readonly string[]
  /** Nothing more is to be gone through: an array here is an element of another one, and a value as it is. */
  readonly end?: boolean
}

/**
 * The entries that a document has in an index: one for each element of an array, none where the index is sparse or
 * partial and the document is not part of it. Throws code 171 for two arrays side by side.
 */
export function entriesOf(index: Index, doc: Document): IndexEntries {
  const entries = new Map<string, IndexEntry>()
  if (index.partial && !index.partial.matcher.test(doc)) return { entries, multikey: false }
  const directions = index.fields.map(field => field.direction)
  let multikey = false

  function expand(walks: readonly Walk[]): void {
    const reached = walks.map(follow)
    const arrays = new Set(
      reached.filter(({ value, end }) => Array.isArray(value) && !end).map(({ value }) => value),
    )
    const [array] = arrays as Set<unknown[]>
    if (array === undefined) {
      if (index.sparse && reached.every(({ value, parts }) => value === undefined && parts.length > 0)) return
      const values = reached.map(({ value, parts }) =>
        value === undefined && parts.length > 0 ? null : value,
      )
      const { key, cut } = encodeKeyInfo(values, directions)
      entries.set(key.toString('latin1'), { key, cut, values })
      return
    }
    multikey = true
    if (arrays.size > 1) {
      const names = index.fields.map(field => field.parts[0]).join('] [')
      throw new MongoError(171, 'CannotIndexParallelArrays', `cannot index parallel arrays [${names}]`)
    }
    for (const element of array.length === 0 ? [undefined] : array) {
      expand(reached.map(walk => (walk.value === array && !walk.end ? into(walk, element) : walk)))
    }
  }

  expand(index.fields.map(({ parts }) => ({ value: doc, parts })))
  return { entries, multikey }
}

/** Follows a path to its end or to an array whose elements share it. Where there is nothing, parts are left. */
function follow({ value, parts, end }: Walk): Walk {
  for (const [at, part] of end ? [] : parts.entries()) {
    const rest = parts.slice(at)
    if (value === undefined) return { value, parts: rest, end: true }
    if (Array.isArray(value) && !(isIndex(part) && Number(part) < value.length)) return { value, parts: rest }
    value = Array.isArray(value) ? value[Number(part)] : fieldOf(value, part)
    if (value === undefined) return { value, parts: rest, end: true }
  }
  return { value, parts: end ? parts : [], ...(end && { end }) }
}

/** Goes on from an array of the path into one of its elements; only documents have something at what is left of it. */
function into({ parts }: Walk, element: unknown): Walk {
  if (parts.length === 0) return { value: element, parts, end: true }
  return Array.isArray(element) ? { value: undefined, parts, end: true } : { value: element, parts }
}
