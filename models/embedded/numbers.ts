import { Decimal128, Double, Int32, Long } from 'bson'
import { mongoError } from './errors.ts'

/** The numeric kinds of BSON in the order in which arithmetic widens them. */
const kinds = ['int', 'long', 'double', 'decimal'] as const
export type NumberKind = (typeof kinds)[number]

/** A BSON number with its kind; the value of a decimal is its text. */
export type BsonNumber =
  | { kind: 'int' | 'double'; value: number }
  | { kind: 'long'; value: bigint }
  | { kind: 'decimal'; value: string }

/** Reads a wrapper or a plain JavaScript number or bigint; `undefined` when the value is no number. */
export function readNumber(value: unknown): BsonNumber | undefined {
  if (typeof value === 'number') {
    const whole = Number.isInteger(value) && Math.abs(value) <= 0x7fffffff && !Object.is(value, -0)
    return { kind: whole ? 'int' : 'double', value }
  }
  if (typeof value === 'bigint') return { kind: 'long', value }
  if (typeof value !== 'object' || value === null) return undefined
  switch ((value as { _bsontype?: string })._bsontype) {
    case 'Int32':
      return { kind: 'int', value: (value as Int32).value }
    case 'Double':
      return { kind: 'double', value: (value as Double).value }
    case 'Long':
      return { kind: 'long', value: (value as Long).toBigInt() }
    case 'Decimal128':
      return { kind: 'decimal', value: (value as Decimal128).toString() }
    default:
      return undefined
  }
}

/** The nearest double of a number; `undefined` when the value is none. */
export function toDouble(value: unknown): number | undefined {
  const number = readNumber(value)
  return number && Number(number.value)
}

/** Whether the value is a BSON number of any kind. */
export const isNumber = (value: unknown): boolean => readNumber(value) !== undefined

/** A finite decimal number: `coefficient * 10 ** exponent`. */
interface Digits {
  coefficient: bigint
  exponent: number
}

/** Splits decimal text as `Decimal128` and JavaScript write it; `undefined` for NaN and the infinities. */
function parseDigits(text: string): Digits | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (parts === null || !/\d/.test(text)) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  return {
    coefficient: BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`),
    exponent: Number(exponent) - fraction.length,
  }
}

/** The digits of a finite number: of a double all that it has (at most 1,075). */
function digitsOf(number: BsonNumber): Digits | undefined {
  if (number.kind === 'decimal') return parseDigits(number.value)
  if (number.kind === 'long') return { coefficient: number.value, exponent: 0 }
  if (!Number.isFinite(number.value)) return undefined
  let scaled = number.value
  let halvings = 0
  for (; !Number.isInteger(scaled); halvings += 1) scaled *= 2
  return { coefficient: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings }
}

/** Two numbers as whole ones of the same power of ten. */
function aligned(a: Digits, b: Digits): [bigint, bigint, exponent: number] {
  const low = Math.min(a.exponent, b.exponent)
  const at = (digits: Digits) => digits.coefficient * 10n ** BigInt(digits.exponent - low)
  return [at(a), at(b), low]
}

/** A decimal number of text, rounded to 34 digits; `undefined` when the text is none, or beyond what decimals reach. */
export function decimalFrom(text: string): Decimal128 | undefined {
  const digits = parseDigits(text)
  return digits && toDecimal(digits)
}

function toDecimal({ coefficient, exponent }: Digits): Decimal128 | undefined {
  const size = coefficient.toString().replace('-', '').length
  // Decimals of less than 34 digits, of which there would be some, `bson` rounds wrongly.
  const tooSmall = exponent < -6176 && size + exponent < -6142
  const tooLarge = size + exponent > 6145
  return tooSmall || tooLarge ? undefined : Decimal128.fromStringWithRounding(`${coefficient}E${exponent}`)
}

/** A whole number as an int, or as a long where it must be or `least` says so; `undefined` beyond 64 bits. */
export function wrapWhole(value: bigint, least: NumberKind): Int32 | Long | undefined {
  if (least === 'int' && BigInt.asIntN(32, value) === value) return new Int32(Number(value))
  return BigInt.asIntN(64, value) === value ? Long.fromBigInt(value) : undefined
}

/**
 * Adds or multiplies two numbers in the wider of their kinds; an int that overflows becomes a long. Throws code 2
 * where a decimal overflows.
 *
 * @returns `undefined` when a long overflows: an update refuses that, an expression goes on with a double
 */
export function combine(
  operation: 'add' | 'multiply',
  a: BsonNumber,
  b: BsonNumber,
): Int32 | Long | Double | Decimal128 | undefined {
  const kind = kinds[Math.max(kinds.indexOf(a.kind), kinds.indexOf(b.kind))]
  const add = operation === 'add'
  if (kind === 'int' || kind === 'long') {
    const [x, y] = [BigInt(a.value), BigInt(b.value)]
    return wrapWhole(add ? x + y : x * y, kind)
  }
  const inexact = add ? Number(a.value) + Number(b.value) : Number(a.value) * Number(b.value)
  if (kind === 'double') return new Double(inexact)
  const [left, right] = [decimalDigits(a), decimalDigits(b)]
  if (left === undefined || right === undefined) return Decimal128.fromString(String(inexact))
  const [x, y, low] = aligned(left, right)
  const coefficient = add ? x + y : left.coefficient * right.coefficient
  const result = toDecimal({ coefficient, exponent: add ? low : left.exponent + right.exponent })
  if (result) return result
  throw mongoError(2, `Failed to ${operation}: the result is beyond what decimals can hold`)
}

/** A double enters decimal arithmetic with 15 significant digits, as MongoDB converts it. */
const decimalDigits = (number: BsonNumber): Digits | undefined =>
  number.kind === 'double' ? parseDigits(number.value.toPrecision(15)) : digitsOf(number)

/** Turns the order of keys round. */
export function invert(bytes: Buffer): Buffer {
  for (let i = 0; i < bytes.length; i += 1) bytes[i] = 0xff - (bytes[i] as number)
  return bytes
}

/**
 * The key of a number: the nearest double, then whether it lies below (1), on (2) or above (3) that double, then, when
 * not on it, its decimal digits. So all kinds of numbers share one order, and equal ones have equal keys.
 */
export function numberKey(number: BsonNumber): Buffer {
  const nearest = Number(number.value)
  const key = Buffer.alloc(9, 2)
  key.writeDoubleBE(nearest === 0 ? 0 : nearest)
  if (Number.isNaN(nearest)) key.fill(0, 0, 8)
  else if ((key[0] as number) < 0x80) key[0] = (key[0] as number) | 0x80
  else invert(key.subarray(0, 8))
  const digits = number.kind === 'long' || number.kind === 'decimal' ? digitsOf(number) : undefined
  if (digits === undefined) return key
  const double = digitsOf({ kind: 'double', value: nearest })
  const [value, other] = double ? aligned(digits, double) : nearest > 0 ? [0, 1] : [1, 0]
  if (value === other) return key
  key[8] = value < other ? 1 : 3
  const negative = digits.coefficient < 0n
  const text = digits.coefficient.toString().slice(negative ? 1 : 0)
  const exact = Buffer.from(`  ${text.replace(/0+$/, '')}\0`)
  exact.writeUInt16BE(digits.exponent + text.length + 0x8000)
  return Buffer.concat([key, negative ? invert(exact) : exact])
}
