import { createReadStream } from 'node:fs'
import { type Document, deserialize, EJSON, serialize } from 'bson'
import { TransferError } from './manifest.ts'

/** A document of 16 MB becomes no longer than this in Extended JSON, in bytes. */
const maxLineBytes = 256 * 1024 * 1024
const lineFeed = 0x0a

/** Every type as it is stored: nothing becomes a number, a Buffer or a RegExp of JavaScript on the way. */
const asStored = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  validation: { utf8: false },
} as const

/**
 * A stored document as one line of canonical Extended JSON. `exact` is false where the line would not be read back to
 * the same bytes, as for a sub-document that looks like Extended JSON itself.
 */
export function toLine(stored: Uint8Array): { line: string; exact: boolean } {
  const line = EJSON.stringify(deserialize(stored, asStored), { relaxed: false })
  return { line, exact: Buffer.from(stored).equals(serialize(fromLine(line), { ignoreUndefined: false })) }
}

/** The `_id` of a stored document, for people; also where its text is no UTF-8. */
export const idOf = (stored: Uint8Array): string => EJSON.stringify(deserialize(stored, asStored)._id)

/** The document of a line, with its exact types. @throws Error when it is none, or has no `_id`. */
export function fromLine(line: string): Document {
  const document: unknown = EJSON.parse(line, { relaxed: false })
  if (typeof document !== 'object' || document === null || !Object.hasOwn(document, '_id'))
    throw new TransferError('it is no object with an _id')
  return document
}

/**
 * The lines of a file, one in memory at a time. A line separator inside a string (U+2028) ends none, as it would with
 * `node:readline`. @throws TransferError for a line of more than 256 MB.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  let begun: Buffer[] = []
  let begunBytes = 0
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let from = 0
    for (let to = chunk.indexOf(lineFeed); to >= 0; to = chunk.indexOf(lineFeed, from)) {
      yield Buffer.concat([...begun, chunk.subarray(from, to)]).toString()
      begun = []
      begunBytes = 0
      from = to + 1
    }
    if (from === chunk.length) continue
    begun.push(chunk.subarray(from))
    begunBytes += chunk.length - from
    if (begunBytes > maxLineBytes) throw new TransferError(`${path} has a line of more than 256 MB`)
  }
  if (begun.length > 0) yield Buffer.concat(begun).toString()
}
