import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { compileRegex } from './regex.ts'
import { compileType } from './types.ts'
import { compareValues, equalValues, isDocument, ranks, textOf, typeRank, valueKey } from './values.ts'

/** A test of one value; `undefined` stands for a missing field. */
export type ValueTest = (value: unknown) => boolean

const isNaNumber = (value: unknown): boolean => Number.isNaN(Number(readNumber(value)?.value ?? 0))

/** Equality as queries have it: null also means missing. */
export function equality(operand: unknown): ValueTest {
  return operand === null || operand === undefined
    ? value => value === null || value === undefined
    : value => equalValues(value, operand)
}

/** A pattern matches text by its characters, and a stored regular expression by being the same one. */
export function regexTest(regex: unknown, options?: string): ValueTest {
  const compiled = compileRegex(regex, options)
  return value =>
    typeRank(value) === ranks.string ? compiled.test(textOf(value)) : equalValues(value, regex)
}

/** The comparisons look at values of their operand's own type only, and no number is less or more than NaN. */
function comparison(name: string, accepts: (order: number) => boolean): (operand: unknown) => ValueTest {
  return operand => {
    const rank = typeRank(operand)
    if (rank === ranks.regex)
      throw mongoError(2, `Can't have RegEx as arg to predicate over field '${name}'.`)
    // Every other type lies between these two.
    if (rank === ranks.minKey || rank === ranks.maxKey) return value => typeRank(value) !== rank || accepts(0)
    const numeric = rank === ranks.number
    if (rank <= ranks.null || (numeric && isNaNumber(operand)))
      return accepts(0) ? equality(operand) : () => false
    return value =>
      typeRank(value) === rank && accepts(compareValues(value, operand)) && !(numeric && isNaNumber(value))
  }
}

function membership(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw mongoError(2, '$in needs an array')
  const nested = operand.some(
    item => isDocument(item) && !item._bsontype && Object.keys(item)[0]?.startsWith('$'),
  )
  if (nested) throw mongoError(2, 'cannot nest $ under $in')
  const simple = (item: unknown) => typeof item === 'string'
  const strings = new Set(operand.filter(simple))
  const ofKey = (item: unknown) => valueKey(item).toString('latin1')
  const tests = operand.filter(item => typeRank(item) === ranks.regex).map(item => regexTest(item))
  const keys = new Set(operand.filter(item => !simple(item)).map(ofKey))
  const absent = operand.includes(null)
  return value =>
    (simple(value)
      ? strings.has(value)
      : (absent && value === undefined) || (keys.size > 0 && keys.has(ofKey(value)))) ||
    tests.some(test => test(value))
}

function modulo(operand: unknown): ValueTest {
  if (!Array.isArray(operand) || operand.length !== 2)
    throw mongoError(2, 'malformed mod, needs to be an array of two elements')
  const [divisor, remainder] = operand.map(wholeOf)
  if (divisor === undefined) throw mongoError(2, 'malformed mod, divisor not a number')
  if (remainder === undefined) throw mongoError(2, 'malformed mod, remainder not a number')
  if (divisor === 0n) throw mongoError(2, 'divisor cannot be 0')
  return value => {
    const whole = wholeOf(value)
    return whole !== undefined && whole % divisor === remainder
  }
}

/** The whole part of a finite number. */
function wholeOf(value: unknown): bigint | undefined {
  const number = readNumber(value)
  if (number === undefined || !Number.isFinite(Number(number.value))) return undefined
  return number.kind === 'long' ? number.value : BigInt(Math.trunc(Number(number.value)))
}

function size(operand: unknown): ValueTest {
  const wanted = Number(readNumber(operand)?.value)
  if (!Number.isInteger(wanted) || wanted < 0)
    throw mongoError(9, 'Failed to parse $size. Expected a non-negative integer')
  return value => Array.isArray(value) && value.length === wanted
}

/** Whether a value counts as true where MongoDB takes any value for a boolean: not null, missing, false or zero. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false
  const number = readNumber(value)
  return number === undefined || Number(number.value) !== 0
}

function differs(operand: unknown): ValueTest {
  if (typeRank(operand) === ranks.regex) throw mongoError(2, "Can't have regex as arg to $ne.")
  return equality(operand)
}

/**
 * The operators that look at one value at a time. `leaves: false` are those to which an array is one value and not its
 * elements too; `negated` ones hold for a document when no value on the path passes the test.
 */
export const valueOperators: Record<
  string,
  { test(operand: unknown): ValueTest; leaves?: boolean; negated?: boolean }
> = {
  $eq: { test: equality },
  $ne: { test: differs, negated: true },
  $gt: { test: comparison('$gt', order => order > 0) },
  $gte: { test: comparison('$gte', order => order >= 0) },
  $lt: { test: comparison('$lt', order => order < 0) },
  $lte: { test: comparison('$lte', order => order <= 0) },
  $in: { test: membership },
  $nin: { test: membership, negated: true },
  $type: { test: compileType },
  $mod: { test: modulo },
  $size: { test: size, leaves: false },
}
