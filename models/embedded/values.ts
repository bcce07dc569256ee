import type { Binary, BSONRegExp, Code, DBRef, Document, ObjectId, Timestamp } from 'bson'
import { numberKey, readNumber } from './numbers.ts'

/**
 * MongoDB's order of the BSON types, by their names: values of different ranks compare by rank alone. All kinds of
 * numbers share one rank, and so do strings and symbols. A missing field ranks before null.
 */
export const ranks = {
  minKey: -1,
  missing: 0,
  null: 5,
  number: 10,
  string: 15,
  object: 20,
  array: 25,
  binData: 30,
  objectId: 35,
  bool: 40,
  date: 45,
  timestamp: 47,
  regex: 50,
  javascript: 60,
  maxKey: 127,
} as const satisfies Record<string, number>

const ranksByName: Record<string, number> = {
  Int32: ranks.number,
  Double: ranks.number,
  Long: ranks.number,
  Decimal128: ranks.number,
  BSONSymbol: ranks.string,
  Binary: ranks.binData,
  ObjectId: ranks.objectId,
  Timestamp: ranks.timestamp,
  BSONRegExp: ranks.regex,
  Code: ranks.javascript,
  MinKey: ranks.minKey,
  MaxKey: ranks.maxKey,
  number: ranks.number,
  bigint: ranks.number,
  string: ranks.string,
  boolean: ranks.bool,
}

/** The rank of a value's type in MongoDB's order (see `ranks`). */
export function typeRank(value: unknown): number {
  if (value === null) return ranks.null
  if (typeof value !== 'object') return ranksByName[typeof value] ?? ranks.missing
  if (Array.isArray(value)) return ranks.array
  if (value instanceof Date) return ranks.date
  const name = (value as { _bsontype?: string })._bsontype
  if (typeof name !== 'string' || Object.hasOwn(value, '_bsontype')) return ranks.object
  return ranksByName[name] ?? ranks.object
}

/** Whether the value is an embedded document (and no array, no wrapper of a scalar). */
export function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && typeRank(value) === ranks.object
}

/** The fields of an embedded document; a DBRef, which `bson` makes of `{$ref, $id}`, is read as the document it is. */
export function fieldsOf(value: Document): Document {
  if (value._bsontype !== 'DBRef' || Object.hasOwn(value, '_bsontype')) return value
  const { collection, oid, db, fields } = value as unknown as DBRef
  return { $ref: collection, $id: oid, ...(db ? { $db: db } : {}), ...fields }
}

const end = Buffer.from([0])

function textKey(text: string): Buffer {
  const escaped = text.includes('\0') ? text.replaceAll('\0', '\0\u{10ffff}') : text
  return Buffer.from(`${escaped}\0\0`, 'utf8')
}

function bigKey(value: bigint): Buffer {
  const key = Buffer.alloc(8)
  key.writeBigUInt64BE(BigInt.asUintN(64, value))
  return key
}

function documentKey(value: Document): Buffer {
  const parts = Object.entries(fieldsOf(value)).flatMap(([name, field]) => {
    const key = valueKey(field)
    return [key.subarray(0, 1), Buffer.from(`${name}\0`, 'utf8'), key.subarray(1)]
  })
  return Buffer.concat([...parts, end])
}

function binaryKey({ buffer, position, sub_type }: Binary): Buffer {
  const head = Buffer.alloc(5, sub_type)
  head.writeUInt32BE(position)
  return Buffer.concat([head, buffer.subarray(0, position)])
}

const payloads: Record<number, (value: never) => Buffer> = {
  [ranks.number]: (value: unknown) => numberKey(readNumber(value) ?? { kind: 'int', value: 0 }),
  [ranks.string]: (value: unknown) => textKey(String(value)),
  [ranks.object]: documentKey,
  [ranks.array]: (value: unknown[]) => Buffer.concat([...value.map(valueKey), end]),
  [ranks.binData]: binaryKey,
  [ranks.objectId]: (value: ObjectId) => Buffer.from(value.id),
  [ranks.bool]: (value: boolean) => Buffer.from([value ? 1 : 0]),
  [ranks.date]: (value: Date) => bigKey(BigInt(value.getTime()) + 2n ** 63n),
  [ranks.timestamp]: (value: Timestamp) => bigKey(value.toBigInt()),
  [ranks.regex]: ({ pattern, options }: BSONRegExp) => Buffer.concat([textKey(pattern), textKey(options)]),
  [ranks.javascript]: ({ code, scope }: Code) => Buffer.concat([textKey(code), documentKey(scope ?? {})]),
}

/** The first byte of a value's key: its type. 0 is left as the end of documents and arrays. */
export const tagOf = (value: unknown): number => typeRank(value) + 2

/**
 * Bytes that `Buffer.compare` orders as MongoDB orders the values: first by type, then by value; numbers of all kinds by
 * their exact value, documents field by field (type, name, value) as stored, arrays element by element. Equal values
 * have equal keys, and no key is the beginning of another.
 */
export function valueKey(value: unknown): Buffer {
  const tag = Buffer.from([tagOf(value)])
  const payload = payloads[typeRank(value)]
  return payload === undefined ? tag : Buffer.concat([tag, payload(value as never)])
}

/** A number that stands for a value of the frequent types within its type; NaN where only the key tells. */
function quick(value: unknown): number {
  if (typeof value === 'number') return value
  if (value instanceof Date) return value.getTime()
  if (typeof value === 'boolean') return Number(value)
  const name = (value as { _bsontype?: string } | null)?._bsontype
  return name === 'Int32' || name === 'Double' ? (value as { value: number }).value : Number.NaN
}

/**
 * Compares any two BSON values in MongoDB's order (see `valueKey`); text by its UTF-8 bytes, not as JavaScript does.
 *
 * @returns a negative number, 0 or a positive number
 */
export function compareValues(a: unknown, b: unknown): number {
  if (a === b) return 0
  const difference = typeRank(a) - typeRank(b)
  if (difference !== 0) return difference
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  const order = quick(a) - quick(b)
  return Number.isNaN(order) ? Buffer.compare(valueKey(a), valueKey(b)) : order || 0
}

/** By the bytes of UTF-8, whose order is that of code points, without making them: a sort compares far more than it holds. */
function compareText(a: string, b: string): number {
  const end = Math.min(a.length, b.length)
  for (let at = 0; at < end; at += 1) {
    const [one, other] = [a.charCodeAt(at), b.charCodeAt(at)]
    if (one !== other) return codePointRank(one) - codePointRank(other)
  }
  return a.length - b.length
}

/** Puts the halves of code points beyond U+FFFF behind all others, where UTF-16 has them before U+E000. */
const codePointRank = (unit: number): number => (unit >= 0xd800 && unit < 0xe000 ? unit + 0x1_0000 : unit)

/** Whether MongoDB takes two values for the same: 1, 1.0 and Decimal128 1.00 are, `{a, b}` and `{b, a}` are not. */
export const equalValues = (a: unknown, b: unknown): boolean => compareValues(a, b) === 0

/** Text that is the same for equal values only. */
export const identityOf = (value: unknown): string =>
  typeof value === 'string' ? `"${value}` : valueKey(value).toString('latin1')
