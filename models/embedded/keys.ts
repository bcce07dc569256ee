import type { Code, Document, ObjectId, Timestamp } from 'bson'
import { compareDigits, type Digits, digitsOf, readNumber } from './numbers.ts'
import { bytesOf, fieldsOf, ranks, regexParts, textOf, typeRank } from './values.ts'

/** How many bytes a key has at most unless told otherwise: half of what LMDB can, which leaves room around it. */
const keyLimit = 1024

/** The first byte of a value's key: its type. 0 is left as the end of documents and arrays. */
const tagOf = (rank: number): number => rank + 2

type Direction = 1 | -1

function textKey(text: string): Buffer {
  const bytes = Buffer.from(text, 'utf8')
  if (!bytes.includes(0)) return Buffer.concat([bytes, Buffer.from([0, 0])])
  const escaped: number[] = []
  for (const byte of bytes) escaped.push(...(byte === 0 ? [0, 0xff] : [byte]))
  return Buffer.from([...escaped, 0, 0])
}

function doubleKey(value: number): Buffer {
  const key = Buffer.alloc(8)
  if (Number.isNaN(value)) return key
  key.writeDoubleBE(value === 0 ? 0 : value)
  if ((key[0] as number) < 0x80) key[0] = (key[0] as number) | 0x80
  else invert(key)
  return key
}

function invert(bytes: Buffer): Buffer {
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = 0xff - (bytes[i] as number)
  return bytes
}

/**
 * A number is the nearest double, then whether it lies below, on or above that double, then (when not on it) its
 * decimal digits: so all kinds of numbers share one order, and equal ones have equal keys.
 */
function numberKey(value: unknown): Buffer {
  const number = readNumber(value)
  if (number === undefined) throw new TypeError('not a number')
  const nearest = Number(number.value)
  const base = doubleKey(nearest)
  if (number.kind === 'int' || number.kind === 'double') return Buffer.concat([base, onDouble])
  const digits = digitsOf(number)
  if (digits === undefined) return Buffer.concat([base, onDouble])
  const side = sideOf(digits, nearest)
  if (side === 0) return Buffer.concat([base, onDouble])
  const negative = digits.coefficient < 0n
  const text = (negative ? -digits.coefficient : digits.coefficient).toString()
  const exact = Buffer.alloc(2)
  exact.writeUInt16BE(digits.exponent + text.length + 0x8000)
  const key = Buffer.concat([exact, Buffer.from(text.replace(/0+$/, '')), Buffer.from([0])])
  return Buffer.concat([base, Buffer.from([side < 0 ? 1 : 3]), negative ? invert(key) : key])
}

const onDouble = Buffer.from([2])

function sideOf(digits: Digits, nearest: number): number {
  const other = digitsOf({ kind: 'double', value: nearest })
  if (other === undefined) return nearest > 0 ? -1 : 1
  return compareDigits(digits, other)
}

function documentKey(value: Document): Buffer {
  const parts: Buffer[] = []
  for (const [name, field] of Object.entries(fieldsOf(value))) {
    const key = valueKey(field)
    parts.push(key.subarray(0, 1), Buffer.from(`${name}\0`, 'utf8'), key.subarray(1))
  }
  return Buffer.concat([...parts, Buffer.from([0])])
}

function dateKey(value: Date): Buffer {
  const key = Buffer.alloc(8)
  key.writeBigInt64BE(BigInt(value.getTime()))
  key[0] = (key[0] as number) ^ 0x80
  return key
}

function binaryKey(value: unknown): Buffer {
  const { bytes, subtype } = bytesOf(value)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(bytes.length)
  head[4] = subtype
  return Buffer.concat([head, bytes])
}

function timestampKey(value: Timestamp): Buffer {
  const key = Buffer.alloc(8)
  key.writeBigUInt64BE(BigInt.asUintN(64, value.toBigInt()))
  return key
}

function regexKey(value: unknown): Buffer {
  const { pattern, options } = regexParts(value)
  return Buffer.concat([textKey(pattern), textKey(options)])
}

const empty = Buffer.alloc(0)

const payloads: Record<number, (value: never) => Buffer> = {
  [ranks.number]: numberKey,
  [ranks.string]: (value: unknown) => textKey(textOf(value)),
  [ranks.object]: documentKey,
  [ranks.array]: (value: unknown[]) => Buffer.concat([...value.map(valueKey), Buffer.from([0])]),
  [ranks.binary]: binaryKey,
  [ranks.objectId]: (value: ObjectId) => Buffer.from(value.id),
  [ranks.bool]: (value: boolean) => Buffer.from([value ? 1 : 0]),
  [ranks.date]: dateKey,
  [ranks.timestamp]: timestampKey,
  [ranks.regex]: regexKey,
  [ranks.code]: (value: Code) => textKey(value.code),
  [ranks.codeWithScope]: (value: Code) =>
    Buffer.concat([textKey(value.code), documentKey(value.scope ?? {})]),
}

function valueKey(value: unknown): Buffer {
  const rank = typeRank(value)
  const payload = payloads[rank]
  const tag = Buffer.from([tagOf(rank)])
  return payload === undefined ? tag : Buffer.concat([tag, payload(value as never) ?? empty])
}

/**
 * Bytes that `Buffer.compare` orders as `compareValues` orders the values, one after the other, each in its direction.
 * No key is the beginning of another. A key longer than `limit` bytes is cut there and marked `cut`: it still never
 * comes after the key of a greater value, but equal bytes no longer mean equal values.
 */
export function encodeKeyInfo(
  values: readonly unknown[],
  directions: readonly Direction[] = [],
  limit: number = keyLimit,
): { key: Buffer; cut: boolean } {
  const parts = values.map((value, i) => (directions[i] === -1 ? invert(valueKey(value)) : valueKey(value)))
  const key = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  return key.length > limit ? { key: key.subarray(0, limit), cut: true } : { key, cut: false }
}

/** The key alone of `encodeKeyInfo`, cut at `keyLimit`. */
export function encodeKey(values: readonly unknown[], directions: readonly Direction[] = []): Buffer {
  return encodeKeyInfo(values, directions).key
}

/**
 * The bounds of all values of the same type as `value`, for ranges that must stay within it (`$gt: 5` finds numbers
 * only): every key of such a value is at least `lower` and less than `upper`, in either direction.
 */
export function typeBounds(value: unknown, direction: Direction = 1): { lower: Buffer; upper: Buffer } {
  const tag = tagOf(typeRank(value))
  const first = direction === 1 ? tag : 0xff - tag
  return { lower: Buffer.from([first]), upper: Buffer.from([first + 1]) }
}

/** The first bytes beyond every key that begins with `prefix`: the upper bound of a scan over that prefix. */
export function afterPrefix(prefix: Buffer): Buffer {
  let length = prefix.length
  while (length > 0 && prefix[length - 1] === 0xff) length -= 1
  if (length === 0) return Buffer.from([0xff, 0xff])
  const after = Buffer.from(prefix.subarray(0, length))
  after[length - 1] = (after[length - 1] as number) + 1
  return after
}
