import { createHash } from 'node:crypto'
import { invert } from './numbers.ts'
import type { Range } from './store.ts'
import { tagOf, valueKey } from './values.ts'

/** Longest `_id` part of a key. */
export const ID_LIMIT = 512
/** What the values of an index entry may fill, which leaves room for `_id` and the prefix in the 1,978 bytes of LMDB. */
const ENTRY_LIMIT = 1400
const DIGEST_BYTES = 32

type Direction = 1 | -1

/** What lies in the store under a number of its own: the documents of a collection, or the entries of an index. */
interface Keyspace {
  readonly id: number
}

const KEYSPACE_TAG = 0x10
/** How many bytes `prefixOf` has. */
export const PREFIX_BYTES = 5

/** What every key of a collection or an index begins with. */
export function prefixOf({ id }: Keyspace): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES, KEYSPACE_TAG)
  prefix.writeUInt32BE(id, 1)
  return prefix
}

/** All keys of a collection or an index. */
export function rangeOf(keyspace: Keyspace): Range {
  const start = prefixOf(keyspace)
  return { start, end: afterPrefix(start) }
}

/** How long the key of each value in an index of so many fields may be. */
export const fieldLimit = (fields: number): number => Math.floor(ENTRY_LIMIT / fields)

/**
 * The key of a value in an index field of that direction. One longer than `limit` bytes ends in a digest of the whole:
 * equal keys still mean equal values, but among those that begin alike the order is lost.
 */
export function fieldKey(value: unknown, direction: Direction, limit: number): Buffer {
  const key = valueKey(value)
  if (key.length > limit) {
    const digest = createHash('sha256').update(key).digest()
    return directed(Buffer.concat([key.subarray(0, limit - DIGEST_BYTES), digest]), direction)
  }
  return directed(key, direction)
}

/** The beginning of the keys of all values that cannot be told from this one by their order; see `fieldKey`. */
export function boundKey(
  value: unknown,
  direction: Direction,
  limit: number,
): { key: Buffer; whole: boolean } {
  const key = valueKey(value)
  const whole = key.length <= limit - DIGEST_BYTES
  return { key: directed(whole ? key : key.subarray(0, limit - DIGEST_BYTES), direction), whole }
}

/** Whether a value's key is too long to keep its order. */
export const losesOrder = (key: Buffer, limit: number): boolean => key.length >= limit

const directed = (key: Buffer, direction: Direction): Buffer => (direction === 1 ? key : invert(key))

/** The part of a document's key that stands for its `_id`. */
export const encodeId = (id: unknown): Buffer => fieldKey(id, 1, ID_LIMIT)

/**
 * The bounds of all values of the same type as `value`, for ranges that must stay within it (`$gt: 5` finds numbers
 * only): every key of such a value is at least `lower` and less than `upper`, in either direction.
 */
export function typeBounds(value: unknown, direction: Direction = 1): { lower: Buffer; upper: Buffer } {
  const first = direction === 1 ? tagOf(value) : 0xff - tagOf(value)
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
