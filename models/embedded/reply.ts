import { type Document, serialize } from 'bson'
import { isDocument } from './values.ts'

/** A document of a reply whose BSON is at hand already. */
export class RawDocument {
  readonly bytes: Uint8Array
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
  }
}

/** An array of a reply whose elements are documents in BSON. */
export class RawDocuments {
  readonly items: readonly Uint8Array[]
  constructor(items: readonly Uint8Array[]) {
    this.items = items
  }
}

const END = Buffer.from([0])
const TYPE_DOCUMENT = 3
const TYPE_ARRAY = 4

/**
 * Encodes a reply as BSON, in pieces to be concatenated. RawDocument and RawDocuments may stand at the top and one
 * level below it (the `cursor` of a reply); their bytes are taken as they are.
 */
export function encodeReply(reply: Document): Uint8Array[] {
  const pieces: Uint8Array[] = []
  appendDocument(pieces, reply)
  return pieces
}

function appendDocument(pieces: Uint8Array[], doc: Document): number {
  const head = Buffer.allocUnsafe(4)
  pieces.push(head)
  let size = 4
  for (const [name, value] of Object.entries(doc)) {
    if (value instanceof RawDocument) {
      size += push(pieces, elementHead(TYPE_DOCUMENT, name)) + push(pieces, value.bytes)
    } else if (value instanceof RawDocuments) {
      size += push(pieces, elementHead(TYPE_ARRAY, name)) + appendArray(pieces, value.items)
    } else if (isDocument(value) && Object.values(value).some(isRaw)) {
      size += push(pieces, elementHead(TYPE_DOCUMENT, name)) + appendDocument(pieces, value)
    } else if (value !== undefined) {
      size += push(pieces, serialize({ [name]: value }, { ignoreUndefined: true }).subarray(4, -1))
    }
  }
  size += push(pieces, END)
  head.writeInt32LE(size)
  return size
}

function appendArray(pieces: Uint8Array[], items: readonly Uint8Array[]): number {
  const head = Buffer.allocUnsafe(4)
  pieces.push(head)
  let size = 4
  for (let i = 0; i < items.length; i++) {
    size += push(pieces, elementHead(TYPE_DOCUMENT, String(i))) + push(pieces, items[i] as Uint8Array)
  }
  size += push(pieces, END)
  head.writeInt32LE(size)
  return size
}

function isRaw(value: unknown): boolean {
  return value instanceof RawDocument || value instanceof RawDocuments
}

function elementHead(type: number, name: string): Buffer {
  return Buffer.from(`${String.fromCharCode(type)}${name}\0`, 'utf8')
}

function push(pieces: Uint8Array[], piece: Uint8Array): number {
  pieces.push(piece)
  return piece.length
}
