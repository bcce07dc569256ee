import { Decimal128, Double, ObjectId } from 'bson'
import { dateAt, dateOf } from './dates.ts'
import { mongoError } from './errors.ts'
import { decimalFrom, readNumber, wrapWhole } from './numbers.ts'
import { typeName, typeNumbers } from './types.ts'
import { ranks, typeRank } from './values.ts'

const failed = (value: unknown, to: string) =>
  mongoError(241, `Unsupported conversion from ${typeName(value)} to ${to} in $convert: no such value`)

/** The text of a number, also of what stands for one: a boolean, a date, or text. */
function digitsOf(value: unknown, to: string): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (value instanceof Date && to !== 'int') return String(value.getTime())
  const number = readNumber(value)
  if (number !== undefined) return String(number.value)
  if (typeof value === 'string' && /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(value)) return value
  throw failed(value, to)
}

function whole(value: unknown, to: 'int' | 'long'): unknown {
  const digits = digitsOf(value, to)
  const isText = /^[+-]?\d+$/.test(digits)
  const number = isText ? digits.replace('+', '') : Math.trunc(Number(digits))
  const fits = isText || (typeof value !== 'string' && Number.isFinite(number))
  const wrapped = fits ? wrapWhole(BigInt(number), to) : undefined
  if (readNumber(wrapped)?.kind === to) return wrapped
  throw failed(value, to)
}

function decimal(value: unknown): unknown {
  const number = readNumber(value)
  const digits = digitsOf(value, 'decimal')
  if (number !== undefined && !Number.isFinite(Number(digits))) return Decimal128.fromString(digits)
  // A double becomes a decimal of 15 significant digits, as in MongoDB.
  const parsed = decimalFrom(
    number?.kind === 'double' ? String(Number(number.value.toPrecision(15))) : digits,
  )
  if (parsed !== undefined) return parsed
  throw failed(value, 'decimal')
}

function date(value: unknown): Date {
  const number = readNumber(value)
  if (number !== undefined && number.kind !== 'int') return dateAt(Number(number.value))
  if (typeof value !== 'string') return dateOf(value)
  const zoned = /T.*(Z|[+-]\d\d:?\d\d)$/.test(value) || !value.includes('T') ? value : `${value}Z`
  const parsed = new Date(zoned)
  if (/^\d{4}-\d\d-\d\d/.test(value) && !Number.isNaN(parsed.getTime())) return parsed
  throw failed(value, 'date')
}

function text(value: unknown): string {
  if (value instanceof Date) return value.toISOString()
  if (typeRank(value) === ranks.objectId) return (value as ObjectId).toHexString()
  return typeof value === 'string' || typeof value === 'boolean' ? String(value) : digitsOf(value, 'string')
}

function objectId(value: unknown): unknown {
  if (typeRank(value) === ranks.objectId) return value
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value)
  throw failed(value, 'objectId')
}

/** Conversions to a type, of what is neither null nor missing. They throw code 241 where there is none. */
export const conversions = {
  int: (value: unknown) => whole(value, 'int'),
  long: (value: unknown) => whole(value, 'long'),
  double: (value: unknown) => new Double(Number(digitsOf(value, 'double'))),
  decimal,
  date,
  string: text,
  objectId,
  bool: (value: unknown) => value !== false && Number(readNumber(value)?.value ?? 1) !== 0,
} as const

/** Converts to a type given by its name or its number. Throws code 2 for an unknown type, else code 241. */
export function convert(value: unknown, type: unknown): unknown {
  const code = Number(readNumber(type)?.value)
  const name = Object.entries(typeNumbers).find(([, number]) => number === code)?.[0] ?? type
  const conversion = Object.entries(conversions).find(([to]) => to === name)?.[1]
  if (conversion !== undefined) return conversion(value)
  throw mongoError(2, `Unknown type name in $convert: ${String(name)}`)
}
