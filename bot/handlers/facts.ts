import type { FactsOf } from './fact-table.ts'

/** What conditions and templates may see, see fact-table.ts. Without a customer, nothing is known of one. */
export interface Facts {
  event: Record<string, unknown> & { name: string }
  corp: FactsOf<'corp'>
  /** The staff member who wrote, or whose customer it is. */
  staff: FactsOf<'staff'>
  customer: FactsOf<'customer'> | Record<string, never>
  /** The pair of the two. */
  follow: FactsOf<'follow'> | Record<string, never>
  time: FactsOf<'time'>
  /** Of a command, or of whoever started the handler. */
  args: Record<string, unknown>
  /** What earlier steps of this run did, by their ids. */
  steps: Record<string, { ok: boolean; output: unknown }>
  /** This run. */
  run: FactsOf<'run'> | Record<string, never>
}

export const factNames = [
  'event',
  'corp',
  'staff',
  'customer',
  'follow',
  'time',
  'args',
  'steps',
  'run',
] as const satisfies (keyof Facts)[]

interface Shown {
  date: string
  time: string
  weekday: number
}

/** Of each time zone, with the minute that was asked for last: of events that come now that is the same. */
const clocks = new Map<string, { format: Intl.DateTimeFormat; minute: number; shown: Shown }>()

/** Making one takes as long as a query; a corp has one time zone. */
function formatOf(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    weekday: 'short',
  })
}

/** A moment as the clocks of a corp show it. */
function onClock(moment: Date, timeZone: string): Shown {
  const minute = Math.floor(moment.getTime() / 60_000)
  const known = clocks.get(timeZone)
  if (known?.minute === minute) return known.shown
  const format = known?.format ?? formatOf(timeZone)
  const shown = read(format, moment)
  clocks.set(timeZone, { format, minute, shown })
  return shown
}

function read(format: Intl.DateTimeFormat, moment: Date): Shown {
  const parts = new Map(format.formatToParts(moment).map(({ type, value }) => [type, value]))
  const part = (type: Intl.DateTimeFormatPartTypes): string => parts.get(type) ?? ''
  return {
    date: `${part('year')}-${part('month')}-${part('day')}`,
    time: `${part('hour')}:${part('minute')}`,
    weekday: ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) + 1,
  }
}

/**
 * The time of day as people of the corp see it.
 *
 * @param office minutes since midnight, ISO weekdays (1 is Monday)
 */
export function timeFacts(
  now: Date,
  timeZone: string,
  office: { from: number; to: number; days: readonly number[] },
): Facts['time'] {
  const { date, time, weekday } = onClock(now, timeZone)
  const [year = 0, month = 0, day = 0] = date.split('-').map(Number)
  const [hour = 0, minute = 0] = time.split(':').map(Number)
  const minutes = hour * 60 + minute
  return {
    inOffice: office.days.includes(weekday) && minutes >= office.from && minutes < office.to,
    ...{ date, time, hour, minute, weekday, weekend: weekday > 5, year, month, day },
  }
}

/** A moment as a text that compares, such as `2026-03-01 18:05`; empty for none. */
export function momentFact(moment: Date | undefined, timeZone: string): string {
  if (moment === undefined) return ''
  const { date, time } = onClock(moment, timeZone)
  return `${date} ${time}`
}

const dayMs = 24 * 60 * 60 * 1000

/** How many midnights of the corp lie between; below 0 for what is to come, null for none. */
export function daysFact(moment: Date | undefined, now: Date, timeZone: string): number | null {
  if (moment === undefined) return null
  const [from, to] = [moment, now].map(one => Date.parse(onClock(one, timeZone).date)) as [number, number]
  return Math.round((to - from) / dayMs)
}
