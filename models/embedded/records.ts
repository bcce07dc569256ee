import type { Document, ObjectId } from 'bson'
import type { Catalog, Collection } from './catalog.ts'
import { MAX_DOCUMENT_BYTES, readDocument, tooLarge, withId, writeDocument } from './documents.ts'
import { type MongoError, mongoError } from './errors.ts'
import type { Index } from './index-definition.ts'
import { entriesOf, type IndexEntry } from './index-entries.ts'
import { afterPrefix, encodeId, ID_LIMIT, losesOrder, PREFIX_BYTES, prefixOf, rangeOf } from './keys.ts'
import { type Entry, readRange, type Store } from './store.ts'
import { describe } from './types.ts'

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
export type Records = ReturnType<typeof createRecords>

/** The key of a document. */
export function documentKey(collection: { id: number }, idKey: Uint8Array): Buffer {
  return Buffer.concat([prefixOf(collection), idKey])
}

/** The `idKey` of the document that an index entry is about: where it begins in the key, the value tells. */
export function idKeyOf(entry: Entry): Buffer {
  return entry.key.subarray(entry.value.readUInt16BE(0))
}

/** The stored form of an index entry of a document. */
export function storedEntry(index: Index, { key }: IndexEntry, idKey: Buffer): Entry {
  const value = Buffer.alloc(2)
  value.writeUInt16BE(PREFIX_BYTES + key.length)
  return { key: Buffer.concat([prefixOf(index), key, idKey]), value }
}

/** Makes the writer of documents for a store and its catalogue. */
export function createRecords(store: Store, catalog: Catalog) {
  /** Works out what a document's change means for the indexes, checks uniqueness, and returns how to write it. */
  function prepare(
    collection: Collection,
    idKey: Buffer,
    before: Document | undefined,
    after: Document | undefined,
  ): () => void {
    const steps = collection.indexes
      .filter(index => !index.primary)
      .map(index => {
        const old = before && entriesOf(index, before).entries
        const fresh = after && entriesOf(index, after)
        const added = [...(fresh?.entries ?? [])].filter(([key]) => !old?.has(key))
        if (index.unique) for (const [, entry] of added) checkUnique(collection, index, entry, idKey)
        const removed = [...(old ?? [])].filter(([key]) => !fresh?.entries.has(key))
        return () => {
          if (fresh) catalog.note(collection, index, fresh)
          for (const [, entry] of removed) store.remove(storedEntry(index, entry, idKey).key)
          for (const [, entry] of added) put(index, entry, idKey)
        }
      })
    return () => {
      for (const step of steps) step()
    }
  }

  function put(index: Index, entry: IndexEntry, idKey: Buffer): void {
    const { key, value } = storedEntry(index, entry, idKey)
    store.put(key, value)
  }

  function checkUnique(collection: Collection, index: Index, entry: IndexEntry, idKey: Buffer): void {
    const start = Buffer.concat([prefixOf(index), entry.key])
    const others = store.entries({ start, end: afterPrefix(start) }, 2)
    if (others.some(other => !idKeyOf(other).equals(idKey)))
      throw duplicateKey(collection, index, entry.values)
  }

  return {
    /**
     * Inserts a document. `givenBytes` is its BSON, if at hand and `_id` is its first field; then it is stored as it came.
     * Throws code 11000 for a duplicate key, 10334 when too large, 171 for parallel arrays. Returns the `_id`.
     */
    insert(collection: Collection, given: Document, givenBytes?: Uint8Array): unknown {
      const doc = withId(given)
      const bytes = givenBytes && doc === given ? givenBytes : writeDocument(doc)
      if (bytes.length > MAX_DOCUMENT_BYTES) throw tooLarge(bytes.length)
      const idKey = encodeId(doc._id)
      const key = documentKey(collection, idKey)
      const primary = collection.indexes.find(index => index.primary)
      if (primary && store.get(key)) throw duplicateKey(collection, primary, [doc._id])
      const write = prepare(collection, idKey, undefined, doc)
      if (primary) catalog.note(collection, primary, { multikey: false, long: losesOrder(idKey, ID_LIMIT) })
      store.put(key, bytes)
      write()
      catalog.adjustCount(collection, 1)
      return doc._id
    },
    /** Puts `doc` (with the same `_id`) in the place of a stored one. `bytes` is its BSON, if at hand. Throws as `insert` does. */
    replace(
      collection: Collection,
      { idKey, doc: before }: Stored,
      doc: Document,
      bytes: Uint8Array = writeDocument(doc),
    ): void {
      const write = prepare(collection, idKey, before, doc)
      store.put(documentKey(collection, idKey), bytes)
      write()
    },
    remove(collection: Collection, { idKey, doc }: Stored): void {
      const write = prepare(collection, idKey, doc, undefined)
      store.remove(documentKey(collection, idKey))
      write()
      catalog.adjustCount(collection, -1)
    },
    /** Makes the entries of a new index over all documents. Throws code 11000 when it cannot be unique. */
    build(collection: Collection, index: Index): void {
      for (const { key, value } of readRange(store, rangeOf(collection))) {
        const found = entriesOf(index, readDocument(value))
        catalog.note(collection, index, found)
        const idKey = key.subarray(PREFIX_BYTES)
        for (const entry of found.entries.values()) {
          if (index.unique) checkUnique(collection, index, entry, idKey)
          put(index, entry, idKey)
        }
      }
    },
  }
}

/**
 * The error for a second document with the values of a unique index, in the words that mongoose plugins and log
 * readers look for, with `keyPattern` and `keyValue`.
 */
function duplicateKey({ db, name }: Collection, index: Index, values: readonly unknown[]): MongoError {
  const keyValue = Object.fromEntries(index.fields.map(({ path }, i) => [path, values[i] ?? null]))
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${show(value)}`)
  const message = `E11000 duplicate key error collection: ${db}.${name} index: ${index.name} dup key: { ${shown.join(', ')} }`
  return mongoError(11000, message, { keyPattern: index.spec.key, keyValue })
}

function show(value: unknown): string {
  if (value instanceof Date) return `new Date(${value.getTime()})`
  if ((value as { _bsontype?: string } | null)?._bsontype === 'ObjectId') {
    return `ObjectId('${(value as ObjectId).toHexString()}')`
  }
  return describe(value)
}
