import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Document } from 'bson'
import { fromLine, readLines } from './lines.ts'
import { type ExportedCollection, TransferError, type TransferProgress } from './manifest.ts'

/** A document of an export and where it stands. */
export interface ReadDocument {
  document: Document
  /** From 1. */
  line: number
  /** Of the line. */
  bytes: number
}

/** How many documents lie between two tellings. */
const tellEvery = 1_000

/**
 * Reads the file of a collection through, before anything is written.
 *
 * @throws TransferError when it is missing, cut, changed, or holds other than the manifest says.
 */
export async function verifyFile(
  folder: string,
  collection: ExportedCollection,
  tell?: (progress: TransferProgress) => void,
): Promise<void> {
  const { name, file, bytes, sha256, documents: total } = collection
  const path = join(folder, file)
  const size = await sizeOf(path)
  if (size === undefined) throw new TransferError(`${file} is missing`)
  if (size !== bytes) throw new TransferError(`${file} has ${size} bytes, and ${bytes} in the manifest`)
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) hash.update(chunk)
  if (hash.digest('hex') !== sha256)
    throw new TransferError(`${file} was changed: its sha256 is not the manifest's`)

  let documents = 0
  for await (const _ of readDocuments(folder, collection)) {
    documents += 1
    if (documents % tellEvery === 0)
      tell?.({ step: 'verify', collection: name, documents, total, ended: false })
  }
  if (documents !== total)
    throw new TransferError(`${file} holds ${documents} documents, and ${total} in the manifest`)
  tell?.({ step: 'verify', collection: name, documents, total, ended: true })
}

/** The documents of a collection's file, one at a time. @throws TransferError that names the line of a bad one. */
export async function* readDocuments(
  folder: string,
  { file }: ExportedCollection,
): AsyncGenerator<ReadDocument> {
  let line = 0
  for await (const text of readLines(join(folder, file))) {
    line += 1
    yield { document: parse(text, `${file} line ${line}`), line, bytes: Buffer.byteLength(text) }
  }
}

function parse(text: string, where: string): Document {
  try {
    return fromLine(text)
  } catch (cause) {
    throw new TransferError(`${where} is not a document: ${(cause as Error).message}`, { cause })
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
