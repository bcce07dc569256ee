import { nextDue } from '../handlers/cron.ts'
import { durationMs } from '../handlers/duration.ts'
import { offsetMs } from './moments.ts'

/** When something is to happen, as people write it: `after` a time, `at` a moment, or days after today `at` a time of day. */
export interface When {
  /** As `30m`, `2h`, `3d`. */
  after?: string | undefined
  /** As `09:00`, `2026-03-01 09:00`, or with an offset `2026-03-01T09:00:00+08:00`. */
  at?: string | undefined
}

const dayMs = 86_400_000
const timeOfDay = /^([01]\d|2[0-3]):([0-5]\d)$/
const local = /^(\d{4}-\d\d-\d\d)[T ]((?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)$/
const absolute = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d)$/

export const isTimeOfDay = (text: string): boolean => timeOfDay.test(text)

/** Whether `at` can be read. */
export function isMoment(text: string): boolean {
  return isTimeOfDay(text) || instantOf(text, 'UTC') !== undefined
}

/**
 * The moment that is meant. A time of day is the next one in the corp's time zone; with days before it, that time on the
 * day that is so many days after today: `{ after: 3d, at: 09:00 }` is Monday's nine o'clock on all of Friday. Alone, `3d`
 * is 72 hours.
 *
 * @returns undefined where `at` cannot be read
 */
export function dueMoment({ after, at }: When, now: Date, timeZone: string): Date | undefined {
  if (at === undefined) return new Date(now.getTime() + (after === undefined ? 0 : durationMs(after)))
  const [, hour, minute] = timeOfDay.exec(at) ?? []
  if (hour === undefined) return instantOf(at, timeZone)
  if (after === undefined)
    return new Date(nextDue(`${Number(minute)} ${Number(hour)} * * *`, timeZone, now.getTime()))
  const today = new Date(now.getTime() + offsetMs(now, timeZone))
  const then = new Date(today.getTime() + durationMs(after))
  return instantOf(`${then.toISOString().slice(0, 10)} ${at}`, timeZone)
}

function instantOf(text: string, timeZone: string): Date | undefined {
  if (absolute.test(text)) return real(new Date(text))
  const [, date, time] = local.exec(text) ?? []
  if (date === undefined || time === undefined) return undefined
  const asUtc = real(new Date(`${date}T${time}Z`))
  if (asUtc === undefined || asUtc.toISOString().slice(0, 10) !== date) return undefined
  // By the offset before it: a time that the clocks leave out is the one after the change, and the first of two.
  const dayBefore = new Date(asUtc.getTime() - dayMs)
  const byOldOffset = new Date(asUtc.getTime() - offsetMs(dayBefore, timeZone))
  const there = offsetMs(byOldOffset, timeZone)
  if (byOldOffset.getTime() + there === asUtc.getTime()) return byOldOffset
  const byNewOffset = new Date(asUtc.getTime() - there)
  return byNewOffset.getTime() + offsetMs(byNewOffset, timeZone) === asUtc.getTime()
    ? byNewOffset
    : byOldOffset
}

function real(at: Date): Date | undefined {
  return Number.isNaN(at.getTime()) ? undefined : at
}
