import type { ObjectId, Timestamp } from 'bson'
import { mongoError } from './errors.ts'
import type { Compute } from './expression-operators.ts'
import { callMingo } from './mingo.ts'
import { readNumber } from './numbers.ts'
import { typeName } from './types.ts'
import { ranks, typeRank } from './values.ts'

const dayMs = 86_400_000
/** Units by their milliseconds, and those of the calendar by their months. */
const lengths = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000, day: dayMs, week: 7 * dayMs }
const months = { month: 1, quarter: 3, year: 12 }

/** A format takes some 100 microseconds to make, so each zone's is kept. */
const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone)
  if (known !== undefined) return known
  try {
    const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    if (formats.size < 1000) formats.set(zone, format)
    return format
  } catch (cause) {
    throw Object.assign(mongoError(40485, `unrecognized time zone identifier: "${zone}"`), { cause })
  }
}

/** How many milliseconds a zone (`UTC`, `GMT`, `Z`, an offset such as `+08:00` or a name) is ahead of UTC. */
function zoneOffset(zone: unknown, at: number): number {
  if (zone === undefined || zone === 'Z') return 0
  const text = /^[+-]\d\d(:?\d\d)?$/.test(String(zone))
    ? String(zone)
    : (/[+-]\d\d(:?\d\d)*$/.exec(formatFor(String(zone)).format(dateAt(at)))?.[0] ?? '+00')
  const [hours = 0, minutes = 0, seconds = 0] = (text.match(/\d\d/g) ?? []).map(Number)
  return (text.startsWith('-') ? -1000 : 1000) * (hours * 3600 + minutes * 60 + seconds)
}

/** The date at so many milliseconds, fractions dropped. Throws code 15 beyond what a JavaScript date reaches. */
export function dateAt(ms: number): Date {
  const date = new Date(Math.trunc(ms))
  if (Number.isNaN(date.getTime())) throw mongoError(15, `date out of range: ${ms} ms`)
  return date
}

/** The date of a date, an ObjectId or a timestamp. Throws code 16006 for anything else. */
export function dateOf(value: unknown): Date {
  if (value instanceof Date) return value
  if (typeRank(value) === ranks.objectId) return (value as ObjectId).getTimestamp()
  if (typeRank(value) === ranks.timestamp) return new Date((value as Timestamp).t * 1000)
  throw mongoError(16006, `can't convert from BSON type ${typeName(value)} to Date`)
}

/** A date whose UTC fields show the local time of a zone. */
function toLocal(value: unknown, zone: unknown): Date {
  const ms = dateOf(value).getTime()
  return dateAt(ms + zoneOffset(zone, ms))
}

/** The moment at which a zone's clocks show `local` (given as if it were UTC); the earlier one when there are two. */
function fromLocal(local: number, zone: unknown): Date {
  const guess = dateAt(local).getTime() - zoneOffset(zone, local)
  const earlier = local - zoneOffset(zone, guess - lengths.hour)
  return dateAt(earlier + zoneOffset(zone, earlier) === local ? earlier : local - zoneOffset(zone, guess))
}

const isLength = (unit: unknown): unit is keyof typeof lengths => Object.hasOwn(lengths, String(unit))

function monthsOf(unit: unknown): number {
  if (Object.hasOwn(months, String(unit))) return months[unit as keyof typeof months]
  throw mongoError(9, `unknown time unit value: ${String(unit)}`)
}

function wholeFor(value: unknown): number {
  const whole = Number(readNumber(value)?.value)
  if (Number.isInteger(whole)) return whole
  throw mongoError(5166405, 'a whole number is expected')
}

/** Adds in a zone's calendar: the time of day stays, and a day that the month lacks becomes its last. */
function add(sign: 1 | -1, value: unknown, unit: unknown, amount: unknown, zone: unknown): Date {
  const [date, count] = [dateOf(value), sign * wholeFor(amount)]
  if (isLength(unit) && lengths[unit] < dayMs) return dateAt(date.getTime() + count * lengths[unit])
  const local = toLocal(date, zone)
  if (isLength(unit)) return fromLocal(local.getTime() + count * lengths[unit], zone)
  const month = local.getUTCMonth() + count * monthsOf(unit)
  const last = new Date(new Date(local).setUTCMonth(month + 1, 0)).getUTCDate()
  return fromLocal(new Date(local).setUTCMonth(month, Math.min(local.getUTCDate(), last)), zone)
}

/** The first moment of the bin of `size` units that a date is in; weeks begin on the day that `first` names. */
function truncate(value: unknown, unit: unknown, size: unknown, zone: unknown, first: unknown): Date {
  const [date, local, count] = [dateOf(value), toLocal(value, zone), wholeFor(size ?? 1)]
  if (count <= 0) throw mongoError(5439018, '$dateTrunc requires binSize to be greater than 0')
  if (!isLength(unit)) {
    // Not mingo's, which takes months before 2000 for months of another year. Bins are counted from 2000.
    const length = monthsOf(unit) * count
    const since = (local.getUTCFullYear() - 2000) * 12 + local.getUTCMonth()
    return fromLocal(Date.UTC(2000, Math.floor(since / length) * length), zone)
  }
  const names = ['date', 'unit', 'binSize', 'startOfWeek']
  const bin = Number(callMingo('$dateTrunc', [local, unit, count, first], names))
  return lengths[unit] < dayMs ? dateAt(date.getTime() + bin - local.getTime()) : fromLocal(bin, zone)
}

/** The parts of a date that mingo reads right, and the specifiers that it formats right, from local time. */
const parts =
  '$year $month $dayOfMonth $dayOfWeek $dayOfYear $hour $minute $second $millisecond $isoDayOfWeek $isoWeek'
const unsupported = /%(?![YmdHMSLjuV])/
const ofParts = <T>(make: (name: string) => T) =>
  Object.fromEntries(parts.split(' ').map(name => [name, make(name)]))

/** Operators of dates, in the Gregorian calendar of any time zone; none gets null. */
export const dateOperators: Readonly<Record<string, Compute>> = {
  ...ofParts<Compute>(name => (date, zone) => callMingo(name, [toLocal(date, zone)])),
  $dateAdd: (date, unit, amount, zone) => add(1, date, unit, amount, zone),
  $dateSubtract: (date, unit, amount, zone) => add(-1, date, unit, amount, zone),
  $dateTrunc: truncate,
  $dateToString: (date, format, zone) => {
    if (!unsupported.test(String(format)))
      return callMingo('$dateToString', [toLocal(date, zone), format], ['date', 'format'])
    throw mongoError(18536, `Unsupported format character in '${format}'`)
  },
}

/** The names of their arguments; those with a question mark may be missing. */
export const dateParameters: Readonly<Record<string, string>> = {
  ...ofParts(() => 'date timezone?'),
  $dateAdd: 'startDate unit amount timezone?',
  $dateSubtract: 'startDate unit amount timezone?',
  $dateTrunc: 'date unit binSize? timezone? startOfWeek?',
  $dateToString: 'date format timezone?',
}
