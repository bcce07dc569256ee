import type { Document } from 'bson'
import { type Accumulator, type AccumulatorMaker, compileAccumulator } from './accumulators.ts'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { encodeKeyInfo } from './keys.ts'
import { readNumber } from './numbers.ts'
import { setField } from './update-path.ts'
import { compareValues, isDocument } from './values.ts'

/** Text that is the same for equal values only. */
export function identityOf(value: unknown): string {
  if (typeof value === 'string') return `"${value}`
  return encodeKeyInfo([value], [], Number.POSITIVE_INFINITY).key.toString('latin1')
}

function accumulatorsOf(fields: Document, options: ExpressionOptions): [string, AccumulatorMaker][] {
  return Object.entries(fields).map(([field, spec]) => {
    if (field.includes('.')) throw mongoError(40235, `The field name '${field}' cannot contain '.'`)
    const entries = isDocument(spec) ? Object.entries(spec) : []
    const [entry] = entries
    if (entry === undefined || !entry[0].startsWith('$')) {
      throw mongoError(40234, `The field '${field}' must be an accumulator object`)
    }
    if (entries.length > 1) throw mongoError(40238, `The field '${field}' must specify one accumulator`)
    return [field, compileAccumulator(entry[0], entry[1], options)]
  })
}

interface Group {
  id: unknown
  parts: Accumulator[]
}

function grouped(
  input: Iterable<Document>,
  keyOf: (document: Document) => unknown,
  makers: [string, AccumulatorMaker][],
) {
  const groups = new Map<string, Group>()
  for (const document of input) {
    const id = keyOf(document) ?? null
    const key = identityOf(id)
    let group = groups.get(key)
    if (group === undefined) {
      group = { id, parts: makers.map(([, make]) => make()) }
      groups.set(key, group)
    }
    for (const part of group.parts) part.add(document)
  }
  return [...groups.values()].map(({ id, parts }) => {
    const result: Document = { _id: id }
    for (const [i, [field]] of makers.entries()) setField(result, field, parts[i]?.result() ?? null)
    return result
  })
}

/**
 * Compiles `$group`: groups come in the order in which they are met first.
 *
 * @throws code 15947, 15955 and 402xx for a wrong specification
 */
export function compileGroup(spec: unknown, options: ExpressionOptions) {
  if (!isDocument(spec)) throw mongoError(15947, "a group's fields must be specified in an object")
  if (!Object.hasOwn(spec, '_id')) throw mongoError(15955, 'a group specification must include an _id')
  const { _id, ...fields } = spec
  const keyOf = compileExpression(_id, options)
  const makers = accumulatorsOf(fields, options)
  return (input: Iterable<Document>): Document[] => grouped(input, keyOf, makers)
}

/**
 * Compiles `$bucket`: groups by boundaries, sorted by them.
 *
 * @throws code 40198, 40192, 40194 for a wrong specification; when it runs, 40066 for a value outside without `default`
 */
export function compileBucket(spec: unknown, options: ExpressionOptions) {
  if (!isDocument(spec) || spec.groupBy === undefined || !Array.isArray(spec.boundaries)) {
    throw mongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.")
  }
  const bounds: unknown[] = spec.boundaries
  if (bounds.length < 2) throw mongoError(40192, "The $bucket 'boundaries' field must have at least 2 values")
  if (bounds.some((bound, i) => i > 0 && compareValues(bounds[i - 1], bound) >= 0)) {
    throw mongoError(40194, "The 'boundaries' option to $bucket must be sorted")
  }
  const value = compileExpression(spec.groupBy, options)
  const makers = accumulatorsOf(isDocument(spec.output) ? spec.output : { count: { $sum: 1 } }, options)
  const keyOf = (document: Document): unknown => {
    const at = value(document)
    const i = bounds.findIndex((bound, place) => place > 0 && compareValues(at, bound) < 0)
    if (i > 0 && compareValues(at, bounds[0]) >= 0) return bounds[i - 1]
    if (spec.default !== undefined) return spec.default
    throw mongoError(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    )
  }
  return (input: Iterable<Document>): Document[] =>
    grouped(input, keyOf, makers).sort((a, b) => compareValues(a._id, b._id))
}

/** The whole number that a stage such as `$limit` takes. */
export function wholeOperand(name: string, operand: unknown, least: number): number {
  const whole = Number(readNumber(operand)?.value)
  if (readNumber(operand) === undefined || !Number.isInteger(whole)) {
    throw mongoError(5107201, `invalid argument to ${name} stage: Expected an integer`)
  }
  if (whole < least) {
    throw mongoError(
      name === '$limit' ? 15958 : 5107200,
      name === '$limit'
        ? 'the limit must be positive'
        : `invalid argument to ${name} stage: Expected a non-negative number`,
    )
  }
  return whole
}
