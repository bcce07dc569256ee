import { type Document, Double, Int32, Long } from 'bson'
import { conversions } from './conversions.ts'
import { dateOperators, dateToString } from './dates.ts'
import { mongoError } from './errors.ts'
import { combine, divideDecimals, isNumber, readNumber } from './numbers.ts'
import { typeName } from './types.ts'
import { setField } from './update-path.ts'
import { compareValues, equalValues, fieldsOf, isDocument, valueKey } from './values.ts'

/** Computes with the values of its arguments; `undefined` is a missing value. */
export type Compute = (...values: unknown[]) => unknown

/** Whether a value is null or missing. */
export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined

/** Whether a value counts as true: all do but false, null, missing and zero. */
export const isTruthy = (value: unknown): boolean =>
  !isNullish(value) && value !== false && Number(readNumber(value)?.value ?? 1) !== 0

/** An argument that must be an array. Throws `code` for anything else. */
export function arrayFor(value: unknown, code = 28689): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(code, `The argument must be an array, but was of type: ${typeName(value)}`)
}

/** Text that is the same for equal values only. */
export const identityOf = (value: unknown): string =>
  typeof value === 'string' ? `"${value}` : valueKey(value).toString('latin1')

/** The values of an array by their identity; of equal ones the first. */
function setOf(array: unknown): Map<string, unknown> {
  const found = new Map<string, unknown>()
  for (const value of arrayFor(array)) {
    const identity = identityOf(value)
    if (!found.has(identity)) found.set(identity, value)
  }
  return found
}

function numberFor(value: unknown) {
  const number = readNumber(value)
  if (number !== undefined) return number
  throw mongoError(14, `only numeric types are supported here, not ${typeName(value)}`)
}

function calculate(operation: 'add' | 'multiply', left: unknown, right: unknown): unknown {
  const [a, b] = [numberFor(left), numberFor(right)]
  const [x, y] = [Number(a.value), Number(b.value)]
  return combine(operation, a, b) ?? new Double(operation === 'add' ? x + y : x * y)
}

const sum = (values: unknown[]) => values.reduce((a, b) => calculate('add', a, b), new Int32(0))

function add(...values: unknown[]): unknown {
  const at = values.findIndex(value => value instanceof Date)
  if (at < 0) return sum(values)
  return conversions.date(sum(values.with(at, Long.fromNumber(Number(values[at])))))
}

function subtract(a: unknown, b: unknown): unknown {
  if (a instanceof Date && b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime())
  return add(a, calculate('multiply', b, -1))
}

function divide(left: unknown, right: unknown): unknown {
  const [a, b] = [numberFor(left), numberFor(right)]
  if (Number(b.value) === 0) throw mongoError(2, "can't $divide by zero")
  const decimal = a.kind === 'decimal' || b.kind === 'decimal' ? divideDecimals(a, b) : undefined
  return decimal ?? new Double(Number(a.value) / Number(b.value))
}

function mean(values: unknown[]): unknown {
  const numbers = values.filter(isNumber)
  return numbers.length === 0 ? null : divide(sum(numbers), numbers.length)
}

/** The least (`sign` -1) or greatest (1) of the values; null when there is none. */
function extreme(values: unknown[], sign: 1 | -1): unknown {
  const present = values.filter(value => !isNullish(value))
  return present.reduce((a, b) => (sign * compareValues(b, a) > 0 ? b : a), present[0] ?? null)
}

function mergeDocuments(values: unknown[]): Document {
  const result: Document = {}
  for (const value of values.filter(one => !isNullish(one))) {
    if (!isDocument(value)) throw mongoError(40400, `$mergeObjects needs documents, not ${typeName(value)}`)
    for (const [name, item] of Object.entries(fieldsOf(value))) setField(result, name, item)
  }
  return result
}

function withField(field: unknown, input: unknown, value: unknown): unknown {
  if (isNullish(input)) return null
  const result = mergeDocuments([input])
  if (value === undefined) delete result[String(field)]
  else setField(result, String(field), value)
  return result
}

/** `$sum` and the like take several values, or one array of them. */
const ofList =
  (compute: (values: unknown[]) => unknown): Compute =>
  (...values) =>
    compute(values.length === 1 && Array.isArray(values[0]) ? values[0] : values)

const text = (value: unknown): string => (isNullish(value) ? '' : conversions.string(value))
const ordering = (test: (order: number) => unknown) => (a: unknown, b: unknown) => test(compareValues(a, b))

/** The values of a set that are in another too, or that are not. */
const setWhere = (wanted: boolean) => (first: unknown, second: unknown) => {
  const others = setOf(second)
  return [...setOf(first)].filter(([key]) => others.has(key) === wanted).map(([, value]) => value)
}

/** Operators that give null as soon as an argument is null, or one that they need is missing. */
export const strictOperators: Readonly<Record<string, Compute>> = {
  ...dateOperators,
  ...Object.fromEntries(
    Object.entries(conversions).map(([to, convert]) => [`$to${to[0]?.toUpperCase()}${to.slice(1)}`, convert]),
  ),
  $add: add,
  $subtract: subtract,
  $multiply: (...values) => values.reduce((a, b) => calculate('multiply', a, b), new Int32(1)),
  $divide: divide,
  $first: array => arrayFor(array)[0],
  $last: array => arrayFor(array).at(-1),
  $indexOfArray: (array, value) => new Int32(arrayFor(array).findIndex(item => equalValues(item, value))),
  $objectToArray: value => Object.entries(mergeDocuments([value])).map(([k, v]) => ({ k, v })),
  $setUnion: (...sets) => [...setOf(sets.flatMap(set => arrayFor(set))).values()],
  $setIntersection: setWhere(true),
  $setDifference: setWhere(false),
}

/** Operators that have an answer for null and missing too. */
export const totalOperators: Readonly<Record<string, Compute>> = {
  $eq: ordering(order => order === 0),
  $ne: ordering(order => order !== 0),
  $gt: ordering(order => order > 0),
  $gte: ordering(order => order >= 0),
  $lt: ordering(order => order < 0),
  $lte: ordering(order => order <= 0),
  $cmp: ordering(order => new Int32(Math.sign(order))),
  $not: value => !isTruthy(value),
  $in: (value, array) => arrayFor(array, 40081).some(item => equalValues(item, value)),
  $size: array => new Int32(arrayFor(array, 17124).length),
  $sum: ofList(values => sum(values.filter(isNumber))),
  $avg: ofList(mean),
  $min: ofList(values => extreme(values, -1)),
  $max: ofList(values => extreme(values, 1)),
  $rand: () => new Double(Math.random()),
  $type: value => typeName(value),
  $isNumber: value => isNumber(value),
  $toLower: value => text(value).replace(/[A-Z]+/g, letters => letters.toLowerCase()),
  $toUpper: value => text(value).replace(/[a-z]+/g, letters => letters.toUpperCase()),
  $mergeObjects: ofList(mergeDocuments),
  $setField: withField,
  $dateToString: dateToString,
}
