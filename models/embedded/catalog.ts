import { type Document, Long } from 'bson'
import { readDocument, writeDocument } from './documents.ts'
import { mongoError } from './errors.ts'
import { defineIndex, type Index, type IndexState } from './index-definition.ts'
import { afterPrefix, rangeOf } from './keys.ts'
import { readRange, type Store } from './store.ts'

/** Version of the stored layout. Data of another one is refused. */
const FORMAT = 2

/** A collection as the server knows it. Objects are replaced, never changed. */
export interface Collection {
  /** Also that of the index over `_id`, which is the order of the documents themselves. */
  readonly id: number
  readonly db: string
  readonly name: string
  readonly indexes: readonly Index[]
}

/** Databases, collections and indexes. Changes must be made inside `store.write`. */
export type Catalog = Awaited<ReturnType<typeof openCatalog>>

/** The state of an index over nothing. */
const fresh: IndexState = { multikey: false, long: false }

const META_KEY = Buffer.from([0])
const COLLECTION_TAG = 1

/**
 * Reads the catalogue of a store, and writes the format version into a new one. Throws an Error when the data was
 * written in another format than this code's.
 */
export async function openCatalog(store: Store) {
  const collections = new Map<string, Collection>()
  const counts = new Map<number, number>()
  let nextId = 1
  // In a write, so that whoever wrote before has finished.
  await store.write(() => void (store.get(META_KEY) ?? saveMeta()))
  load()
  store.onUndo(load)

  function saveMeta(): void {
    store.put(META_KEY, writeDocument({ format: FORMAT, nextId }))
  }

  function load(): void {
    collections.clear()
    counts.clear()
    const { format, nextId: next } = readDocument(
      store.get(META_KEY) ?? writeDocument({ format: FORMAT, nextId }),
    )
    if (Number(format) !== FORMAT)
      throw new Error(
        `the data is of format ${format}, this version reads ${FORMAT}: export it with the version that wrote it, or take an empty folder`,
      )
    nextId = Number(next)
    const tag = Buffer.from([COLLECTION_TAG])
    for (const { value } of readRange(store, { start: tag, end: afterPrefix(tag) })) {
      const { id, db, name, indexes } = readDocument(value)
      const defined = (indexes as Document[]).map(index =>
        defineIndex(Number(index.id), index.spec, index as IndexState),
      )
      collections.set(nameKey(db, name), { id: Number(id), db, name, indexes: defined })
    }
  }

  function takeId(): number {
    nextId += 1
    saveMeta()
    return nextId - 1
  }

  function save(collection: Collection): Collection {
    const { id, db, name } = collection
    const indexes = collection.indexes.map(index => ({
      id: index.id,
      spec: index.spec,
      multikey: index.multikey,
      long: index.long,
    }))
    collections.set(nameKey(db, name), collection)
    store.put(recordKey(db, name), writeDocument({ id: Long.fromNumber(id), db, name, indexes }))
    return collection
  }

  /** Changes the indexes of a collection, which may have been changed since `collection` was looked up. */
  function saveIndexes(
    { db, name }: Pick<Collection, 'db' | 'name'>,
    change: (indexes: readonly Index[]) => Index[],
  ): void {
    const current = catalog.need(db, name)
    save({ ...current, indexes: change(current.indexes) })
  }

  const catalog = {
    find: (db: string, name: string): Collection | undefined => collections.get(nameKey(db, name)),
    /** Finds a collection or throws code 26. */
    need(db: string, name: string): Collection {
      const found = catalog.find(db, name)
      if (found) return found
      throw mongoError(26, `ns does not exist: ${db}.${name}`)
    },
    /** Finds a collection or creates it with its `_id_` index. Throws code 73 for an impossible name. */
    ensure(db: string, name: string): Collection {
      const found = catalog.find(db, name)
      if (found) return found
      checkNames(db, name)
      const id = takeId()
      const primary = defineIndex(id, { v: 2, key: { _id: 1 }, name: '_id_' }, fresh)
      return save({ id, db, name, indexes: [primary] })
    },
    /** Collections of a database by name. */
    list: (db: string): Collection[] =>
      catalog
        .all()
        .filter(one => one.db === db)
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    all: (): Collection[] => [...collections.values()],
    databases: (): string[] => [...new Set(catalog.all().map(({ db }) => db))].sort(),
    drop({ id, db, name, indexes }: Collection): void {
      for (const index of indexes) store.removeRange(rangeOf(index))
      counts.delete(id)
      collections.delete(nameKey(db, name))
      store.remove(recordKey(db, name))
    },
    /** Adds an index definition (no entries). */
    addIndex(collection: Collection, spec: Document): Index {
      const index = defineIndex(takeId(), spec, fresh)
      saveIndexes(collection, indexes => [...indexes, index])
      return index
    },
    /** Removes an index and its entries. */
    dropIndex(collection: Collection, index: Index): void {
      store.removeRange(rangeOf(index))
      saveIndexes(collection, indexes => indexes.filter(({ id }) => id !== index.id))
    },
    /** Remembers what an index has become by a document. */
    note({ db, name }: Collection, { id, ...seen }: Index, { multikey, long }: IndexState): void {
      if (seen.multikey >= multikey && seen.long >= long) return
      const index = catalog.need(db, name).indexes.find(one => one.id === id)
      if (!index || (index.multikey >= multikey && index.long >= long)) return
      const changed = { ...index, multikey: index.multikey || multikey, long: index.long || long }
      saveIndexes({ db, name }, indexes => indexes.map(one => (one.id === id ? changed : one)))
    },
    /** Number of documents; counted once, then kept. */
    count(collection: Collection): number {
      const count = counts.get(collection.id) ?? store.count(rangeOf(collection))
      counts.set(collection.id, count)
      return count
    },
    /** Tells the catalogue that documents were added or removed. */
    adjustCount({ id }: Collection, difference: number): void {
      const count = counts.get(id)
      if (count !== undefined) counts.set(id, count + difference)
    },
  }
  return catalog
}

/** Finds a collection to read from; one that does not exist is as good as an empty one. */
export function readable(catalog: Catalog, db: string, name: string): Collection {
  return catalog.find(db, name) ?? { id: 0, db, name, indexes: [] }
}

const nameKey = (db: string, name: string): string => `${db}\0${name}`

const recordKey = (db: string, name: string): Buffer =>
  Buffer.concat([Buffer.from([COLLECTION_TAG]), Buffer.from(nameKey(db, name), 'utf8')])

const MAX_DATABASE_BYTES = 63
const MAX_NAMESPACE_BYTES = 255

function checkNames(db: string, name: string): void {
  const valid =
    /^[^\s/\\."$\0]+$/.test(db) &&
    /^(?!\.|system\.)[^$\0]+(?<!\.)$/.test(name) &&
    Buffer.byteLength(db) <= MAX_DATABASE_BYTES &&
    Buffer.byteLength(`${db}.${name}`) <= MAX_NAMESPACE_BYTES
  if (!valid) throw mongoError(73, `Invalid namespace specified '${db}.${name}'`)
}
