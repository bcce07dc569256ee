import { type Document, deserialize, ObjectId, serialize } from 'bson'
import { MongoError, mongoError } from './errors.ts'
import { isDocument, ranks, typeRank } from './values.ts'

/** Largest document that may be stored, in bytes (what `hello` announces). */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024
/** Results of updates and replies may exceed the limit by this many bytes, so that a full document still fits. */
const HEADROOM_BYTES = 16 * 1024
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
 * type survives an update. Throws code 22 for malformed bytes and 15 for more than 100 levels.
 */
export function readDocument(bytes: Uint8Array): Document {
  let doc: Document
  try {
    doc = deserialize(bytes, READ_OPTIONS)
  } catch (cause) {
    if (cause instanceof RangeError) throw tooDeep()
    throw mongoError(22, `Invalid BSON: ${(cause as Error).message}`)
  }
  checkDepth(doc)
  return doc
}

/** Writes a document of the engine's form as BSON. Throws code 10334 when it exceeds 16 MB and the headroom. */
export function writeDocument(doc: Document): Buffer {
  const limit = MAX_DOCUMENT_BYTES + HEADROOM_BYTES
  try {
    const bytes = serialize(doc, { ignoreUndefined: false }) as Buffer
    if (bytes.length <= limit) return bytes
    throw tooLarge(bytes.length)
  } catch (cause) {
    if (cause instanceof MongoError) throw cause
    if (cause instanceof RangeError) throw tooLarge(limit)
    throw mongoError(2, (cause as Error).message)
  }
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
 * Throws code 53 for an array or regular expression as `_id`, 52 for operators in it.
 */
export function withId(doc: Document): Document {
  const { _id: id, ...rest } = doc
  if (id === undefined) return { _id: new ObjectId(), ...rest }
  const kind = typeRank(id)
  if (kind === ranks.array || kind === ranks.regex)
    throw mongoError(53, `The '_id' value cannot be of type ${kind === ranks.array ? 'array' : 'regex'}`)
  if (isDocument(id) && id._bsontype !== 'DBRef' && Object.keys(id).some(name => name.startsWith('$')))
    throw mongoError(52, "_id fields may not contain '$'-prefixed fields")
  return Object.keys(doc)[0] === '_id' ? doc : { _id: id, ...rest }
}

/**
 * Throws code 15 when documents and arrays are nested more than `left` levels deep, 2 for a date that JavaScript has not.
 */
export function checkDepth(value: unknown, left = MAX_DEPTH): void {
  if (value instanceof Date && Number.isNaN(value.getTime())) throw mongoError(2, 'a date is out of range')
  if (typeof value !== 'object' || value === null || (!Array.isArray(value) && !isDocument(value))) return
  if (left < 0) throw tooDeep()
  for (const item of Object.values(value)) checkDepth(item, left - 1)
}

function tooDeep(): MongoError {
  return mongoError(15, `BSONObj exceeds maximum nested object depth: ${MAX_DEPTH}`)
}
