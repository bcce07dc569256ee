import { randomBytes } from 'node:crypto'
import { Binary, type Document, Long } from 'bson'
import { readDocument, writeDocument } from './documents.ts'
import { mongoError } from './errors.ts'
import { defineIndex, type Index, indexRange } from './index-definition.ts'
import { afterPrefix } from './keys.ts'
import type { Range, Store } from './store.ts'

/** Version of the stored layout. Data written by a newer one is refused. */
export const FORMAT = 1

/** A collection as the server knows it. Objects live as long as the collection; `indexes` is replaced on change. */
export interface Collection {
  readonly id: number
  readonly db: string
  readonly name: string
  readonly uuid: Binary
  readonly options: Document
  readonly indexes: readonly Index[]
}

/** Databases, collections and indexes. Changes must be made inside `store.write`. */
export interface Catalog {
  find(db: string, name: string): Collection | undefined
  /** Finds a collection or throws MongoError 26. */
  need(db: string, name: string): Collection
  /** Finds a collection or creates it with its `_id_` index. Throws MongoError 73 for an impossible name. */
  ensure(db: string, name: string, options?: Document): Collection
  /** Collections of a database by name. */
  list(db: string): Collection[]
  /** All collections. */
  all(): Collection[]
  databases(): string[]
  drop(collection: Collection): void
  rename(collection: Collection, db: string, name: string): void
  /** Adds an index definition (no entries); the returned collection carries it. */
  addIndex(collection: Collection, spec: Document): Index
  /** Removes an index and its entries. */
  dropIndex(collection: Collection, index: Index): void
  /** Removes all entries of all indexes, for a collection whose documents have been removed. */
  clearIndexes(collection: Collection): void
  setMultikey(collection: Collection, index: Index): void
  setOptions(collection: Collection, options: Document): Collection
  replaceSpec(collection: Collection, index: Index, spec: Document): void
  /** Number of documents; counted once, then kept. */
  count(collection: Collection): number
  /** Tells the catalogue that documents were added or removed. */
  adjustCount(collection: Collection, difference: number): void
}

const META_KEY = Buffer.from([0])
const COLLECTION_TAG = 1
const DOCUMENT_TAG = 0x10

/** The keys of a collection's documents. */
export function documentRange(collection: { id: number }): Range {
  const start = documentPrefix(collection)
  return { start, end: afterPrefix(start) }
}

/** What every key of a collection's documents begins with. */
export function documentPrefix(collection: { id: number }): Buffer {
  const prefix = Buffer.allocUnsafe(5)
  prefix[0] = DOCUMENT_TAG
  prefix.writeUInt32BE(collection.id, 1)
  return prefix
}

/**
 * Reads the catalogue of a store, and writes the format version into a new one. Throws an Error when the data was
 * written in a newer format than this code knows.
 */
export async function openCatalog(store: Store): Promise<Catalog> {
  const collections = new Map<string, Collection>()
  const counts = new Map<number, number>()
  let nextId = 1
  const stored = store.get(META_KEY)
  if (!stored) await store.write(saveMeta)
  load()
  store.onUndo(load)

  function saveMeta(): void {
    store.put(META_KEY, writeDocument({ format: FORMAT, nextId }))
  }

  function load(): void {
    collections.clear()
    counts.clear()
    const meta = store.get(META_KEY)
    if (!meta) return
    const { format, nextId: next } = readDocument(meta)
    if (Number(format) > FORMAT) {
      throw new Error(
        `the data is of format ${format}, this version reads up to ${FORMAT}: install a newer one`,
      )
    }
    nextId = Number(next)
    const range = { start: Buffer.from([COLLECTION_TAG]), end: Buffer.from([COLLECTION_TAG + 1]) }
    for (const { value } of store.entries(range, Number.MAX_SAFE_INTEGER)) {
      const record = readDocument(value)
      const collection: Collection = {
        id: Number(record.id),
        db: record.db,
        name: record.name,
        uuid: record.uuid,
        options: record.options,
        indexes: (record.indexes as Document[]).map(index =>
          defineIndex(Number(index.id), index.spec, index.multikey),
        ),
      }
      collections.set(nameKey(collection.db, collection.name), collection)
    }
  }

  function takeId(): number {
    const id = nextId++
    saveMeta()
    return id
  }

  function save(collection: Collection): void {
    collections.set(nameKey(collection.db, collection.name), collection)
    const { id, db, name, uuid, options } = collection
    const indexes = collection.indexes.map(({ id, spec, multikey }) => ({ id, spec, multikey }))
    store.put(
      recordKey(db, name),
      writeDocument({ id: Long.fromNumber(id), db, name, uuid, options, indexes }),
    )
  }

  function forget(collection: Collection): void {
    collections.delete(nameKey(collection.db, collection.name))
    store.remove(recordKey(collection.db, collection.name))
  }

  function current(collection: Collection): Collection {
    return collections.get(nameKey(collection.db, collection.name)) ?? collection
  }

  function replaceIndex(collection: Collection, old: Index, fresh: Index): void {
    const now = current(collection)
    save({ ...now, indexes: now.indexes.map(index => (index.id === old.id ? fresh : index)) })
  }

  const catalog: Catalog = {
    find: (db, name) => collections.get(nameKey(db, name)),
    need(db, name) {
      const found = catalog.find(db, name)
      if (!found) throw mongoError(26, `ns does not exist: ${db}.${name}`)
      return found
    },
    ensure(db, name, options = {}) {
      const found = catalog.find(db, name)
      if (found) return found
      checkNames(db, name)
      const id = takeId()
      const uuid = new Binary(uuidBytes(), Binary.SUBTYPE_UUID)
      const primary = defineIndex(takeId(), { v: 2, key: { _id: 1 }, name: '_id_' }, false)
      save({ id, db, name, uuid, options, indexes: [primary] })
      return catalog.need(db, name)
    },
    list: db => [...collections.values()].filter(c => c.db === db).sort((a, b) => (a.name < b.name ? -1 : 1)),
    all: () => [...collections.values()],
    databases: () => [...new Set([...collections.values()].map(c => c.db))].sort(),
    drop(collection) {
      store.removeRange(documentRange(collection))
      for (const index of collection.indexes) store.removeRange(indexRange(index))
      counts.delete(collection.id)
      forget(collection)
    },
    rename(collection, db, name) {
      checkNames(db, name)
      forget(collection)
      save({ ...collection, db, name })
    },
    addIndex(collection, spec) {
      const index = defineIndex(takeId(), spec, false)
      const now = current(collection)
      save({ ...now, indexes: [...now.indexes, index] })
      return index
    },
    dropIndex(collection, index) {
      store.removeRange(indexRange(index))
      const now = current(collection)
      save({ ...now, indexes: now.indexes.filter(other => other.id !== index.id) })
    },
    clearIndexes(collection) {
      for (const index of collection.indexes) store.removeRange(indexRange(index))
    },
    setMultikey: (collection, index) => replaceIndex(collection, index, { ...index, multikey: true }),
    setOptions(collection, options) {
      save({ ...current(collection), options })
      return current(collection)
    },
    replaceSpec: (collection, index, spec) =>
      replaceIndex(collection, index, defineIndex(index.id, spec, index.multikey)),
    count(collection) {
      let count = counts.get(collection.id)
      if (count === undefined) {
        count = store.count(documentRange(collection))
        counts.set(collection.id, count)
      }
      return count
    },
    adjustCount(collection, difference) {
      const count = counts.get(collection.id)
      if (count !== undefined) counts.set(collection.id, count + difference)
    },
  }
  return catalog
}

/** Finds a collection to read from; one that does not exist is as good as an empty one. */
export function readable(catalog: Catalog, db: string, name: string): Collection {
  return catalog.find(db, name) ?? { id: 0, db, name, uuid: new Binary(), options: {}, indexes: [] }
}

function nameKey(db: string, name: string): string {
  return `${db}\0${name}`
}

function recordKey(db: string, name: string): Buffer {
  return Buffer.concat([Buffer.from([COLLECTION_TAG]), Buffer.from(nameKey(db, name), 'utf8')])
}

function uuidBytes(): Buffer {
  const bytes = randomBytes(16)
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
  return bytes
}

const MAX_NAMESPACE_BYTES = 255

function checkNames(db: string, name: string): void {
  const invalid =
    db === '' ||
    /[\s/\\."$\0]/.test(db) ||
    Buffer.byteLength(db) > 63 ||
    name === '' ||
    name.startsWith('.') ||
    name.endsWith('.') ||
    name.startsWith('system.') ||
    /[$\0]/.test(name) ||
    Buffer.byteLength(db) + Buffer.byteLength(name) + 1 > MAX_NAMESPACE_BYTES
  if (invalid) throw mongoError(73, `Invalid namespace specified '${db}.${name}'`)
}
