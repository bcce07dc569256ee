import type { Binary, BSONRegExp, Code, DBRef, Document, ObjectId, Timestamp } from 'bson'
import { compareNumbers, readNumber } from './numbers.ts'

/**
 * MongoDB's order of the BSON types: values of different ranks compare by rank alone. All kinds of numbers share one
 * rank, and so do strings and symbols. A missing field ranks before null.
 */
export const ranks = {
  minKey: -1,
  missing: 0,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binary: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  code: 60,
  codeWithScope: 65,
  maxKey: 127,
} as const satisfies Record<string, number>

const ranksByClass: Record<string, number> = {
  Int32: ranks.number,
  Double: ranks.number,
  Long: ranks.number,
  Decimal128: ranks.number,
  BSONSymbol: ranks.string,
  DBRef: ranks.object,
  Binary: ranks.binary,
  ObjectId: ranks.objectId,
  Timestamp: ranks.timestamp,
  BSONRegExp: ranks.regex,
  MinKey: ranks.minKey,
  MaxKey: ranks.maxKey,
}

const ranksByPrimitive: Record<string, number> = {
  undefined: ranks.missing,
  number: ranks.number,
  bigint: ranks.number,
  string: ranks.string,
  boolean: ranks.bool,
}

/** The rank of a value's type in MongoDB's order (see `ranks`). */
export function typeRank(value: unknown): number {
  if (value === null) return ranks.null
  if (typeof value !== 'object') return ranksByPrimitive[typeof value] ?? ranks.missing
  const bsonType = (value as { _bsontype?: string })._bsontype
  if (typeof bsonType === 'string' && !Object.hasOwn(value, '_bsontype')) {
    if (bsonType === 'Code') return (value as Code).scope ? ranks.codeWithScope : ranks.code
    return ranksByClass[bsonType] ?? ranks.object
  }
  if (Array.isArray(value)) return ranks.array
  if (value instanceof Date) return ranks.date
  if (value instanceof RegExp) return ranks.regex
  return value instanceof Uint8Array ? ranks.binary : ranks.object
}

/** Whether the value is an embedded document (and no array, no wrapper of a scalar). */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && typeRank(value) === ranks.object
}

/** The fields of an embedded document; a DBRef, which `bson` makes of `{$ref, $id}`, is read as the document it is. */
export function fieldsOf(value: Document): Document {
  return value._bsontype === 'DBRef' && !Object.hasOwn(value, '_bsontype')
    ? dbRefFields(value as unknown as DBRef)
    : value
}

function dbRefFields(ref: DBRef): Document {
  return { $ref: ref.collection, $id: ref.oid, ...(ref.db ? { $db: ref.db } : {}), ...ref.fields }
}

/** A string or a symbol as text. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : String(value))

/** The bytes and the subtype of a binary value. */
export function bytesOf(value: unknown): { bytes: Uint8Array; subtype: number } {
  if (value instanceof Uint8Array) return { bytes: value, subtype: 0 }
  const binary = value as Binary
  return { bytes: binary.buffer.subarray(0, binary.position), subtype: binary.sub_type }
}

/** Pattern and options of a regular expression value, whichever class it has. */
export function regexParts(value: unknown): { pattern: string; options: string } {
  if (value instanceof RegExp) return { pattern: value.source, options: value.flags.replace(/[^imsux]/g, '') }
  const { pattern, options } = value as BSONRegExp
  return { pattern, options }
}

/** Compares text by its UTF-8 bytes, which differs from JavaScript's order where surrogates are involved. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) {
      const high = (unit: number) => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit)
      return high(left) < high(right) ? -1 : 1
    }
  }
  return a.length - b.length
}

const byLess = <T>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0)

function compareBinary(a: unknown, b: unknown): number {
  const left = bytesOf(a)
  const right = bytesOf(b)
  return (
    left.bytes.length - right.bytes.length ||
    left.subtype - right.subtype ||
    Buffer.compare(left.bytes, right.bytes)
  )
}

function compareDocuments(a: Document, b: Document): number {
  const left = Object.entries(fieldsOf(a))
  const right = Object.entries(fieldsOf(b))
  const length = Math.min(left.length, right.length)
  for (let i = 0; i < length; i += 1) {
    const [name, value] = left[i] as [string, unknown]
    const [otherName, other] = right[i] as [string, unknown]
    const order =
      typeRank(value) - typeRank(other) || compareText(name, otherName) || compareValues(value, other)
    if (order !== 0) return order
  }
  return left.length - right.length
}

function compareArrays(a: unknown[], b: unknown[]): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i += 1) {
    const order = compareValues(a[i], b[i])
    if (order !== 0) return order
  }
  return a.length - b.length
}

const comparisons: Record<number, (a: never, b: never) => number> = {
  [ranks.string]: (a: unknown, b: unknown) => compareText(textOf(a), textOf(b)),
  [ranks.object]: compareDocuments,
  [ranks.array]: compareArrays,
  [ranks.binary]: compareBinary,
  [ranks.objectId]: (a: ObjectId, b: ObjectId) => Buffer.compare(a.id, b.id),
  [ranks.bool]: byLess<boolean>,
  [ranks.date]: (a: Date, b: Date) => byLess(a.getTime(), b.getTime()),
  [ranks.timestamp]: (a: Timestamp, b: Timestamp) => byLess(a.toBigInt(), b.toBigInt()),
  [ranks.regex]: (a: unknown, b: unknown) => {
    const left = regexParts(a)
    const right = regexParts(b)
    return compareText(left.pattern, right.pattern) || compareText(left.options, right.options)
  },
  [ranks.code]: (a: Code, b: Code) => compareText(a.code, b.code),
  [ranks.codeWithScope]: (a: Code, b: Code) =>
    compareText(a.code, b.code) || compareDocuments(a.scope ?? {}, b.scope ?? {}),
}

/**
 * Compares any two BSON values in MongoDB's order: first by type, then by value. Numbers of all kinds compare
 * exactly; documents field by field (type, name, value) in their stored order; arrays element by element.
 *
 * @returns a negative number, 0 or a positive number
 */
export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0
  const rank = typeRank(a)
  const difference = rank - typeRank(b)
  if (difference !== 0) return difference
  if (rank === ranks.number) {
    const left = readNumber(a)
    const right = readNumber(b)
    return left === undefined || right === undefined ? 0 : compareNumbers(left, right)
  }
  const compare = comparisons[rank]
  return compare === undefined ? 0 : compare(a as never, b as never)
}

/** Whether MongoDB takes two values for the same: 1, 1.0 and Decimal128 1.00 are, `{a, b}` and `{b, a}` are not. */
export const equalValues = (a: unknown, b: unknown): boolean => compareValues(a, b) === 0
