import { dateAt, fromLocal, toLocal, utc } from './time-zone.ts'

const dayMs = 86_400_000

/** The days of the week in the order of `Date`. */
export const weekdays = [
  'sunday',
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
] as const

/** Units of time that are always as long, in milliseconds. */
const fixedUnits = { millisecond: 1, second: 1000, minute: 60_000, hour: 3_600_000 } as const
/** Units of the calendar: days by their number, months by theirs. */
const calendarUnits = { day: 1, week: 7, month: 1, quarter: 3, year: 12 } as const

/** A unit of time. */
export type Unit = keyof typeof fixedUnits | keyof typeof calendarUnits

/** Whether text names a unit of time. */
export const isUnit = (text: string): text is Unit =>
  Object.hasOwn(fixedUnits, text) || Object.hasOwn(calendarUnits, text)

const isFixed = (unit: Unit): unit is keyof typeof fixedUnits => Object.hasOwn(fixedUnits, unit)
const byDays = (unit: Unit) => unit === 'day' || unit === 'week'

const startOfDay = (local: Date) => Math.floor(local.getTime() / dayMs) * dayMs
const dayOfYear = (local: Date) => (startOfDay(local) - utc(local.getUTCFullYear(), 0)) / dayMs + 1
const isoDay = (local: Date) => local.getUTCDay() || 7

function isoThursday(local: Date): Date {
  return new Date(startOfDay(local) + (4 - isoDay(local)) * dayMs)
}

/** The parts of a local time (a `Date` whose UTC fields show it). */
export const dateParts = {
  year: local => local.getUTCFullYear(),
  month: local => local.getUTCMonth() + 1,
  dayOfMonth: local => local.getUTCDate(),
  dayOfWeek: local => local.getUTCDay() + 1,
  dayOfYear,
  hour: local => local.getUTCHours(),
  minute: local => local.getUTCMinutes(),
  second: local => local.getUTCSeconds(),
  millisecond: local => local.getUTCMilliseconds(),
  week: local => Math.floor((dayOfYear(local) + 6 - local.getUTCDay()) / 7),
  isoDayOfWeek: isoDay,
  isoWeek: local => Math.ceil(dayOfYear(isoThursday(local)) / 7),
  isoWeekYear: local => isoThursday(local).getUTCFullYear(),
} as const satisfies Record<string, (local: Date) => number>

/** Days from the fourth of January to a day of an ISO week of that year. */
export function daysFrom(fourthOfJanuary: number, week: number, day: number): number {
  return (week - 1) * 7 + day - isoDay(new Date(fourthOfJanuary))
}

const monthOf = (local: Date) => local.getUTCFullYear() * 12 + local.getUTCMonth()

/** Adds units in a zone's calendar: the time of day stays, and a day that the month lacks becomes its last. */
export function addUnits(date: Date, unit: Unit, amount: number, zone: unknown): Date {
  if (isFixed(unit)) return dateAt(date.getTime() + amount * fixedUnits[unit])
  const local = toLocal(date, zone)
  if (byDays(unit)) return fromLocal(local.getTime() + amount * calendarUnits[unit] * dayMs, zone)
  const month = monthOf(local) + amount * calendarUnits[unit]
  const [year, index] = [Math.floor(month / 12), ((month % 12) + 12) % 12]
  const last = new Date(utc(year, index + 1, 0)).getUTCDate()
  const day = utc(year, index, Math.min(local.getUTCDate(), last))
  return fromLocal(day + (local.getTime() - startOfDay(local)), zone)
}

/** Bins are counted from here, as MongoDB does: the first moment of 2000. */
const origin = utc(2000, 0)

/** The first moment of the bin of `size` units that a date is in. Weeks begin on day `first` (0 is Sunday). */
export function truncate(date: Date, unit: Unit, size: number, zone: unknown, first: number): Date {
  const local = toLocal(date, zone)
  if (isFixed(unit)) {
    const length = fixedUnits[unit] * size
    const since = local.getTime() - origin
    return new Date(date.getTime() - (((since % length) + length) % length))
  }
  if (byDays(unit)) {
    const start = unit === 'week' ? firstWeek(first) : origin
    const length = calendarUnits[unit] * size * dayMs
    return fromLocal(start + Math.floor((local.getTime() - start) / length) * length, zone)
  }
  const length = calendarUnits[unit] * size
  const since = Math.floor((monthOf(local) - 2000 * 12) / length) * length
  return fromLocal(utc(2000, since), zone)
}

/** The first day of 2000 that begins a week. */
const firstWeek = (first: number) => origin + ((first - new Date(origin).getUTCDay() + 7) % 7) * dayMs

/** How many boundaries of a unit lie between two dates. */
export function unitsBetween(from: Date, to: Date, unit: Unit, zone: unknown, first: number): number {
  const [start, end] = [toLocal(from, zone), toLocal(to, zone)]
  const crossed = (length: number, base: number, a: number, b: number) =>
    Math.floor((b - base) / length) - Math.floor((a - base) / length)
  if (isFixed(unit)) {
    // Hours are counted on the zone's clock only as far as its offset is no whole number of them.
    const shift = start.getTime() - from.getTime()
    return crossed(fixedUnits[unit], -shift, from.getTime(), to.getTime())
  }
  if (byDays(unit)) {
    const base = unit === 'week' ? firstWeek(first) : origin
    return crossed(calendarUnits[unit] * dayMs, base, start.getTime(), end.getTime())
  }
  return crossed(calendarUnits[unit], 0, monthOf(start), monthOf(end))
}
