import { type Document, serialize } from 'bson'
import { mongoError } from './errors.ts'

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

const types = { document: 3, array: 4 } as const

/**
 * Encodes a reply as BSON, in pieces to be concatenated. RawDocument and RawDocuments may stand at the top and one
 * level below it (the `cursor` of a reply); their bytes are taken as they are. Throws MongoError 10334 when the rest
 * exceeds 16 MB.
 */
export function encodeReply(reply: Document): Uint8Array[] {
  return framed(Object.entries(reply).flatMap(([name, value]) => element(name, value)))
}

function element(name: string, value: unknown): Uint8Array[] {
  if (value instanceof RawDocument) return [head(types.document, name), value.bytes]
  if (value instanceof RawDocuments) {
    const items = value.items.flatMap((item, i) => [head(types.document, String(i)), item])
    return [head(types.array, name), ...framed(items)]
  }
  if (holdsRaw(value)) return [head(types.document, name), ...encodeReply(value)]
  try {
    return [serialize({ [name]: value }, { ignoreUndefined: true }).subarray(4, -1)]
  } catch (error) {
    throw mongoError(10334, `the reply cannot be sent: ${String(error)}`)
  }
}

/** Only plain objects hold such: no value of BSON has one for a field. */
function holdsRaw(value: unknown): value is Document {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.values(value).some(field => field instanceof RawDocument || field instanceof RawDocuments)
}

function head(type: number, name: string): Buffer {
  return Buffer.from(`${String.fromCharCode(type)}${name}\0`)
}

function framed(elements: readonly Uint8Array[]): Uint8Array[] {
  const size = Buffer.alloc(4)
  size.writeInt32LE(elements.reduce((sum, { length }) => sum + length, 5))
  return [size, ...elements, Buffer.alloc(1)]
}
