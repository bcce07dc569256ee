import { mongoError } from './errors.ts'
import { encodeKeyInfo } from './keys.ts'
import { bitTest } from './match-bits.ts'
import { readNumber } from './numbers.ts'
import { compileRegex } from './regex.ts'
import { compileType } from './types.ts'
import { compareValues, ranks, textOf, typeRank } from './values.ts'

/** A test of one value; `undefined` stands for a missing field. */
export type ValueTest = (value: unknown) => boolean

const isNaNumber = (value: unknown): boolean => Number.isNaN(Number(readNumber(value)?.value ?? 0))

/** Equality as queries have it: null also means missing. */
export function equality(operand: unknown): ValueTest {
  if (operand === null || operand === undefined) return value => value === null || value === undefined
  if (typeof operand === 'string') return value => value === operand || compareValues(value, operand) === 0
  return value => compareValues(value, operand) === 0
}

/** A pattern matches text by its characters, and a stored regular expression by being the same one. */
export function regexTest(regex: unknown, options?: string): ValueTest {
  const compiled = compileRegex(regex, options)
  return value => {
    const rank = typeRank(value)
    if (rank === ranks.string) return compiled.test(textOf(value))
    return rank === ranks.regex && typeof regex === 'object' && compareValues(value, regex) === 0
  }
}

const orders = {
  $gt: order => order > 0,
  $gte: order => order >= 0,
  $lt: order => order < 0,
  $lte: order => order <= 0,
} as const satisfies Record<string, (order: number) => boolean>

function comparison(name: keyof typeof orders, operand: unknown): ValueTest {
  const rank = typeRank(operand)
  if (rank === ranks.regex) throw mongoError(2, `Can't have RegEx as arg to predicate over field '${name}'.`)
  if (rank === ranks.minKey || rank === ranks.maxKey) return () => true
  const inclusive = name === '$gte' || name === '$lte'
  if (rank === ranks.null || rank === ranks.missing) return inclusive ? equality(null) : () => false
  if (rank === ranks.number && isNaNumber(operand)) return inclusive ? equality(operand) : () => false
  const accepts = orders[name]
  const numeric = rank === ranks.number
  return value =>
    typeRank(value) === rank && accepts(compareValues(value, operand)) && !(numeric && isNaNumber(value))
}

/** Lists longer than this are looked up by key instead of one by one. */
const shortList = 8

function membership(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw mongoError(2, '$in needs an array')
  const tests: ValueTest[] = []
  const keys = new Set<string>()
  const keyOf = (value: unknown) =>
    encodeKeyInfo([value], [], Number.POSITIVE_INFINITY).key.toString('latin1')
  for (const item of operand) {
    const rank = typeRank(item)
    if (rank === ranks.regex) tests.push(regexTest(item))
    else if (rank === ranks.null || operand.length <= shortList) tests.push(equality(item))
    else keys.add(keyOf(item))
    if (rank === ranks.object && Object.keys(item)[0]?.startsWith('$') && item._bsontype === undefined) {
      throw mongoError(2, 'cannot nest $ under $in')
    }
  }
  return value => tests.some(test => test(value)) || (keys.size > 0 && keys.has(keyOf(value)))
}

function modulo(operand: unknown): ValueTest {
  if (!Array.isArray(operand)) throw mongoError(2, 'malformed mod, needs to be an array')
  if (operand.length !== 2)
    throw mongoError(2, `malformed mod, ${operand.length < 2 ? 'not enough' : 'too many'} elements`)
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
  const number = readNumber(operand)
  const wanted = Number(number?.value)
  if (number === undefined) throw mongoError(9, 'Failed to parse $size. Expected a number')
  if (!Number.isInteger(wanted)) throw mongoError(9, `Failed to parse $size. Expected an integer: ${wanted}`)
  if (wanted < 0) throw mongoError(9, `Failed to parse $size. Expected a non-negative number: ${wanted}`)
  return value => Array.isArray(value) && value.length === wanted
}

/** Whether a value counts as true where MongoDB takes any value for a boolean: not null, missing, false or zero. */
export function isTruthy(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return false
  const number = readNumber(value)
  return number === undefined || Number(number.value) !== 0
}

/**
 * The operators that look at one value at a time. `leaves: false` are those to which an array is one value and not its
 * elements too; `negated` ones hold for a document when no value on the path passes the test.
 */
export const valueOperators = {
  $eq: { test: equality },
  $ne: { test: differs, negated: true },
  $gt: { test: operand => comparison('$gt', operand) },
  $gte: { test: operand => comparison('$gte', operand) },
  $lt: { test: operand => comparison('$lt', operand) },
  $lte: { test: operand => comparison('$lte', operand) },
  $in: { test: membership },
  $nin: { test: membership, negated: true },
  $type: { test: compileType },
  $mod: { test: modulo },
  $size: { test: size, leaves: false },
  $bitsAllSet: { test: operand => bitTest('$bitsAllSet', operand) },
  $bitsAnySet: { test: operand => bitTest('$bitsAnySet', operand) },
  $bitsAllClear: { test: operand => bitTest('$bitsAllClear', operand) },
  $bitsAnyClear: { test: operand => bitTest('$bitsAnyClear', operand) },
} as const satisfies Record<string, ValueOperator>

/** See `valueOperators`. */
export interface ValueOperator {
  test(operand: unknown): ValueTest
  leaves?: boolean
  negated?: boolean
}

function differs(operand: unknown): ValueTest {
  if (typeRank(operand) === ranks.regex) throw mongoError(2, "Can't have regex as arg to $ne.")
  return equality(operand)
}
