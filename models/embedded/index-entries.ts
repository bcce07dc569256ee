import { createHash } from 'node:crypto'
import type { Document } from 'bson'
import { MongoError } from './errors.ts'
import type { Index } from './index-definition.ts'
import { encodeKeyInfo } from './keys.ts'
import { fieldOf, isIndex } from './paths.ts'
import { isDocument } from './values.ts'

/** Longest `_id` part of a key; longer ones end in a digest of the whole. */
const ID_LIMIT = 512

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

const NONE: IndexEntries = { entries: new Map(), multikey: false }

/** The part of a document's key that stands for its `_id`. */
export function encodeId(id: unknown): Buffer {
  const { key, cut } = encodeKeyInfo([id], [1], ID_LIMIT)
  if (!cut) return key
  const whole = encodeKeyInfo([id], [1], Number.MAX_SAFE_INTEGER).key
  return Buffer.concat([key.subarray(0, ID_LIMIT - 32), createHash('sha256').update(whole).digest()])
}

interface Walk {
  readonly value: unknown
  readonly parts: readonly string[]
  /** An element of an array at the end of the path: a value as it is, arrays included. */
  readonly element?: boolean
  /** The field is not there, which a sparse index leaves out. */
  readonly missing?: boolean
}

/**
 * The entries that a document has in an index: one for each element of an array, none where the index is sparse or
 * partial and the document is not part of it. Throws MongoError 171 for two arrays side by side.
 */
export function entriesOf(index: Index, doc: Document): IndexEntries {
  if (index.partial && !index.partial.matcher.test(doc)) return NONE
  const entries = new Map<string, IndexEntry>()
  let multikey = false

  function expand(walks: readonly Walk[]): void {
    const reached = walks.map(step)
    const pending = reached.find(walk => Array.isArray(walk.value) && !walk.element)
    if (!pending) {
      if (index.sparse && reached.every(walk => walk.missing)) return
      add(reached.map(walk => (walk.missing ? null : walk.value)))
      return
    }
    multikey = true
    const array = pending.value as unknown[]
    const parallel = reached.find(walk => Array.isArray(walk.value) && !walk.element && walk.value !== array)
    if (parallel) {
      const names = index.fields.map(field => field.parts[0]).join('] [')
      throw new MongoError(171, 'CannotIndexParallelArrays', `cannot index parallel arrays [${names}]`)
    }
    const elements = array.length === 0 ? [undefined] : array
    for (const element of elements) {
      expand(reached.map(walk => (walk.value === array && !walk.element ? into(walk, element) : walk)))
    }
  }

  function add(values: unknown[]): void {
    const { key, cut } = encodeKeyInfo(values, [...index.directions])
    entries.set(key.toString('latin1'), { key, cut, values })
  }

  expand(index.fields.map(field => ({ value: doc, parts: field.parts })))
  return { entries, multikey }
}

function step(walk: Walk): Walk {
  if (walk.element || walk.missing) return walk
  let { value } = walk
  let at = 0
  const { parts } = walk
  while (at < parts.length) {
    const part = parts[at] as string
    if (Array.isArray(value)) {
      if (!isIndex(part) || Number(part) >= value.length) break
      value = value[Number(part)]
    } else value = fieldOf(value, part)
    at += 1
    if (value === undefined) return { value: undefined, parts: [], missing: true }
  }
  return { value, parts: parts.slice(at) }
}

/** Goes on from an array of the path into one of its elements. */
function into(walk: Walk, element: unknown): Walk {
  if (walk.parts.length === 0) return { value: element, parts: [], element: true }
  if (isDocument(element)) return { value: element, parts: walk.parts }
  return { value: undefined, parts: [], missing: true }
}
