import { Decimal128, Double, Int32, Long } from 'bson'

/** The numeric kinds of BSON in the order in which arithmetic widens them. */
export type NumberKind = 'int' | 'long' | 'double' | 'decimal'

/** A BSON number with its kind; the value of a decimal is its text. */
export type BsonNumber =
  | { kind: 'int'; value: number }
  | { kind: 'long'; value: bigint }
  | { kind: 'double'; value: number }
  | { kind: 'decimal'; value: string }

const widening: readonly NumberKind[] = ['int', 'long', 'double', 'decimal']

/** Reads a wrapper or a plain JavaScript number or bigint; `undefined` when the value is no number. */
export function readNumber(value: unknown): BsonNumber | undefined {
  if (typeof value === 'number') {
    const whole = Number.isInteger(value) && Math.abs(value) <= 0x7fffffff && !Object.is(value, -0)
    return whole ? { kind: 'int', value } : { kind: 'double', value }
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

/** The nearest double of a BSON number, or `undefined` when the value is no number. */
export function toDouble(value: unknown): number | undefined {
  const number = readNumber(value)
  return number === undefined ? undefined : Number(number.value)
}

/** Whether the value is a BSON number of any kind. */
export const isNumber = (value: unknown): boolean => readNumber(value) !== undefined

/** A finite decimal number: `coefficient * 10 ** exponent`. */
export interface Digits {
  coefficient: bigint
  exponent: number
}

/** A decimal number of text, rounded to 34 digits; `undefined` when the text is none, or beyond what decimals reach. */
export function decimalFrom(text: string): Decimal128 | undefined {
  const digits = parseDigits(text)
  if (digits === undefined || Math.abs(digits.exponent) > 100_000) return undefined
  const size = digits.coefficient.toString().length + digits.exponent
  return size > 6144 ? undefined : roundedDecimal(digits)
}

/** Splits decimal text as `Decimal128` and JavaScript write it; `undefined` for NaN and the infinities. */
function parseDigits(text: string): Digits | undefined {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/.exec(text)
  if (parts === null || !/\d/.test(text)) return undefined
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = parts
  const coefficient = BigInt(`${whole}${fraction}` || '0')
  return {
    coefficient: sign === '-' ? -coefficient : coefficient,
    exponent: Number(exponent) - fraction.length,
  }
}

/** The exact digits of a finite double (at most 1,075 of them); `undefined` for NaN and the infinities. */
function exactDigits(value: number): Digits | undefined {
  if (!Number.isFinite(value)) return undefined
  if (Number.isInteger(value)) return { coefficient: BigInt(value), exponent: 0 }
  let scaled = value
  let halvings = 0
  while (!Number.isInteger(scaled)) {
    scaled *= 2
    halvings += 1
  }
  return { coefficient: BigInt(scaled) * 5n ** BigInt(halvings), exponent: -halvings }
}

const sign = (difference: bigint | number): number => (difference < 0 ? -1 : difference > 0 ? 1 : 0)

/** Compares two finite decimal numbers exactly. */
export function compareDigits(a: Digits, b: Digits): number {
  if (a.coefficient === 0n || b.coefficient === 0n) return sign(a.coefficient - b.coefficient)
  const low = Math.min(a.exponent, b.exponent)
  const left = a.coefficient * 10n ** BigInt(a.exponent - low)
  return sign(left - b.coefficient * 10n ** BigInt(b.exponent - low))
}

/** The digits of any finite BSON number. */
export function digitsOf(number: BsonNumber): Digits | undefined {
  if (number.kind === 'decimal') return parseDigits(number.value)
  return number.kind === 'long' ? { coefficient: number.value, exponent: 0 } : exactDigits(number.value)
}

/** Compares two BSON numbers by their exact values; NaN equals NaN and comes before all others. */
export function compareNumbers(a: BsonNumber, b: BsonNumber): number {
  const left = Number(a.value)
  const right = Number(b.value)
  if (Number.isNaN(left) || Number.isNaN(right)) {
    return Number.isNaN(left) ? (Number.isNaN(right) ? 0 : -1) : 1
  }
  if (left !== right) return left < right ? -1 : 1
  const exact = (kind: NumberKind) => kind === 'int' || kind === 'double'
  if (exact(a.kind) && exact(b.kind)) return 0
  const leftDigits = digitsOf(a)
  const rightDigits = digitsOf(b)
  if (leftDigits !== undefined && rightDigits !== undefined) return compareDigits(leftDigits, rightDigits)
  // One of them is an infinity, or both: a decimal too great for a double lies just inside of it.
  if (leftDigits === undefined && rightDigits === undefined) return 0
  return leftDigits === undefined ? sign(left) : -sign(right)
}

/** Wraps a result in the BSON class of its kind. */
export function wrapNumber(number: BsonNumber): Int32 | Long | Double | Decimal128 {
  switch (number.kind) {
    case 'int':
      return new Int32(number.value)
    case 'long':
      return Long.fromBigInt(number.value)
    case 'double':
      return new Double(number.value)
    case 'decimal':
      return Decimal128.fromString(number.value)
  }
}

const inInt = (value: bigint) => value >= -0x80000000n && value <= 0x7fffffffn
const inLong = (value: bigint) => value >= -(2n ** 63n) && value < 2n ** 63n

/** A whole number in the narrowest of int, or long if that is the least it may be; `undefined` beyond 64 bits. */
export function wrapWhole(value: bigint, least: NumberKind): Int32 | Long | undefined {
  if (least === 'int' && inInt(value)) return new Int32(Number(value))
  return inLong(value) ? Long.fromBigInt(value) : undefined
}

function roundedDecimal({ coefficient, exponent }: Digits): Decimal128 {
  const negative = coefficient < 0n
  let digits = (negative ? -coefficient : coefficient).toString()
  let power = exponent
  if (digits.length > 34) {
    const drop = BigInt(digits.length - 34)
    const unit = 10n ** drop
    const whole = BigInt(digits)
    const rest = (whole % unit) * 2n
    let kept = whole / unit
    if (rest > unit || (rest === unit && kept % 2n === 1n)) kept += 1n
    digits = kept.toString()
    power += Number(drop)
  }
  const sign = negative ? '-' : ''
  if (digits !== '0' && power + digits.length - 1 > 6144) return Decimal128.fromString(`${sign}Infinity`)
  if (power + digits.length < -6176) return Decimal128.fromString('0')
  return Decimal128.fromStringWithRounding(`${sign}${digits}E${power}`)
}

/**
 * Adds or multiplies two BSON numbers in the wider of their kinds. An int that overflows becomes a long.
 *
 * @returns `undefined` when a long overflows: an update refuses that, an expression goes on with a double.
 */
export function combine(
  operation: 'add' | 'multiply',
  a: BsonNumber,
  b: BsonNumber,
): Int32 | Long | Double | Decimal128 | undefined {
  const kind = widening[Math.max(widening.indexOf(a.kind), widening.indexOf(b.kind))]
  const add = operation === 'add'
  if (kind === 'double') {
    const [left, right] = [Number(a.value), Number(b.value)]
    return new Double(add ? left + right : left * right)
  }
  if (kind === 'decimal') {
    // A double enters decimal arithmetic with 15 significant digits, as MongoDB converts it.
    const [left, right] = [decimalDigits(a), decimalDigits(b)]
    if (left === undefined || right === undefined) {
      const [x, y] = [Number(a.value), Number(b.value)]
      return Decimal128.fromString(String(add ? x + y : x * y))
    }
    if (!add) {
      const coefficient = left.coefficient * right.coefficient
      return roundedDecimal({ coefficient, exponent: left.exponent + right.exponent })
    }
    const low = Math.min(left.exponent, right.exponent)
    const at = (digits: Digits) => digits.coefficient * 10n ** BigInt(digits.exponent - low)
    return roundedDecimal({ coefficient: at(left) + at(right), exponent: low })
  }
  const [left, right] = [BigInt(a.value), BigInt(b.value)]
  return wrapWhole(add ? left + right : left * right, kind === 'int' ? 'int' : 'long')
}

function decimalDigits(number: BsonNumber): Digits | undefined {
  return number.kind === 'double' ? parseDigits(number.value.toPrecision(15)) : digitsOf(number)
}

/** Divides two decimal numbers, to 34 digits; a double is taken with 15. Undefined when either is no finite number, or the second is zero. */
export function divideDecimals(a: BsonNumber, b: BsonNumber): Decimal128 | undefined {
  const left = decimalDigits(a)
  const right = decimalDigits(b)
  if (left === undefined || right === undefined || right.coefficient === 0n) return undefined
  const extra = 40 + right.coefficient.toString().length
  let coefficient = (left.coefficient * 10n ** BigInt(extra)) / right.coefficient
  let exponent = left.exponent - right.exponent - extra
  const ideal = left.exponent - right.exponent
  while (exponent < ideal && coefficient % 10n === 0n) {
    coefficient /= 10n
    exponent += 1
  }
  return roundedDecimal({ coefficient, exponent })
}
