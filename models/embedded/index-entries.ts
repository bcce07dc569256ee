import type { Document } from 'bson'
import { MongoError } from './errors.ts'
import type { Index, IndexState } from './index-definition.ts'
import { fieldKey, losesOrder } from './keys.ts'
import { fieldOf, isIndex } from './paths.ts'

/** One entry that an index has for a document. */
export interface IndexEntry {
  /** The encoded values, without the index' prefix and the document's id. */
  readonly key: Buffer
  readonly values: readonly unknown[]
}

export interface IndexEntries extends IndexState {
  /** Distinct entries by the latin1 text of their key. */
  readonly entries: Map<string, IndexEntry>
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
  const found = { entries, multikey: false, long: false }
  if (index.partial && !index.partial.matcher.test(doc)) return found

  function add(values: unknown[]): void {
    const keys = index.fields.map(({ direction }, i) => fieldKey(values[i], direction, index.limit))
    found.long ||= keys.some(key => losesOrder(key, index.limit))
    const key = Buffer.concat(keys)
    entries.set(key.toString('latin1'), { key, values })
  }

  function expand(walks: readonly Walk[]): void {
    const reached = walks.map(follow)
    // The same array is the one at the same place: which object stands for it says nothing.
    const places = reached.map(({ value, parts, end }, i) =>
      Array.isArray(value) && !end
        ? index.fields[i]?.parts.slice(0, -parts.length || undefined).join('.')
        : undefined,
    )
    const at = places.findIndex(place => place !== undefined)
    const array = reached[at]?.value as unknown[] | undefined
    if (array === undefined) {
      const missing = reached.map(({ value, parts }) => value === undefined && parts.length > 0)
      if (!index.sparse || missing.includes(false))
        add(reached.map(({ value }, i) => (missing[i] ? null : value)))
      return
    }
    if (places.some(place => place !== undefined && place !== places[at])) {
      const names = index.fields.map(field => field.parts[0]).join('] [')
      throw new MongoError(171, `cannot index parallel arrays [${names}]`)
    }
    found.multikey = true
    for (const element of array.length === 0 ? [undefined] : array) {
      expand(reached.map((walk, i) => (places[i] === undefined ? walk : into(walk, element))))
    }
  }

  expand(index.fields.map(({ parts }) => ({ value: doc, parts })))
  return found
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
