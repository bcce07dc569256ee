import { EJSON } from 'bson'
import { type Db, MongoBulkWriteError, MongoServerError } from 'mongodb'
import { collectionNames } from '../collection-names.ts'
import { type ExportedCollection, readManifest, TransferError, type TransferProgress } from './manifest.ts'
import { type ReadDocument, readDocuments, verifyFile } from './verify.ts'

export interface ImportOptions {
  folder: string
  /** Drops the collections of the export first; otherwise the database must hold no document. */
  replace?: boolean
  tell?(progress: TransferProgress): void
}

export interface Imported {
  /** When the export was taken, and of which database. */
  takenAt: string
  database: string
  collections: { collection: string; documents: number; indexes: number }[]
  /** Collections that the export doesn't name; they stay as they were. */
  left: string[]
}

const batchDocuments = 1_000
const batchBytes = 8 * 1024 * 1024
/** Stands in for each collection while its options and indexes are tried. */
const trialName = 'import_trial'
const namespaceNotFound = 26
/** An import that has been told is on the disks of a majority, whatever the connection string says. */
const writeConcern = { w: 'majority', j: true } as const

/**
 * Puts an export into the database, with the exact types and the recorded indexes. All files are verified, and all
 * indexes tried on an empty collection, before anything of the database is touched. Indexes come before documents, so
 * that a document that violates one is named by its line. An import that ended early is repeated with `replace`.
 *
 * @throws TransferError; once documents were written, its message says how many of which collection are in.
 */
export async function importDatabase(
  db: Db,
  { folder, replace = false, tell }: ImportOptions,
): Promise<Imported> {
  const { collections, takenAt, database } = await readManifest(folder)
  for (const collection of collections) await verifyFile(folder, collection, tell)
  const present = await collectionNames(db)
  if (!replace) await refuseDocuments(db, present)
  await tryIndexes(db, collections)

  const written = new Map(collections.map(({ name }) => [name, 0]))
  try {
    for (const collection of collections) await makeCollection(db, collection.name, collection)
    for (const collection of collections) {
      await fillCollection(db, folder, collection, documents => {
        written.set(collection.name, documents)
        const { name, documents: total } = collection
        tell?.({ step: 'import', collection: name, documents, total, ended: documents === total })
      })
    }
  } catch (cause) {
    const inIt = collections.map(({ name, documents }) => `${name} ${written.get(name)} of ${documents}`)
    throw new TransferError(
      `${(cause as Error).message}\nthe import ended early; in the database are ${inIt.join(', ')}; ` +
        'to do it again, use --replace',
      { cause },
    )
  }
  return {
    takenAt,
    database,
    collections: collections.map(({ name, documents, indexes }) => {
      return { collection: name, documents, indexes: indexes.length + 1 }
    }),
    left: present.filter(name => !written.has(name)),
  }
}

async function refuseDocuments(db: Db, names: readonly string[]): Promise<void> {
  for (const name of names) {
    if ((await db.collection(name).findOne({}, { projection: { _id: 1 } })) === null) continue
    throw new TransferError(
      `the database ${db.databaseName} holds documents already (${name}); --replace drops the collections of the export first`,
    )
  }
}

/** An index that this database cannot build must not cost the documents that are there. */
async function tryIndexes(db: Db, collections: readonly ExportedCollection[]): Promise<void> {
  try {
    for (const collection of collections) await makeCollection(db, trialName, collection)
  } finally {
    await dropCollection(db, trialName)
  }
}

/** Makes a collection anew, empty, with the recorded options and indexes. */
async function makeCollection(
  db: Db,
  name: string,
  { name: recorded, options, indexes }: ExportedCollection,
): Promise<void> {
  await dropCollection(db, name)
  try {
    await db.command({ create: name, ...EJSON.deserialize(options, { relaxed: false }), writeConcern })
    if (indexes.length === 0) return
    const specs = indexes.map(spec => EJSON.deserialize(spec, { relaxed: false }))
    await db.command({ createIndexes: name, indexes: specs, writeConcern })
  } catch (cause) {
    if (!(cause instanceof MongoServerError)) throw cause
    const what = `${recorded}, with the indexes ${indexes.map(index => index.name).join(', ')}`
    throw new TransferError(`this database cannot make the collection ${what}: ${cause.message}`, { cause })
  }
}

async function dropCollection(db: Db, name: string): Promise<void> {
  try {
    await db.command({ drop: name })
  } catch (error) {
    if (!(error instanceof MongoServerError) || error.code !== namespaceNotFound) throw error
  }
}

/** Inserts all documents of a collection's file; `tell` hears how many are in. */
async function fillCollection(
  db: Db,
  folder: string,
  collection: ExportedCollection,
  tell: (documents: number) => void,
): Promise<void> {
  let documents = 0
  for await (const batch of batches(readDocuments(folder, collection))) {
    try {
      const list = batch.map(({ document }) => document)
      await db.collection(collection.name).insertMany(list, { ordered: true, writeConcern })
    } catch (cause) {
      if (!(cause instanceof MongoBulkWriteError)) throw cause
      tell(documents + cause.insertedCount)
      const where = `${collection.file} line ${batch[cause.insertedCount]?.line}`
      throw new TransferError(`${where}: ${cause.message}`, { cause })
    }
    documents += batch.length
    tell(documents)
  }
  if (documents === 0) tell(0)
}

/** Documents in groups that one command carries. */
async function* batches(all: AsyncIterable<ReadDocument>): AsyncGenerator<ReadDocument[]> {
  let batch: ReadDocument[] = []
  let bytes = 0
  for await (const one of all) {
    batch.push(one)
    bytes += one.bytes
    if (batch.length < batchDocuments && bytes < batchBytes) continue
    yield batch
    batch = []
    bytes = 0
  }
  if (batch.length > 0) yield batch
}
