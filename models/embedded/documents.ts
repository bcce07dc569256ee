import { type Document, deserialize, ObjectId, serialize } from 'bson'
import { MongoError, mongoError } from './errors.ts'
import { isDocument, ranks, typeRank } from './values.ts'

/** Largest document that may be stored, in bytes (what `hello` announces). */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
/** Results of updates and replies may exceed the limit by this many bytes, so that a full document still fits. */
export const DOCUMENT_HEADROOM_BYTES = 16 * 1024
/** Deepest nesting of a document or command. */
export const MAX_DEPTH = 100

const READ_OPTIONS = {
  promoteValues: false,
  promoteLongs: false,
  promoteBuffers: false,
  bsonRegExp: true,
  validation: { utf8: false },
} as const

/**
 * Reads BSON in the form the engine works on: Int32, Double, Long, Decimal128 and Binary stay wrapped so that their
 * type survives an update. Throws MongoError 22 (InvalidBSON) for malformed bytes and 15 (Overflow) for more than
 * 100 levels.
 */
export function readDocument(bytes: Uint8Array): Document {
  let doc: Document
  try {
    doc = deserialize(bytes, READ_OPTIONS)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep()
    throw mongoError(22, `Invalid BSON: ${(cause as Error).message}`)
  }
  checkDepth(doc, MAX_DEPTH)
  return doc
}

/** Writes a document of the engine's form as BSON. Throws MongoError 10334 when it exceeds 16 MB and the headroom. */
export function writeDocument(doc: Document): Buffer {
  let bytes: Buffer
  try {
    bytes = serialize(doc, { ignoreUndefined: false }) as Buffer
  } catch (cause) {
    if (cause instanceof MongoError) throw cause
    if (cause instanceof RangeError) throw tooLarge(MAX_DOCUMENT_BYTES + DOCUMENT_HEADROOM_BYTES)
    throw mongoError(2, (cause as Error).message)
  }
  if (bytes.length > MAX_DOCUMENT_BYTES + DOCUMENT_HEADROOM_BYTES) throw tooLarge(bytes.length)
  return bytes
}

/** The error MongoDB gives for a document of `size` bytes that is too large. */
export function tooLarge(size: number): MongoError {
  return mongoError(
    10334,
    `BSONObj size: ${size} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}(16MB)`,
  )
}

/**
 * Gives a document to be inserted its `_id`, as the first field. Returns the same object when nothing is to change.
 * Throws MongoError 53 for an array or regular expression as `_id`.
 */
export function withId(doc: Document): Document {
  const id: unknown = doc._id
  if (id === undefined) {
    const { _id: _missing, ...rest } = doc
    return { _id: new ObjectId(), ...rest }
  }
  const kind = Array.isArray(id) ? 'array' : typeRank(id) === ranks.regex ? 'regex' : undefined
  if (kind) throw mongoError(53, `The '_id' value cannot be of type ${kind}`)
  const dollar = isDocument(id) && Object.keys(id).find(name => name.startsWith('$'))
  if (dollar && id._bsontype !== 'DBRef') {
    throw mongoError(
      52,
      `_id fields may not contain '$'-prefixed fields: ${dollar} is not valid for storage.`,
    )
  }
  if (Object.keys(doc)[0] === '_id') return doc
  return { _id: id, ...doc }
}

function checkDepth(value: unknown, left: number): void {
  if (typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    if (left < 0) throw tooDeep()
    for (const item of value) if (typeof item === 'object') checkDepth(item, left - 1)
    return
  }
  if (!isDocument(value)) return
  if (left < 0) throw tooDeep()
  for (const key in value) {
    const item: unknown = value[key]
    if (typeof item === 'object') checkDepth(item, left - 1)
  }
}

function tooDeep(): MongoError {
  return mongoError(15, `BSONObj exceeds maximum nested object depth: ${MAX_DEPTH}`)
}
