import { type Document, Double, Int32, Long, ObjectId } from 'bson'
import { dateAt, dateOf, dateOperators } from './dates.ts'
import { mongoError } from './errors.ts'
import { isTruthy } from './match-operators.ts'
import { callMingo } from './mingo.ts'
import { combine, decimalFrom, isNumber, readNumber, wrapWhole } from './numbers.ts'
import { typeName } from './types.ts'
import { compareValues, equalValues, fieldsOf, identityOf, isDocument, ranks, typeRank } from './values.ts'

/** Computes with the values of its arguments; `undefined` is a missing value. */
export type Compute = (...values: unknown[]) => unknown

/** Whether a value is null or missing. */
export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined

/** An argument that must be an array. Throws `code` for anything else. */
function arrayFor(value: unknown, code = 28689): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(code, `The argument must be an array, but was of type: ${typeName(value)}`)
}

const failed = (value: unknown, to: string) =>
  mongoError(241, `Unsupported conversion from ${typeName(value)} to ${to}`)

/** The text of a number, also of what stands for one: a boolean, a date, or text. */
function digitsOf(value: unknown, to: string): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (value instanceof Date && to !== 'int') return String(value.getTime())
  const number = readNumber(value)
  if (number !== undefined) return String(number.value)
  if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return value
  throw failed(value, to)
}

function toWhole(value: unknown, to: 'int' | 'long'): unknown {
  const digits = digitsOf(value, to)
  const isText = /^[+-]?\d+$/.test(digits)
  const number = isText ? digits.replace('+', '') : Math.trunc(Number(digits))
  const fits = isText || (typeof value !== 'string' && Number.isFinite(number))
  const wrapped = fits ? wrapWhole(BigInt(number), to) : undefined
  if (readNumber(wrapped)?.kind === to) return wrapped
  throw failed(value, to)
}

function toDecimal(value: unknown): unknown {
  const number = readNumber(value)
  // A double becomes a decimal of 15 significant digits, as in MongoDB.
  const parsed = decimalFrom(
    number?.kind === 'double' ? String(Number(number.value.toPrecision(15))) : digitsOf(value, 'decimal'),
  )
  if (parsed !== undefined) return parsed
  throw failed(value, 'decimal')
}

function toDate(value: unknown): Date {
  const number = readNumber(value)
  if (number !== undefined && number.kind !== 'int') return dateAt(Number(number.value))
  if (typeof value !== 'string') return dateOf(value)
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`
  const parsed = new Date(zoned)
  if (/^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(parsed.getTime())) return parsed
  throw failed(value, 'date')
}

function toText(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (typeRank(value) === ranks.objectId) return (value as ObjectId).toHexString()
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : digitsOf(value, 'string')
}

function toObjectId(value: unknown): unknown {
  if (typeRank(value) === ranks.objectId) return value
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value)
  throw failed(value, 'objectId')
}

function calculate(operation: 'add' | 'multiply', left: unknown, right: unknown): unknown {
  const [a, b] = [readNumber(left), readNumber(right)]
  if (!a || !b)
    throw mongoError(14, `only numeric types are supported here, not ${typeName(a ? right : left)}`)
  const [x, y] = [Number(a.value), Number(b.value)]
  return combine(operation, a, b) ?? new Double(operation === 'add' ? x + y : x * y)
}

const sum = (values: unknown[]) => values.reduce((a, b) => calculate('add', a, b), new Int32(0))

function add(...values: unknown[]): unknown {
  const at = values.findIndex(value => value instanceof Date)
  if (at < 0) return sum(values)
  return toDate(sum(values.with(at, Long.fromNumber(Number(values[at])))))
}

function subtract(a: unknown, b: unknown): unknown {
  if (a instanceof Date && b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime())
  return add(a, calculate('multiply', b, -1))
}

function mean(values: unknown[]): unknown {
  const numbers = values.filter(isNumber)
  return numbers.length === 0 ? null : callMingo('$divide', [sum(numbers), numbers.length])
}

/** The least (`sign` -1) or greatest (1) of the values; null when there is none. */
function extreme(values: unknown[], sign: 1 | -1): unknown {
  const present = values.filter(value => !isNullish(value))
  return present.reduce((a, b) => (sign * compareValues(b, a) > 0 ? b : a), present[0] ?? null)
}

function mergeDocuments(values: unknown[]): Document {
  const fields = values.map(value => {
    if (isNullish(value)) return []
    if (isDocument(value)) return Object.entries(fieldsOf(value))
    throw mongoError(40400, `$mergeObjects needs documents, not ${typeName(value)}`)
  })
  return Object.fromEntries(fields.flat())
}

function withField(field: unknown, input: unknown, value: unknown): unknown {
  if (isNullish(input)) return null
  const fields = Object.entries(mergeDocuments([input, { [String(field)]: value }]))
  return Object.fromEntries(fields.filter(([, item]) => item !== undefined))
}

/** `$sum` and the like take several values, or one array of them. */
const ofList =
  (compute: (values: unknown[]) => unknown): Compute =>
  (...values) =>
    compute(values.length === 1 && Array.isArray(values[0]) ? values[0] : values)

const textOf = (value: unknown): string => (isNullish(value) ? '' : toText(value))
const ordering = (test: (order: number) => unknown) => (a: unknown, b: unknown) => test(compareValues(a, b))

/** Operators that give null as soon as an argument is null, or one that they need is missing. */
export const strictOperators: Readonly<Record<string, Compute>> = {
  ...dateOperators,
  $toInt: value => toWhole(value, 'int'),
  $toLong: value => toWhole(value, 'long'),
  $toDouble: value => new Double(Number(digitsOf(value, 'double'))),
  $toDecimal: toDecimal,
  $toDate: toDate,
  $toString: toText,
  $toObjectId: toObjectId,
  $toBool: isTruthy,
  $add: add,
  $subtract: subtract,
  $multiply: (...values) => values.reduce((a, b) => calculate('multiply', a, b), new Int32(1)),
  $first: array => arrayFor(array)[0],
  $last: array => arrayFor(array).at(-1),
  $indexOfArray: (array, value) => new Int32(arrayFor(array).findIndex(item => equalValues(item, value))),
  $objectToArray: value => Object.entries(mergeDocuments([value])).map(([k, v]) => ({ k, v })),
  $setUnion: (...sets) => {
    const values = new Map<string, unknown>()
    for (const value of sets.flatMap(set => arrayFor(set))) {
      if (!values.has(identityOf(value))) values.set(identityOf(value), value)
    }
    return [...values.values()]
  },
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
  $toLower: value => textOf(value).replace(/[A-Z]+/g, letters => letters.toLowerCase()),
  $toUpper: value => textOf(value).replace(/[a-z]+/g, letters => letters.toUpperCase()),
  $mergeObjects: ofList(mergeDocuments),
  $setField: withField,
}
