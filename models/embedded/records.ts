import type { Document } from 'bson'
import { type Catalog, type Collection, documentPrefix, documentRange } from './catalog.ts'
import { MAX_DOCUMENT_BYTES, readDocument, tooLarge, withId, writeDocument } from './documents.ts'
import { duplicateKey } from './duplicate-key.ts'
import { type Index, indexPrefix } from './index-definition.ts'
import { encodeId, entriesOf, type IndexEntry } from './index-entries.ts'
import { afterPrefix } from './keys.ts'
import type { Store } from './store.ts'
import { compareValues } from './values.ts'

/** A stored document as a scan finds it. */
export interface Stored {
  /** The part of the key that stands for `_id`. */
  readonly idKey: Buffer
  readonly bytes: Uint8Array
  readonly doc: Document
}

/**
 * Documents together with their index entries. Each method checks everything before it writes anything, so that an
 * error leaves the document and its entries as they were. To be called inside `store.write`.
 */
export interface Records {
  /**
   * Inserts a document. `bytes` is its BSON, if at hand and `_id` is its first field; then it is stored as it came.
   * Throws MongoError 11000 for a duplicate key, 10334 when too large, 171 for parallel arrays. Returns the `_id`.
   */
  insert(collection: Collection, doc: Document, bytes?: Uint8Array): unknown
  /** Puts `doc` (with the same `_id`) in the place of a stored one. Returns its BSON. Throws as `insert` does. */
  replace(collection: Collection, old: Stored, doc: Document): Uint8Array
  remove(collection: Collection, old: Stored): void
  /** Makes the entries of a new index over all documents. Throws MongoError 11000 when it cannot be unique. */
  build(collection: Collection, index: Index): void
}

const BUILD_CHUNK = 500
const CUT = 0x8000

/** The key of a document. */
export function documentKey(collection: { id: number }, idKey: Uint8Array): Buffer {
  return Buffer.concat([documentPrefix(collection), idKey])
}

/** Where in an index entry's key the document's `idKey` begins, as the entry's value tells. */
export function idKeyOf(entry: { key: Buffer; value: Buffer }): Buffer {
  return entry.key.subarray(entry.value.readUInt16BE(0) & ~CUT)
}

interface IndexChange {
  readonly index: Index
  readonly added: IndexEntry[]
  readonly removed: IndexEntry[]
}

/** Makes the writer of documents for a store and its catalogue. */
export function createRecords(store: Store, catalog: Catalog): Records {
  /** Works out what a document's change means for the indexes. Notes new multikey indexes; checks uniqueness. */
  function plan(
    collection: Collection,
    before: Document | undefined,
    after: Document | undefined,
    idKey: Buffer,
  ): IndexChange[] {
    const changes: IndexChange[] = []
    for (const index of collection.indexes) {
      if (index.primary) continue
      const old = before && entriesOf(index, before).entries
      const fresh = after && entriesOf(index, after)
      const added = [...(fresh?.entries ?? [])].filter(([key]) => !old?.has(key)).map(([, entry]) => entry)
      const removed = [...(old ?? [])].filter(([key]) => !fresh?.entries.has(key)).map(([, entry]) => entry)
      if (index.unique && after) {
        const candidates = fresh ? [...fresh.entries.values()].filter(e => e.cut || added.includes(e)) : []
        for (const entry of candidates) checkUnique(collection, index, entry, idKey)
      }
      changes.push({ index, added, removed })
      if (fresh?.multikey && !index.multikey) catalog.setMultikey(collection, index)
    }
    return changes
  }

  function checkUnique(collection: Collection, index: Index, entry: IndexEntry, idKey: Buffer): void {
    const start = Buffer.concat([indexPrefix(index), entry.key])
    const limit = entry.cut ? Number.MAX_SAFE_INTEGER : 2
    for (const other of store.entries({ start, end: afterPrefix(start) }, limit)) {
      if (other.value.readUInt16BE(0) >= CUT !== entry.cut) continue
      const otherId = idKeyOf(other)
      if (otherId.equals(idKey)) continue
      if (entry.cut && !sharesValues(collection, index, entry, otherId)) continue
      throw duplicateKey(collection, index, entry.values)
    }
  }

  /** Whether another document really has the values of an entry whose key was cut. */
  function sharesValues(collection: Collection, index: Index, entry: IndexEntry, idKey: Buffer): boolean {
    const bytes = store.get(documentKey(collection, idKey))
    if (!bytes) return false
    const others = entriesOf(index, readDocument(bytes)).entries.values()
    return [...others].some(other => compareValues([...other.values], [...entry.values]) === 0)
  }

  function apply(changes: readonly IndexChange[], idKey: Buffer): void {
    for (const { index, added, removed } of changes) {
      const prefix = indexPrefix(index)
      for (const entry of removed) store.remove(Buffer.concat([prefix, entry.key, idKey]))
      for (const entry of added) putEntry(prefix, entry, idKey)
    }
  }

  function putEntry(prefix: Buffer, entry: IndexEntry, idKey: Buffer): void {
    const value = Buffer.allocUnsafe(2)
    value.writeUInt16BE((prefix.length + entry.key.length) | (entry.cut ? CUT : 0))
    store.put(Buffer.concat([prefix, entry.key, idKey]), value)
  }

  return {
    insert(collection, given, givenBytes) {
      const doc = withId(given)
      const bytes = givenBytes && doc === given ? givenBytes : writeDocument(doc)
      if (bytes.length > MAX_DOCUMENT_BYTES) throw tooLarge(bytes.length)
      const idKey = encodeId(doc._id)
      const key = documentKey(collection, idKey)
      if (store.get(key)) throw duplicateKey(collection, primaryOf(collection), [doc._id])
      const changes = plan(collection, undefined, doc, idKey)
      store.put(key, bytes)
      apply(changes, idKey)
      catalog.adjustCount(collection, 1)
      return doc._id
    },
    replace(collection, old, doc) {
      const bytes = writeDocument(doc)
      const changes = plan(collection, old.doc, doc, old.idKey)
      store.put(documentKey(collection, old.idKey), bytes)
      apply(changes, old.idKey)
      return bytes
    },
    remove(collection, old) {
      const changes = plan(collection, old.doc, undefined, old.idKey)
      store.remove(documentKey(collection, old.idKey))
      apply(changes, old.idKey)
      catalog.adjustCount(collection, -1)
    },
    build(collection, index) {
      const prefix = indexPrefix(index)
      const documents = documentPrefix(collection).length
      const { end, ...range } = documentRange(collection)
      let { start } = range
      let multikey = false
      for (;;) {
        const chunk = store.entries({ start, end }, BUILD_CHUNK)
        for (const { key, value } of chunk) {
          const idKey = key.subarray(documents)
          const found = entriesOf(index, readDocument(value))
          multikey ||= found.multikey
          for (const entry of found.entries.values()) {
            if (index.unique) checkUnique(collection, index, entry, idKey)
            putEntry(prefix, entry, idKey)
          }
        }
        const last = chunk.at(-1)
        if (!last || chunk.length < BUILD_CHUNK) break
        start = Buffer.concat([last.key, Buffer.from([0])])
      }
      if (multikey) catalog.setMultikey(collection, index)
    },
  }
}

function primaryOf(collection: Collection): Index {
  return collection.indexes.find(index => index.primary) as Index
}
