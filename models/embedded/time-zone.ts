import { mongoError } from './errors.ts'

const formats = new Map<string, Intl.DateTimeFormat>()
const offsets = new Map<string, number>()

/** Offsets are kept for quarters of an hour, within which no zone changes its offset. */
const quarter = 900_000
const keptOffsets = 50_000
const keptFormats = 1000

/**
 * How many milliseconds a time zone is ahead of UTC at a moment.
 *
 * @param zone `UTC`, `GMT`, `Z`, an offset such as `+08:00`, `+0800` or `+08`, or a name such as `Asia/Shanghai`
 * @throws code 40485 for a zone that is not known
 */
function zoneOffset(zone: unknown, at: number): number {
  if (zone === undefined || zone === null || zone === 'UTC' || zone === 'GMT' || zone === 'Z') return 0
  if (typeof zone !== 'string') throw mongoError(40517, 'timezone must evaluate to a string')
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(zone)
  if (fixed !== null) {
    const minutes = Number(fixed[2]) * 60 + Number(fixed[3] ?? 0)
    return (fixed[1] === '-' ? -minutes : minutes) * 60_000
  }
  const slot = Math.floor(at / quarter)
  const key = `${zone}|${slot}`
  const known = offsets.get(key)
  if (known !== undefined) return known
  const offset = namedOffset(zone, slot * quarter)
  if (offsets.size >= keptOffsets) offsets.clear()
  offsets.set(key, offset)
  return offset
}

function namedOffset(zone: string, at: number): number {
  let format = formats.get(zone)
  if (format === undefined) {
    if (formats.size >= keptFormats) formats.clear()
    format = formatFor(zone)
    formats.set(zone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return utc(year, month - 1, day, hour, minute, second) - at
}

function formatFor(zone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch (cause) {
    const error = mongoError(40485, `unrecognized time zone identifier: "${zone}"`)
    error.cause = cause
    throw error
  }
}

/**
 * The date at so many milliseconds, fractions dropped.
 *
 * @throws code 15 beyond what a JavaScript date reaches (100 million days around 1970)
 */
export function dateAt(ms: number): Date {
  const date = new Date(Math.trunc(ms))
  if (Number.isNaN(date.getTime())) throw mongoError(15, `date out of range: ${ms} ms`)
  return date
}

/** Milliseconds of a UTC time; unlike `Date.UTC` years below 100 mean themselves. Months count from 0. */
export function utc(year: number, month: number, day = 1, hour = 0, minute = 0, second = 0, ms = 0): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month, day)
  date.setUTCHours(hour, minute, second, ms)
  return date.getTime()
}

/** A `Date` whose UTC fields show the local time of a zone. */
export const toLocal = (date: Date, zone: unknown): Date =>
  new Date(date.getTime() + zoneOffset(zone, date.getTime()))

/** The moment at which a zone's clocks show `local` (given as if it were UTC); the earlier one when there are two. */
export function fromLocal(local: number, zone: unknown): Date {
  const guess = dateAt(local).getTime() - zoneOffset(zone, local)
  const earlier = local - zoneOffset(zone, guess - 3_600_000)
  if (earlier + zoneOffset(zone, earlier) === local) return new Date(earlier)
  return dateAt(local - zoneOffset(zone, guess))
}
