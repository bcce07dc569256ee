import type { Index, IndexField } from './index-definition.ts'
import { encodeId } from './index-entries.ts'
import { afterPrefix, encodeKeyInfo, typeBounds } from './keys.ts'
import type { Limit, Predicate, Predicates } from './predicates.ts'
import type { Range } from './store.ts'
import { equalValues, ranks, typeRank } from './values.ts'

/** Most points that `$in` lists of several fields may multiply to in one scan. */
export const MAX_POINTS = 1000

/** A field of which an index looks up single values. */
export interface Points {
  readonly field: IndexField
  readonly values: readonly unknown[]
}

/** The field after those, of which it reads a range. */
export interface FieldRange {
  readonly field: IndexField
  readonly predicate: Predicate
}

/** How far an index can follow a filter: values of its first fields, then a range of one more. */
export interface IndexBounds {
  readonly points: readonly Points[]
  readonly range: FieldRange | undefined
  /** For `explain`: per field what was bound. */
  readonly fields: Record<string, string[]>
}

/** Binds the fields of an index, from the first on, to what a filter demands of them. */
export function boundFields(index: Index, predicates: Predicates): IndexBounds {
  const points: Points[] = []
  const fields: Record<string, string[]> = {}
  let range: FieldRange | undefined
  let product = 1
  for (const field of index.fields) {
    fields[field.path] = ['[MinKey, MaxKey]']
  }
  for (const [i, field] of index.fields.entries()) {
    const predicate = predicates.paths.get(field.path)
    if (!predicate || (index.multikey && sharesArray(index.fields.slice(0, i), field))) break
    const values = usablePoints(index, predicate)
    if (values && product * values.length <= MAX_POINTS) {
      product *= values.length
      points.push({ field, values })
      fields[field.path] = values.map(value => `[${describe(value)}, ${describe(value)}]`)
      continue
    }
    if (predicate.lower || predicate.upper) {
      range = { field, predicate: index.multikey ? oneEnd(predicate) : predicate }
      fields[field.path] = [describeRange(range.predicate)]
    }
    break
  }
  return { points, range, fields }
}

/** In a multikey index no single entry need fulfil both ends: one element may lie above, another one below. */
function oneEnd(predicate: Predicate): Predicate {
  return predicate.lower
    ? { lower: predicate.lower, present: predicate.present }
    : { ...(predicate.upper ? { upper: predicate.upper } : {}), present: predicate.present }
}

/** Two fields below the same array are indexed element by element, but may match different elements. */
function sharesArray(before: readonly IndexField[], field: IndexField): boolean {
  return before.some(other => other.parts[0] === field.parts[0])
}

function usablePoints(index: Index, predicate: Predicate): readonly unknown[] | undefined {
  if (!predicate.points) return undefined
  const nulls = predicate.points.some(value => typeRank(value) === ranks.null)
  if (nulls && (index.multikey || index.sparse)) return undefined
  return distinct(predicate.points)
}

/** Different values in the order of their keys. */
export function distinct(values: readonly unknown[]): unknown[] {
  if (values.length < 2) return [...values]
  const byKey = new Map(values.map(value => [encodeId(value).toString('latin1'), value]))
  return [...byKey].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
}

/** The key ranges that the bounds of an index make below its prefix, in key order. */
export function boundRanges(
  prefix: Buffer,
  points: readonly Points[],
  range: FieldRange | undefined,
): Range[] {
  let starts = [{ key: prefix, cut: false }]
  for (const { field, values } of points) {
    starts = starts.flatMap(before =>
      values.map(value => {
        if (before.cut) return before
        const { key, cut } = encodeKeyInfo([value], [field.direction])
        return { key: Buffer.concat([before.key, key]), cut }
      }),
    )
  }
  const ranges = starts.map(({ key, cut }) => {
    const whole = { start: key, end: afterPrefix(key) }
    return range && !cut ? rangeWithin(key, range) : whole
  })
  return mergeSame(ranges.sort((a, b) => Buffer.compare(a.start, b.start)))
}

function mergeSame(ranges: Range[]): Range[] {
  return ranges.filter((range, i) => i === 0 || !range.start.equals((ranges[i - 1] as Range).start))
}

/** The keys below `prefix` whose next value lies in a range; the range stays within the type of its ends. */
function rangeWithin(prefix: Buffer, { field, predicate }: FieldRange): Range {
  const { lower, upper } = predicate
  const [first, last] = field.direction === 1 ? [lower, upper] : [upper, lower]
  const type = typeBounds((lower ?? upper)?.value, field.direction)
  const at = (bytes: Buffer) => Buffer.concat([prefix, bytes])
  return {
    start: first ? at(edge(first, field.direction, first.inclusive ? 'before' : 'after')) : at(type.lower),
    end: last ? at(edge(last, field.direction, last.inclusive ? 'after' : 'before')) : at(type.upper),
  }
}

/** Where the keys of a value begin or end. Where its key was cut the scan is made wide enough for both. */
function edge(limit: Limit, direction: 1 | -1, side: 'before' | 'after'): Buffer {
  const { key, cut } = encodeKeyInfo([limit.value], [direction])
  if (!cut) return side === 'before' ? key : afterPrefix(key)
  const isStart = limit.inclusive === (side === 'before')
  return isStart ? key : afterPrefix(key)
}

function describe(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (value instanceof Date) return `new Date(${value.getTime()})`
  return value === undefined ? 'undefined' : String(value)
}

function describeRange({ lower, upper }: Predicate): string {
  const same = lower && upper && equalValues(lower.value, upper.value)
  const from = lower ? `${lower.inclusive || same ? '[' : '('}${describe(lower.value)}` : '[MinKey'
  const to = upper ? `${describe(upper.value)}${upper.inclusive || same ? ']' : ')'}` : 'MaxKey]'
  return `${from}, ${to}`
}
