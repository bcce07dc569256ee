import { createHash } from 'node:crypto'
import { mkdir, open, readdir, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, EJSON } from 'bson'
import type { Db } from 'mongodb'
import { isStored } from '../collection-names.ts'
import { idOf, toLine } from './lines.ts'
import {
  type ExportedCollection,
  formatVersion,
  type Manifest,
  manifestName,
  TransferError,
  type TransferProgress,
} from './manifest.ts'

export interface ExportOptions {
  /** Made where it isn't there; must be empty. */
  folder: string
  /** Names of collections; without it, all. */
  only?: readonly string[]
  tell?(progress: TransferProgress): void
}

export interface Exported {
  manifest: Manifest
  /** Documents that would not be read back to the same bytes, the first 100; see `toLine`. */
  inexact: { collection: string; id: string }[]
  /** Views and time series, which are not exported. */
  left: string[]
}

/** Lines are written in pieces of about this size, in bytes. */
const pieceBytes = 1024 * 1024
/** Of documents that don't come back exactly, no more than this are named. */
export const maxInexact = 100
/** Documents that the server sends at once; a reply has 16 MB at most. */
const batchSize = 1_000
/** What is exported is personal data: for the one who asked for it alone. */
const fileMode = 0o600
/** Leases of running instances are about this moment: with them an import would look as if it were in use. */
const leases = 'locks'

/**
 * Writes collections into a folder: one file of canonical Extended JSON each, a document a line, and a manifest, which
 * is written last. Leases are left out unless they are named. What is changed meanwhile by others is in it or not.
 *
 * @throws TransferError when the folder is not empty, a collection isn't there, or a document cannot be written.
 */
export async function exportDatabase(db: Db, { folder, only, tell }: ExportOptions): Promise<Exported> {
  const all = await db.listCollections({}, { nameOnly: false, promoteValues: false }).toArray()
  const stored = all.filter(isStored)
  const names = stored.map(({ name }) => name).sort()
  const unknown = only?.filter(name => !names.includes(name)) ?? []
  if (unknown.length > 0)
    throw new TransferError(`there is no collection ${unknown.join(', ')}; there are ${names.join(', ')}`)

  await mkdir(folder, { recursive: true, mode: 0o700 })
  if ((await readdir(folder)).length > 0) throw new TransferError(`${folder} is not empty`)

  const inexact: Exported['inexact'] = []
  const collections: ExportedCollection[] = []
  for (const name of names.filter(one => only?.includes(one) ?? one !== leases)) {
    const options = stored.find(one => one.name === name)?.options ?? {}
    const written = await writeCollection(db, name, folder, tell, id => {
      if (inexact.length < maxInexact) inexact.push({ collection: name, id })
    })
    collections.push({
      name,
      ...written,
      options: EJSON.serialize(options, { relaxed: false }),
      indexes: await indexesOf(db, name),
    })
  }
  const takenAt = new Date().toISOString()
  const manifest: Manifest = { format: formatVersion, database: db.databaseName, takenAt, collections }
  const part = join(folder, `${manifestName}.part`)
  await writeFile(part, `${JSON.stringify(manifest, null, 2)}\n`, { flag: 'wx', mode: fileMode, flush: true })
  await rename(part, join(folder, manifestName))
  const left = all.filter(one => one.type !== 'collection' && !one.name.startsWith('system.'))
  return { manifest, inexact, left: left.map(({ name }) => name) }
}

/** `createIndexes` makes the index of `_id` by itself, and chooses the version of each. */
async function indexesOf(db: Db, name: string): Promise<Document[]> {
  const indexes = await db.collection(name).listIndexes({ promoteValues: false }).toArray()
  return indexes
    .filter(index => index.name !== '_id_')
    .map(({ v, ns, ...spec }) => EJSON.serialize(spec, { relaxed: false }))
}

/** Writes the documents of one collection, under another name until all are written. */
async function writeCollection(
  db: Db,
  collection: string,
  folder: string,
  tell: ExportOptions['tell'],
  tellInexact: (id: string) => void,
): Promise<Pick<ExportedCollection, 'file' | 'documents' | 'bytes' | 'sha256'>> {
  const total = await db.collection(collection).estimatedDocumentCount()
  const name = `${encodeURIComponent(collection).replaceAll('*', '%2A')}.jsonl`
  const part = join(folder, `${name}.part`)
  const hash = createHash('sha256')
  let documents = 0
  let bytes = 0
  const file = await open(part, 'wx', fileMode)
  try {
    const write = async (lines: readonly string[]): Promise<void> => {
      const piece = Buffer.from(lines.join(''))
      hash.update(piece)
      bytes += piece.length
      await file.appendFile(piece)
      tell?.({ step: 'export', collection, documents, total, ended: false })
    }
    let lines: string[] = []
    let length = 0
    for await (const stored of db.collection(collection).find({}, { raw: true, batchSize })) {
      const { line, exact } = lineOf(collection, stored as unknown as Uint8Array)
      if (!exact) tellInexact(idOf(stored as unknown as Uint8Array))
      documents += 1
      lines.push(`${line}\n`)
      length += line.length
      if (length < pieceBytes) continue
      await write(lines)
      lines = []
      length = 0
    }
    await write(lines)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(part, join(folder, name))
  tell?.({ step: 'export', collection, documents, total: documents, ended: true })
  return { file: name, documents, bytes, sha256: hash.digest('hex') }
}

function lineOf(collection: string, stored: Uint8Array): ReturnType<typeof toLine> {
  try {
    return toLine(stored)
  } catch (cause) {
    const why = (cause as Error).message
    throw new TransferError(`${collection}: document ${idOf(stored)} cannot be written: ${why}`, { cause })
  }
}
