import { type Document, serialize } from 'bson'
import { mongoError } from './errors.ts'

/** Largest message accepted, in bytes (`maxMessageSizeBytes` of `hello`). */
export const MAX_MESSAGE_BYTES = 48_000_000
/** Most documents of one command (`maxWriteBatchSize` of `hello`). */
export const MAX_BATCH = 100_000
/** Largest command besides such documents: one of 16 MB and what goes with it. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024 + 16 * 1024

const HEADER_BYTES = 16
const opCodes = { reply: 1, query: 2004, msg: 2013 } as const
/** Of the bits 0 to 15, those that are unknown make a message unreadable; the others may be ignored. */
const flags = { checksum: 1, moreToCome: 2, unknown: 0xfffc } as const

/** The bytes do not follow MongoDB's wire protocol; the connection cannot go on. */
export class WireError extends Error {
  readonly code = 'EMBEDDED_WIRE'
  override name = 'WireError'
}

function demand(met: boolean, otherwise: string): asserts met {
  if (!met) throw new WireError(otherwise)
}

/** One command as it came over a connection. */
export interface Request {
  readonly id: number
  /** BSON of the command: its first key is the command's name, `$db` its database. */
  readonly body: Buffer
  /** Documents of kind-1 sections by name, as raw BSON (`documents` of an insert, `updates`, `deletes`). */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>
  /** The client wants no answer. */
  readonly silent: boolean
  /** Came as OP_QUERY, has no `$db` as it is for `admin`, and is answered by OP_REPLY. */
  readonly legacy: boolean
}

/**
 * Makes a function that takes a chunk of a stream and returns the messages that are complete with it. It holds one
 * incomplete message, in at most twice the bytes that have come of it. Throws WireError for an impossible length.
 */
export function createFramer(): (chunk: Buffer) => Buffer[] {
  let held: Buffer = Buffer.alloc(0)
  let filled = 0
  return chunk => {
    const size = filled + chunk.length
    if (filled > 0) {
      // Doubled, so that all the copying is linear however small the chunks are.
      if (size > held.length) held = Buffer.concat([held.subarray(0, filled)], Math.max(size, 2 * filled))
      chunk.copy(held, filled)
    }
    const bytes = filled > 0 ? held.subarray(0, size) : chunk
    const messages: Buffer[] = []
    let at = 0
    while (size - at >= 4) {
      const length = bytes.readInt32LE(at)
      demand(length >= HEADER_BYTES && length <= MAX_MESSAGE_BYTES, 'message length is out of range')
      if (size - at < length) break
      messages.push(bytes.subarray(at, at + length))
      at += length
    }
    if (at > 0 || filled === 0) held = Buffer.from(bytes.subarray(at))
    filled = size - at
    return messages
  }
}

/** Reads one whole message, but none of the BSON in it. Throws WireError. */
export function parseMessage(message: Buffer): Request {
  const opCode = message.readInt32LE(12)
  demand(opCode === opCodes.msg || opCode === opCodes.query, 'unsupported opcode')
  return opCode === opCodes.msg ? parseSections(message) : parseQuery(message)
}

function parseSections(message: Buffer): Request {
  demand(message.length >= HEADER_BYTES + 4, 'message is too short')
  const set = message.readUInt32LE(HEADER_BYTES)
  demand((set & flags.unknown) === 0, 'unknown required flag bits')
  const end = message.length - (set & flags.checksum ? 4 : 0)
  const sequences = new Map<string, readonly Buffer[]>()
  let body: Buffer | undefined
  let at = HEADER_BYTES + 4
  while (at < end) {
    const kind = message[at]
    const section = sized(message, at + 1, end)
    if (kind === 1) {
      const nameEnd = section.indexOf(0, 4)
      const name = section.toString('utf8', 4, nameEnd)
      demand(nameEnd > 0 && !sequences.has(name), 'document sequence without a name of its own')
      sequences.set(name, splitDocuments(section, nameEnd + 1))
    } else {
      demand(kind === 0 && !body, 'section is of no known kind or a second body')
      body = section
    }
    at += 1 + section.length
  }
  demand(body !== undefined, 'message has no body')
  const silent = (set & flags.moreToCome) !== 0
  return { id: message.readInt32LE(4), body, sequences, silent, legacy: false }
}

function parseQuery(message: Buffer): Request {
  const name = 'admin.$cmd\0'
  demand(message.toString('latin1', 20, 20 + name.length) === name, 'only commands are accepted as OP_QUERY')
  // Between name and command stand how many documents to skip and to return.
  const body = sized(message, 20 + name.length + 8, message.length)
  return { id: message.readInt32LE(4), body, sequences: new Map(), silent: false, legacy: true }
}

function splitDocuments(section: Buffer, from: number): Buffer[] {
  const documents: Buffer[] = []
  let at = from
  while (at < section.length) {
    demand(documents.length < MAX_BATCH, 'too many documents in one command')
    const document = sized(section, at, section.length)
    documents.push(document)
    at += document.length
  }
  return documents
}

/** What begins at `at` with its own length, as documents and sections do. */
function sized(bytes: Buffer, at: number, end: number): Buffer {
  const size = at + 4 > end ? 0 : bytes.readInt32LE(at)
  demand(size >= 5 && at + size <= end, 'section length is out of range')
  return bytes.subarray(at, at + size)
}

let nextReplyId = 1

/** Encodes the answer to a request, as OP_REPLY for OP_QUERY and OP_MSG otherwise. */
export function encodeMessage({ id, legacy }: Pick<Request, 'id' | 'legacy'>, reply: Document): Buffer {
  const head = Buffer.alloc(HEADER_BYTES + (legacy ? 20 : 5))
  const message = Buffer.concat([head, ...encodeDocument(reply)])
  message.writeInt32LE(message.length, 0)
  message.writeInt32LE(nextReplyId++ & 0x7fffffff, 4)
  message.writeInt32LE(id, 8)
  message.writeInt32LE(legacy ? opCodes.reply : opCodes.msg, 12)
  // Number of documents; flags, cursor and start stay 0.
  if (legacy) message.writeInt32LE(1, 32)
  return message
}

const types = { document: 3, array: 4 } as const

/**
 * A reply as BSON, in pieces to be concatenated. Bytes are a document in BSON, and those in a list a document each: they
 * are taken as they are. Throws MongoError 10334 when the rest exceeds 16 MB.
 */
function encodeDocument(reply: Document): Uint8Array[] {
  const elements = Object.entries(reply).flatMap(([name, value]) => {
    if (name === 'cursor') return [head(types.document, name), ...encodeDocument(value)]
    if (value instanceof Uint8Array) return [head(types.document, name), value]
    if (Array.isArray(value) && value[0] instanceof Uint8Array) {
      return [
        head(types.array, name),
        ...framed(value.flatMap((one, i) => [head(types.document, `${i}`), one])),
      ]
    }
    try {
      return [serialize({ [name]: value }, { ignoreUndefined: true }).subarray(4, -1)]
    } catch (error) {
      throw mongoError(10334, `the reply cannot be sent: ${String(error)}`)
    }
  })
  return framed(elements)
}

function head(type: number, name: string): Buffer {
  return Buffer.from(`${String.fromCharCode(type)}${name}\0`)
}

function framed(elements: readonly Uint8Array[]): Uint8Array[] {
  const size = Buffer.alloc(4)
  size.writeInt32LE(elements.reduce((sum, { length }) => sum + length, 5))
  return [size, ...elements, Buffer.alloc(1)]
}
