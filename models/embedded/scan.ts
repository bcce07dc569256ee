import type { Document } from 'bson'
import { type Collection, documentPrefix, documentRange } from './catalog.ts'
import { readDocument } from './documents.ts'
import { encodeId } from './index-entries.ts'
import type { Matcher } from './match.ts'
import type { Access, IndexAccess } from './plan.ts'
import { documentKey, idKeyOf, type Stored } from './records.ts'
import type { Entry, Range, Store } from './store.ts'

/** What a scan has looked at, for `explain`. */
export interface Examined {
  keys: number
  docs: number
}

/** A document of a scan; its BSON is only read when `doc` is asked for. */
export class Found implements Stored {
  readonly idKey: Buffer
  readonly bytes: Uint8Array
  #doc: Document | undefined

  constructor(idKey: Buffer, bytes: Uint8Array) {
    this.idKey = idKey
    this.bytes = bytes
  }

  get doc(): Document {
    this.#doc ??= readDocument(this.bytes)
    return this.#doc
  }
}

const FIRST_CHUNK = 16
const LARGEST_CHUNK = 1024

/**
 * Yields the documents of an access that match. It reads in chunks and holds nothing of the store in between, so it
 * may rest for as long as a cursor lives and goes on with what is stored then; each document comes at most once.
 */
export function* scan(
  store: Store,
  collection: Collection,
  access: Access,
  matcher: Matcher,
  examined: Examined = { keys: 0, docs: 0 },
): Generator<Found> {
  const exact = access.kind === 'id' && access.exact
  for (const found of fetch(store, collection, access, examined)) {
    if (exact || matcher.test(found.doc)) yield found
  }
}

function* fetch(store: Store, collection: Collection, access: Access, examined: Examined): Generator<Found> {
  switch (access.kind) {
    case 'collection':
      yield* fetchRange(store, collection, documentRange(collection), access.reverse, examined)
      return
    case 'id':
      for (const id of access.ids) {
        const idKey = encodeId(id)
        const bytes = store.get(documentKey(collection, idKey))
        examined.keys += 1
        if (!bytes) continue
        examined.docs += 1
        yield new Found(idKey, bytes)
      }
      return
    case 'index':
      yield* fetchByIndex(store, collection, access, examined)
      return
    case 'union': {
      const seen = new Set<string>()
      for (const branch of access.branches) {
        for (const found of fetch(store, collection, branch, examined)) {
          if (isNew(seen, found.idKey)) yield found
        }
      }
    }
  }
}

function* fetchByIndex(
  store: Store,
  collection: Collection,
  access: IndexAccess,
  examined: Examined,
): Generator<Found> {
  const ranges = access.reverse ? access.ranges.toReversed() : access.ranges
  const seen = access.index.multikey ? new Set<string>() : undefined
  for (const range of ranges) {
    if (access.index.primary) {
      for (const found of fetchRange(store, collection, range, access.reverse, examined)) {
        examined.keys += 1
        yield found
      }
      continue
    }
    for (const entry of readRange(store, range, access.reverse)) {
      examined.keys += 1
      const idKey = idKeyOf(entry)
      if (seen && !isNew(seen, idKey)) continue
      const bytes = store.get(documentKey(collection, idKey))
      if (!bytes) continue
      examined.docs += 1
      yield new Found(idKey, bytes)
    }
  }
}

function* fetchRange(
  store: Store,
  collection: Collection,
  range: Range,
  reverse: boolean,
  examined: Examined,
): Generator<Found> {
  const prefix = documentPrefix(collection).length
  for (const { key, value } of readRange(store, range, reverse)) {
    examined.docs += 1
    yield new Found(key.subarray(prefix), value)
  }
}

/** The entries of a range, read in growing chunks. */
export function* readRange(store: Store, range: Range, reverse = false): Generator<Entry> {
  let { start, end } = range
  let size = FIRST_CHUNK
  for (;;) {
    const chunk = store.entries({ start, end }, size, reverse)
    yield* chunk
    const last = chunk.at(-1)
    if (!last || chunk.length < size) return
    if (reverse) end = last.key
    else start = Buffer.concat([last.key, Buffer.from([0])])
    size = Math.min(size * 4, LARGEST_CHUNK)
  }
}

function isNew(seen: Set<string>, idKey: Buffer): boolean {
  const text = idKey.toString('latin1')
  if (seen.has(text)) return false
  seen.add(text)
  return true
}
