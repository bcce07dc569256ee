import { createHash } from 'node:crypto'
import { directedKey, tagOf } from './values.ts'

/** How many bytes a key has at most unless told otherwise: half of what LMDB can, which leaves room around it. */
const KEY_LIMIT = 1024
/** Longest `_id` part of a key; longer ones end in a digest of the whole. */
const ID_LIMIT = 512
const DIGEST_BYTES = 32

type Direction = 1 | -1

/**
 * The keys of values one after the other, each in its direction. A key longer than `limit` bytes is cut there and marked
 * `cut`: it still never comes after the key of a greater value, but equal bytes no longer mean equal values.
 */
export function encodeKeyInfo(
  values: readonly unknown[],
  directions: readonly Direction[] = [],
  limit: number = KEY_LIMIT,
): { key: Buffer; cut: boolean } {
  const parts = values.map((value, i) => directedKey(value, directions[i] ?? 1))
  const key = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  return key.length > limit ? { key: key.subarray(0, limit), cut: true } : { key, cut: false }
}

/** The part of a document's key that stands for its `_id`. */
export function encodeId(id: unknown): Buffer {
  const key = directedKey(id, 1)
  if (key.length <= ID_LIMIT) return key
  return Buffer.concat([key.subarray(0, ID_LIMIT - DIGEST_BYTES), createHash('sha256').update(key).digest()])
}

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
