import type { BSONRegExp } from 'bson'
import { mongoError } from './errors.ts'
import { readNumber, toDouble } from './numbers.ts'
import { compileType, hasOperators } from './types.ts'
import { compareValues, equalValues, identityOf, ranks, typeRank } from './values.ts'

/** A test of one value; `undefined` stands for a missing field. */
export type ValueTest = (value: unknown) => boolean

const isNaNumber = (value: unknown): boolean => Number.isNaN(toDouble(value) ?? 0)

/** Equality as queries have it: null also means missing. */
export function equality(operand: unknown): ValueTest {
  return operand === null || operand === undefined
    ? value => value === null || value === undefined
    : value => equalValues(value, operand)
}

/** Whether a value is a regular expression. */
export const isRegex = (value: unknown): value is BSONRegExp => typeRank(value) === ranks.regex

/**
 * A pattern matches text by its characters, and a stored regular expression by being the same one. Patterns are
 * JavaScript's in its Unicode mode, options `i`, `m`, `s` and `u`; what only MongoDB's (PCRE) know is refused.
 *
 * @throws code 51108 for an unknown option, 51091 for a pattern that cannot be compiled
 */
export function regexTest(regex: string | BSONRegExp, given?: string): ValueTest {
  const { pattern, options } = typeof regex === 'string' ? { pattern: regex, options: '' } : regex
  const flags = given ?? options
  if (/[^imsu]/.test(flags)) throw mongoError(51108, `invalid flag in regex options: ${flags}`)
  const compiled = compileRegex(pattern, flags.replace('u', ''))
  return value =>
    typeRank(value) === ranks.string ? compiled.test(String(value)) : equalValues(value, regex)
}

function compileRegex(pattern: string, flags: string): RegExp {
  // PCRE lets any sign be escaped, Unicode mode only those that mean something.
  const source = pattern.replace(/\\([\s\S])/g, (escaped, sign: string) =>
    /[\w\s^$\\.*+?()[\]{}|/]/.test(sign) && sign !== '_'
      ? escaped
      : `\\u{${sign.codePointAt(0)?.toString(16)}}`,
  )
  try {
    if (/\[:\w+:\]/.test(pattern)) throw new Error('classes by name are not supported')
    return new RegExp(source, `${flags}u`)
  } catch (cause) {
    throw mongoError(51091, `Regular expression is invalid or not supported: ${(cause as Error).message}`)
  }
}

/** The comparisons look at values of their operand's own type only, and no number is less or more than NaN. */
function comparison(accepts: (order: number) => boolean): (operand: unknown) => ValueTest {
  return operand => {
    const rank = typeRank(operand)
    if (rank === ranks.regex) throw mongoError(2, "Can't have RegEx as arg to a comparison.")
    // Every other type lies between these two.
    if (rank === ranks.minKey || rank === ranks.maxKey) return value => typeRank(value) !== rank || accepts(0)
    if (rank <= ranks.null || isNaNumber(operand)) return accepts(0) ? equality(operand) : () => false
    return value => typeRank(value) === rank && accepts(compareValues(value, operand)) && !isNaNumber(value)
  }
}

function membership(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw mongoError(2, '$in needs an array')
  if (operand.some(hasOperators)) throw mongoError(2, 'cannot nest $ under $in')
  const wanted = new Set(operand.map(identityOf))
  if (operand.includes(null)) wanted.add(identityOf(undefined))
  const tests = operand.filter(isRegex).map(item => regexTest(item))
  return value => wanted.has(identityOf(value)) || tests.some(test => test(value))
}

function modulo(operand: unknown): ValueTest {
  const [divisor, remainder, ...more] = Array.isArray(operand) ? operand.map(wholeOf) : []
  if (!divisor || remainder === undefined || more.length > 0)
    throw mongoError(2, 'malformed mod, needs to be an array of a divisor other than 0 and a remainder')
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
  const wanted = toDouble(operand) ?? -1
  if (!Number.isInteger(wanted) || wanted < 0)
    throw mongoError(2, 'Failed to parse $size. Expected a non-negative integer')
  return value => Array.isArray(value) && value.length === wanted
}

function differs(operand: unknown): ValueTest {
  if (isRegex(operand)) throw mongoError(2, "Can't have regex as arg to $ne.")
  return equality(operand)
}

/** The tests that operators make of one value at a time; `$ne` and `$nin` hold where no value passes theirs. */
export const valueTests: ReadonlyMap<string, (operand: unknown) => ValueTest> = new Map([
  ['$eq', equality],
  ['$ne', differs],
  ['$gt', comparison(order => order > 0)],
  ['$gte', comparison(order => order >= 0)],
  ['$lt', comparison(order => order < 0)],
  ['$lte', comparison(order => order <= 0)],
  ['$in', membership],
  ['$nin', membership],
  ['$type', compileType],
  ['$mod', modulo],
  ['$size', size],
])

/** Whether a value counts as true where MongoDB takes any value for a boolean: not null, missing, false or zero. */
export const isTruthy = (value: unknown): boolean =>
  value !== null && value !== undefined && value !== false && toDouble(value) !== 0
