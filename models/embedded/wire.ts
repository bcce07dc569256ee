import type { Document } from 'bson'
import { readDocument } from './documents.ts'
import { encodeReply } from './reply.ts'

/** Largest message accepted, in bytes (`maxMessageSizeBytes` of `hello`). */
export const MAX_MESSAGE_BYTES = 48_000_000

const HEADER_BYTES = 16
const OP_REPLY = 1
const OP_QUERY = 2004
const OP_MSG = 2013
const FLAG_CHECKSUM = 1
const FLAG_MORE_TO_COME = 2
/** Bits 0 to 15 must be known to the server; a set bit that is not makes the message unreadable. */
const REQUIRED_FLAGS = 0xffff
const AWAIT_CAPABLE = 8

/** The bytes do not follow MongoDB's wire protocol; the connection cannot go on. */
export class WireError extends Error {
  readonly code = 'EMBEDDED_WIRE'
  override name = 'WireError'
}

/** One command as it came over a connection. */
export interface Request {
  readonly id: number
  /** The command document; its first key is the command's name, `$db` its database. */
  readonly body: Document
  /** Documents of kind-1 sections by name, as raw BSON (`documents` of an insert, `updates`, `deletes`). */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>
  /** The client wants no answer. */
  readonly silent: boolean
  /** Came as OP_QUERY and is answered by OP_REPLY. */
  readonly legacy: boolean
}

/** Cuts a byte stream into whole messages. */
export interface Framer {
  /** Takes a chunk and returns the messages that are complete with it. Throws WireError for an impossible length. */
  push(chunk: Buffer): Buffer[]
}

/** Makes a framer; it holds at most one incomplete message. */
export function createFramer(): Framer {
  let held: Buffer[] = []
  let heldBytes = 0
  let wanted = HEADER_BYTES
  return {
    push(chunk) {
      held.push(chunk)
      heldBytes += chunk.length
      const messages: Buffer[] = []
      while (heldBytes >= wanted) {
        const all = held.length === 1 ? (held[0] as Buffer) : Buffer.concat(held, heldBytes)
        const length = all.readInt32LE(0)
        if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES) {
          throw new WireError(`message length ${length} is out of range`)
        }
        if (all.length < length) {
          held = [all]
          wanted = length
          break
        }
        messages.push(all.subarray(0, length))
        const rest = all.subarray(length)
        held = rest.length > 0 ? [rest] : []
        heldBytes = rest.length
        wanted = HEADER_BYTES
      }
      return messages
    },
  }
}

/** Reads one whole message. Throws WireError when it is malformed, MongoError when only its BSON is. */
export function parseMessage(message: Buffer): Request {
  const opCode = message.readInt32LE(12)
  const id = message.readInt32LE(4)
  if (opCode === OP_MSG) return parseOpMsg(message, id)
  if (opCode === OP_QUERY) return parseOpQuery(message, id)
  throw new WireError(`unsupported opcode ${opCode}`)
}

function parseOpMsg(message: Buffer, id: number): Request {
  if (message.length < HEADER_BYTES + 5) throw new WireError('message is too short')
  const flags = message.readUInt32LE(HEADER_BYTES)
  if (flags & REQUIRED_FLAGS & ~(FLAG_CHECKSUM | FLAG_MORE_TO_COME)) {
    throw new WireError(`unknown required flag bits ${flags}`)
  }
  const end = message.length - (flags & FLAG_CHECKSUM ? 4 : 0)
  let at = HEADER_BYTES + 4
  let body: Buffer | undefined
  const sequences = new Map<string, Buffer[]>()
  while (at < end) {
    const kind = message[at]
    const size = sizeAt(message, at + 1, end)
    if (kind === 0) {
      if (body) throw new WireError('message has two bodies')
      body = message.subarray(at + 1, at + 1 + size)
    } else if (kind === 1) {
      const section = message.subarray(at + 5, at + 1 + size)
      const nameEnd = section.indexOf(0)
      if (nameEnd < 0) throw new WireError('document sequence without a name')
      const name = section.toString('utf8', 0, nameEnd)
      if (sequences.has(name)) throw new WireError(`document sequence ${name} occurs twice`)
      sequences.set(name, splitDocuments(section, nameEnd + 1))
    } else throw new WireError(`unknown section kind ${kind}`)
    at += 1 + size
  }
  if (!body) throw new WireError('message has no body')
  return {
    id,
    body: readDocument(body),
    sequences,
    silent: (flags & FLAG_MORE_TO_COME) !== 0,
    legacy: false,
  }
}

function parseOpQuery(message: Buffer, id: number): Request {
  const nameStart = HEADER_BYTES + 4
  const nameEnd = message.indexOf(0, nameStart)
  if (nameEnd < 0) throw new WireError('query without a collection name')
  const collection = message.toString('utf8', nameStart, nameEnd)
  if (!collection.endsWith('.$cmd')) throw new WireError('only commands are accepted as OP_QUERY')
  const at = nameEnd + 9
  const size = sizeAt(message, at, message.length)
  const body = readDocument(message.subarray(at, at + size))
  return {
    id,
    body: { ...body, $db: collection.slice(0, -5) },
    sequences: new Map(),
    silent: false,
    legacy: true,
  }
}

function splitDocuments(section: Buffer, from: number): Buffer[] {
  const documents: Buffer[] = []
  let at = from
  while (at < section.length) {
    const size = sizeAt(section, at, section.length)
    documents.push(section.subarray(at, at + size))
    at += size
  }
  return documents
}

function sizeAt(bytes: Buffer, at: number, end: number): number {
  if (at + 4 > end) throw new WireError('section is cut off')
  const size = bytes.readInt32LE(at)
  if (size < 5 || at + size > end) throw new WireError(`section length ${size} is out of range`)
  return size
}

let nextReplyId = 1

/** Encodes the answer to a request, as OP_REPLY for OP_QUERY and OP_MSG otherwise. */
export function encodeMessage(request: { id: number; legacy: boolean }, reply: Document): Buffer {
  const pieces = encodeReply(reply)
  const head = Buffer.alloc(request.legacy ? HEADER_BYTES + 20 : HEADER_BYTES + 5)
  let size = head.length
  for (const piece of pieces) size += piece.length
  head.writeInt32LE(size, 0)
  head.writeInt32LE(nextReplyId++ & 0x7fffffff, 4)
  head.writeInt32LE(request.id, 8)
  head.writeInt32LE(request.legacy ? OP_REPLY : OP_MSG, 12)
  if (request.legacy) {
    head.writeInt32LE(AWAIT_CAPABLE, 16)
    head.writeInt32LE(1, 32)
  }
  return Buffer.concat([head, ...pieces], size)
}
