import { Long, type ObjectId } from 'bson'
import {
  addUnits,
  dateParts,
  daysFrom,
  isUnit,
  truncate,
  type Unit,
  unitsBetween,
  weekdays,
} from './calendar.ts'
import { formatDate } from './date-format.ts'
import { mongoError } from './errors.ts'
import type { Scope } from './expression.ts'
import { compileNamed, isNullish, type NamedArguments } from './expression-arguments.ts'
import { countOf } from './expression-numbers.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { readNumber } from './numbers.ts'
import { fromLocal, toLocal, utc } from './time-zone.ts'
import { typeName } from './types.ts'
import { isDocument, ranks, typeRank } from './values.ts'

function dateFor(name: string, value: unknown): Date {
  if (value instanceof Date) return value
  if (typeRank(value) === ranks.objectId) return (value as ObjectId).getTimestamp()
  if (typeRank(value) === ranks.timestamp)
    return new Date((value as unknown as Long).getHighBitsUnsigned() * 1000)
  throw mongoError(16006, `can't convert from BSON type ${typeName(value)} to Date in ${name}`)
}

function part(name: string, read: (local: Date) => number): ExpressionOperator {
  return (operand, compile) => {
    const withZone = isDocument(operand) && operand.date !== undefined
    const [only] = Array.isArray(operand) ? operand : [operand]
    const named = withZone ? compileNamed(name, operand, ['date!', 'timezone'], compile) : undefined
    const plain = compile(only)
    return scope => {
      const value = named === undefined ? plain(scope) : named.value('date', scope)
      const zone = named?.value('timezone', scope)
      if (isNullish(value) || zone === null) return null
      const number = read(toLocal(dateFor(name, value), zone))
      return name === '$isoWeekYear' ? Long.fromNumber(number) : countOf(number)
    }
  }
}

function unitFor(name: string, value: unknown): Unit {
  if (typeof value === 'string' && isUnit(value)) return value
  throw mongoError(9, `unknown time unit value in ${name}: ${String(value)}`)
}

function weekStart(named: NamedArguments, scope: Scope): number {
  const day = named.value('startOfWeek', scope) ?? 'sunday'
  const found = weekdays.findIndex(name => name.startsWith(String(day).toLowerCase().slice(0, 3)))
  if (found < 0) throw mongoError(9, `unknown day of week value: ${String(day)}`)
  return found
}

function wholeFor(name: string, value: unknown): number {
  const whole = Number(readNumber(value)?.value)
  if (!Number.isInteger(whole)) throw mongoError(5166405, `${name} expects a whole number`)
  return whole
}

function dateAdd(name: string, sign: 1 | -1): ExpressionOperator {
  return (operand, compile) => {
    const named = compileNamed(name, operand, ['startDate!', 'unit!', 'amount!', 'timezone'], compile)
    return scope => {
      const start = named.value('startDate', scope)
      const unit = named.value('unit', scope)
      const amount = named.value('amount', scope)
      const zone = named.value('timezone', scope)
      if (isNullish(start) || isNullish(unit) || isNullish(amount) || zone === null) return null
      return addUnits(dateFor(name, start), unitFor(name, unit), sign * wholeFor(name, amount), zone)
    }
  }
}

const dateTrunc: ExpressionOperator = (operand, compile) => {
  const names = ['date!', 'unit!', 'binSize', 'timezone', 'startOfWeek']
  const named = compileNamed('$dateTrunc', operand, names, compile)
  return scope => {
    const date = named.value('date', scope)
    const unit = named.value('unit', scope)
    const zone = named.value('timezone', scope)
    if (isNullish(date) || isNullish(unit) || zone === null) return null
    const size = wholeFor('$dateTrunc', named.value('binSize', scope) ?? 1)
    if (size <= 0) throw mongoError(5439018, '$dateTrunc requires binSize to be greater than 0')
    const first = weekStart(named, scope)
    return truncate(dateFor('$dateTrunc', date), unitFor('$dateTrunc', unit), size, zone, first)
  }
}

const dateDiff: ExpressionOperator = (operand, compile) => {
  const names = ['startDate!', 'endDate!', 'unit!', 'timezone', 'startOfWeek']
  const named = compileNamed('$dateDiff', operand, names, compile)
  return scope => {
    const [start, end] = [named.value('startDate', scope), named.value('endDate', scope)]
    const unit = named.value('unit', scope)
    const zone = named.value('timezone', scope)
    if (isNullish(start) || isNullish(end) || isNullish(unit) || zone === null) return null
    const [from, to] = [dateFor('$dateDiff', start), dateFor('$dateDiff', end)]
    return Long.fromNumber(unitsBetween(from, to, unitFor('$dateDiff', unit), zone, weekStart(named, scope)))
  }
}

const dateToString: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$dateToString', operand, ['date!', 'format', 'timezone', 'onNull'], compile)
  return scope => {
    const date = named.value('date', scope)
    if (isNullish(date)) return named.value('onNull', scope) ?? null
    const zone = named.value('timezone', scope)
    if (zone === null) return null
    const standard = isNullish(zone) || zone === 'UTC' ? '%Y-%m-%dT%H:%M:%S.%LZ' : '%Y-%m-%dT%H:%M:%S.%L'
    return formatDate(dateFor('$dateToString', date), String(named.value('format', scope) ?? standard), zone)
  }
}

const dateToParts: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$dateToParts', operand, ['date!', 'timezone', 'iso8601'], compile)
  return scope => {
    const value = named.value('date', scope)
    if (isNullish(value)) return null
    const local = toLocal(dateFor('$dateToParts', value), named.value('timezone', scope))
    const iso = named.value('iso8601', scope) === true
    const days = iso
      ? (['isoWeekYear', 'isoWeek', 'isoDayOfWeek'] as const)
      : (['year', 'month', 'dayOfMonth'] as const)
    const names = [...days, 'hour', 'minute', 'second', 'millisecond'] as const
    return Object.fromEntries(
      names.map(name => [name === 'dayOfMonth' ? 'day' : name, countOf(dateParts[name](local))]),
    )
  }
}

const dateFromParts: ExpressionOperator = (operand, compile) => {
  const days = ['year', 'month', 'day', 'isoWeekYear', 'isoWeek', 'isoDayOfWeek']
  const names = [...days, 'hour', 'minute', 'second', 'millisecond', 'timezone']
  const named = compileNamed('$dateFromParts', operand, names, compile)
  return scope => {
    const parts = names
      .slice(0, -1)
      .map(name => (named.part(name) === undefined ? undefined : named.value(name, scope)))
    if (parts.includes(null) || named.value('timezone', scope) === null) return null
    const at = (name: string, otherwise: number) => {
      const value = parts[names.indexOf(name)]
      return value === undefined ? otherwise : wholeFor('$dateFromParts', value)
    }
    const time = [at('hour', 0), at('minute', 0), at('second', 0), at('millisecond', 0)] as const
    const local = named.part('isoWeekYear')
      ? utc(at('isoWeekYear', 1970), 0, 4) +
        (daysFrom(utc(at('isoWeekYear', 1970), 0, 4), at('isoWeek', 1), at('isoDayOfWeek', 1)) * 86_400_000 +
          utc(1970, 0, 1, ...time))
      : utc(at('year', 1970), at('month', 1) - 1, at('day', 1), ...time)
    return fromLocal(local, named.value('timezone', scope))
  }
}

const partOperators = Object.fromEntries(
  Object.entries(dateParts).map(([name, read]) => [`$${name}`, part(`$${name}`, read)]),
) as Record<`$${keyof typeof dateParts}`, ExpressionOperator>

/** Operators of dates, in the Gregorian calendar of any time zone. */
export const dateOperators = {
  ...partOperators,
  $dateAdd: dateAdd('$dateAdd', 1),
  $dateSubtract: dateAdd('$dateSubtract', -1),
  $dateTrunc: dateTrunc,
  $dateDiff: dateDiff,
  $dateToString: dateToString,
  $dateToParts: dateToParts,
  $dateFromParts: dateFromParts,
} as const satisfies Record<string, ExpressionOperator>
