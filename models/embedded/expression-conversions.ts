import { Decimal128, Double, type Long, ObjectId, UUID } from 'bson'
import { mongoError } from './errors.ts'
import { compileNamed, isNullish, withArguments } from './expression-arguments.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { decimalFrom, readNumber, wrapWhole } from './numbers.ts'
import { dateAt } from './time-zone.ts'
import { typeName, typeNumbers } from './types.ts'
import { bytesOf, ranks, textOf, typeRank } from './values.ts'

function failed(value: unknown, target: string, why = ''): Error {
  const reason = why === '' ? '' : `: ${why}`
  return mongoError(241, `Unsupported conversion from ${typeName(value)} to ${target} in $convert${reason}`)
}

function toWhole(value: unknown, target: 'int' | 'long'): unknown {
  if (value === true || value === false) return wrapWhole(value ? 1n : 0n, target)
  if (value instanceof Date && target === 'long') return wrapWhole(BigInt(value.getTime()), 'long')
  let whole: bigint | undefined
  const number = readNumber(value)
  if (number?.kind === 'int' || number?.kind === 'long') whole = BigInt(number.value)
  else if (number !== undefined && Number.isFinite(Number(number.value)))
    whole = BigInt(Math.trunc(Number(number.value)))
  else if (typeof value === 'string' && /^[+-]?\d+$/.test(value)) whole = BigInt(value.replace('+', ''))
  const wrapped = whole === undefined ? undefined : wrapWhole(whole, target)
  if (wrapped === undefined || (target === 'int' && readNumber(wrapped)?.kind !== 'int')) {
    throw failed(value, target, 'the value is no whole number of this size')
  }
  return wrapped
}

function toDouble(value: unknown): unknown {
  if (value === true || value === false) return new Double(value ? 1 : 0)
  if (value instanceof Date) return new Double(value.getTime())
  const number = readNumber(value)
  if (number !== undefined) return new Double(Number(number.value))
  if (typeof value === 'string' && value.trim() === value && value !== '' && !Number.isNaN(Number(value))) {
    return new Double(Number(value))
  }
  throw failed(value, 'double')
}

function toDecimal(value: unknown): unknown {
  if (value === true || value === false) return Decimal128.fromString(value ? '1' : '0')
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()))
  const number = readNumber(value)
  if (number !== undefined) {
    const text =
      number.kind === 'double' ? String(Number(number.value.toPrecision(15))) : String(number.value)
    return Decimal128.fromString(text)
  }
  const parsed = typeof value === 'string' ? decimalFrom(value) : undefined
  if (parsed !== undefined) return parsed
  throw failed(value, 'decimal')
}

function toDate(value: unknown): unknown {
  if (value instanceof Date) return value
  const rank = typeRank(value)
  const number = readNumber(value)
  if (number !== undefined && number.kind !== 'int') return dateAt(Number(number.value))
  if (rank === ranks.objectId) return (value as ObjectId).getTimestamp()
  if (rank === ranks.timestamp) return new Date((value as Long).getHighBitsUnsigned() * 1000)
  if (typeof value === 'string') {
    const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`
    const date = new Date(zoned)
    if (!Number.isNaN(date.getTime()) && /^\d{4}-/.test(value)) return date
  }
  throw failed(value, 'date')
}

/**
 * A value as text: numbers, booleans, dates, ObjectIds and binary data have one.
 *
 * @throws code 241 for any other type
 */
export function toText(value: unknown): unknown {
  const number = readNumber(value)
  if (number !== undefined) return String(number.value)
  switch (typeRank(value)) {
    case ranks.string:
      return textOf(value)
    case ranks.bool:
      return String(value)
    case ranks.date:
      return (value as Date).toISOString()
    case ranks.objectId:
      return (value as ObjectId).toHexString()
    case ranks.binary: {
      const { bytes, subtype } = bytesOf(value)
      return subtype === 4 && bytes.length === 16
        ? new UUID(bytes).toString()
        : Buffer.from(bytes).toString('base64')
    }
    default:
      throw failed(value, 'string')
  }
}

function toObjectId(value: unknown): unknown {
  if (typeRank(value) === ranks.objectId) return value
  if (typeof value === 'string' && /^[0-9a-fA-F]{24}$/.test(value)) return new ObjectId(value)
  throw failed(value, 'objectId', typeof value === 'string' ? `Failed to parse objectId '${value}'` : '')
}

const conversions = {
  int: value => toWhole(value, 'int'),
  long: value => toWhole(value, 'long'),
  double: toDouble,
  decimal: toDecimal,
  date: toDate,
  string: toText,
  objectId: toObjectId,
  bool: value => (typeof value === 'boolean' ? value : isTruthy(value)),
} as const satisfies Record<string, (value: unknown) => unknown>

function to(name: string, target: keyof typeof conversions): ExpressionOperator {
  return withArguments(name, 1, 1, value => (isNullish(value) ? null : conversions[target](value)))
}

const convert: ExpressionOperator = (operand, compile) => {
  const named = compileNamed(
    '$convert',
    operand,
    ['input!', 'to!', 'onError', 'onNull', 'format', 'base'],
    compile,
  )
  return scope => {
    const input = named.value('input', scope)
    if (isNullish(input)) return named.value('onNull', scope) ?? null
    const wanted = named.value('to', scope)
    const code = Number(readNumber(wanted)?.value)
    const name = Object.entries(typeNumbers).find(([, number]) => number === code)?.[0] ?? wanted
    if (typeof name !== 'string' || !Object.hasOwn(conversions, name)) {
      throw mongoError(2, `Unknown type name in $convert: ${String(name)}`)
    }
    try {
      return conversions[name as keyof typeof conversions](input)
    } catch (error) {
      const instead = named.part('onError')
      if (instead === undefined) throw error
      return instead(scope)
    }
  }
}

/** Conversions between types. */
export const conversionOperators = {
  $toInt: to('$toInt', 'int'),
  $toLong: to('$toLong', 'long'),
  $toDouble: to('$toDouble', 'double'),
  $toDecimal: to('$toDecimal', 'decimal'),
  $toDate: to('$toDate', 'date'),
  $toString: to('$toString', 'string'),
  $toObjectId: to('$toObjectId', 'objectId'),
  $toBool: to('$toBool', 'bool'),
  $convert: convert,
  $type: withArguments('$type', 1, 1, value => typeName(value)),
  $isNumber: withArguments('$isNumber', 1, 1, value => readNumber(value) !== undefined),
} as const satisfies Record<string, ExpressionOperator>
