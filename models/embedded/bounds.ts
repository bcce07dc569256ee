import type { Index, IndexField } from './index-definition.ts'
import { afterPrefix, boundKey, fieldKey, typeBounds } from './keys.ts'
import type { Limit, Predicate, Predicates } from './predicates.ts'
import type { Range } from './store.ts'
import { describe } from './types.ts'
import { compareValues, equalValues } from './values.ts'

/** Most points that `$in` lists of several fields may multiply to in one scan. */
export const MAX_POINTS = 1000

/** How far an index can follow a filter: values of its first fields, then a range of one more. */
export interface IndexBounds {
  readonly points: readonly { readonly field: IndexField; readonly values: readonly unknown[] }[]
  readonly range: { readonly field: IndexField; readonly predicate: Predicate } | undefined
}

/** Binds the fields of an index, from the first on, to what a filter demands of them. */
export function boundFields(index: Index, predicates: Predicates): IndexBounds {
  const points: IndexBounds['points'][number][] = []
  let product = 1
  for (const [i, field] of index.fields.entries()) {
    const predicate = predicates.paths.get(field.path)
    // Two fields below the same array are indexed element by element, but may match different elements.
    const shared = index.fields.slice(0, i).some(other => other.parts[0] === field.parts[0])
    if (!predicate || (index.multikey && shared)) break
    const nulls = predicate.points?.includes(null) && (index.multikey || index.sparse)
    const values = predicate.points && !nulls ? distinct(predicate.points) : undefined
    if (values && product * values.length <= MAX_POINTS) {
      product *= values.length
      points.push({ field, values })
      continue
    }
    if (!predicate.lower && !predicate.upper) break
    return { points, range: { field, predicate: index.multikey ? oneEnd(predicate) : predicate } }
  }
  return { points, range: undefined }
}

/** Per field of an index what was bound, as `explain` shows it. */
export function describeBounds(index: Index, { points, range }: IndexBounds): Record<string, string[]> {
  const fields = Object.fromEntries(index.fields.map(({ path }) => [path, ['[MinKey, MaxKey]']]))
  for (const { field, values } of points)
    fields[field.path] = values.map(value => `[${describe(value)}, ${describe(value)}]`)
  if (range) fields[range.field.path] = [describeRange(range.predicate)]
  return fields
}

/** In a multikey index no single entry need fulfil both ends: one element may lie above, another one below. */
function oneEnd({ lower, upper, present }: Predicate): Predicate {
  return lower ? { lower, present } : { ...(upper && { upper }), present }
}

/** Different values in their order. */
export function distinct(values: readonly unknown[]): unknown[] {
  const sorted = [...values].sort(compareValues)
  return sorted.filter((value, i) => i === 0 || !equalValues(value, sorted[i - 1]))
}

/** The key ranges that the bounds of an index make below its prefix, in key order; `limit` is the index's. */
export function boundRanges(prefix: Buffer, { points, range }: IndexBounds, limit: number): Range[] {
  let starts = [prefix]
  for (const { field, values } of points) {
    const keys = values.map(value => fieldKey(value, field.direction, limit))
    starts = starts.flatMap(start => keys.map(key => Buffer.concat([start, key])))
  }
  const ranges = starts.map(start =>
    range ? rangeWithin(start, range.field, range.predicate, limit) : { start, end: afterPrefix(start) },
  )
  return ranges.sort((a, b) => Buffer.compare(a.start, b.start))
}

/** The keys below `prefix` whose next value lies in a range; the range stays within the type of its ends. */
function rangeWithin(
  prefix: Buffer,
  { direction }: IndexField,
  { lower, upper }: Predicate,
  limit: number,
): Range {
  const [first, last] = direction === 1 ? [lower, upper] : [upper, lower]
  const type = typeBounds((lower ?? upper)?.value, direction)
  /** Where the keys of an end begin or, with `after`, are over; wide enough where keys are not quite in order. */
  const edge = ({ value, inclusive }: Limit, after: boolean): Buffer => {
    const { key, whole } = boundKey(value, direction, limit)
    return (!whole || inclusive) === after ? afterPrefix(key) : key
  }
  return {
    start: Buffer.concat([prefix, first ? edge(first, false) : type.lower]),
    end: Buffer.concat([prefix, last ? edge(last, true) : type.upper]),
  }
}

function describeRange({ lower, upper }: Predicate): string {
  const from = lower ? `${lower.inclusive ? '[' : '('}${describe(lower.value)}` : '[MinKey'
  const to = upper ? `${describe(upper.value)}${upper.inclusive ? ']' : ')'}` : 'MaxKey]'
  return `${from}, ${to}`
}
