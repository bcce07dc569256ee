import { dateParts } from './calendar.ts'
import { mongoError } from './errors.ts'
import { toLocal } from './time-zone.ts'

const padded = (number: number, width: number) => String(number).padStart(width, '0')

const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
] as const

function offset(minutes: number): string {
  const size = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${padded(Math.floor(size / 60), 2)}${padded(size % 60, 2)}`
}

const specifiers: Record<string, (local: Date, minutes: number) => string> = {
  Y: local => padded(dateParts.year(local), 4),
  m: local => padded(dateParts.month(local), 2),
  d: local => padded(dateParts.dayOfMonth(local), 2),
  H: local => padded(dateParts.hour(local), 2),
  M: local => padded(dateParts.minute(local), 2),
  S: local => padded(dateParts.second(local), 2),
  L: local => padded(dateParts.millisecond(local), 3),
  j: local => padded(dateParts.dayOfYear(local), 3),
  w: local => String(dateParts.dayOfWeek(local)),
  u: local => String(dateParts.isoDayOfWeek(local)),
  U: local => padded(dateParts.week(local), 2),
  V: local => padded(dateParts.isoWeek(local), 2),
  G: local => padded(dateParts.isoWeekYear(local), 4),
  b: local => (months[local.getUTCMonth()] as string).slice(0, 3),
  B: local => months[local.getUTCMonth()] as string,
  z: (_local, minutes) => offset(minutes),
  Z: (_local, minutes) => String(minutes),
  '%': () => '%',
}

/**
 * A date as text in a time zone, by the specifiers of `$dateToString`.
 *
 * @throws code 18536 for an unknown specifier
 */
export function formatDate(date: Date, format: string, zone: unknown): string {
  const local = toLocal(date, zone)
  const minutes = Math.round((local.getTime() - date.getTime()) / 60_000)
  return format.replace(/%([\s\S]?)/g, (_all, letter: string) => {
    const write = specifiers[letter]
    if (write === undefined) throw mongoError(18536, `Invalid format character '%${letter}' in format string`)
    return write(local, minutes)
  })
}
