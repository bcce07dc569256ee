/**
 * The closed set of facts that conditions and templates may see. Everything comes from the event, from what the
 * database holds, or from earlier steps of the same run; nothing is looked up to decide.
 */
export interface Facts {
  event: Record<string, unknown> & { name: string }
  corp: { name: string }
  /** The staff member who wrote, or whose customer it is. */
  staff: { userid: string; name: string; departments: string[]; role: string }
  customer: { externalUserid: string; name: string; corpName: string; type: number } | Record<string, never>
  /** The pair of the two; tags by name. */
  follow:
    | { remark: string; tags: string[]; stage: string; state: string; addWay: number | null }
    | Record<string, never>
  time: { inOffice: boolean; hour: number; weekday: number; date: string }
  /** Of a command. */
  args: Record<string, unknown>
  /** What earlier steps of this run did, by their ids. */
  steps: Record<string, { ok: boolean; output: unknown }>
  /** This run. `by` is what began it. */
  run:
    | { handler: string; revision: number; by: string; dryRun: boolean; startedAt: string }
    | Record<string, never>
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

const clocks = new Map<string, Intl.DateTimeFormat>()

/** Making one takes as long as a query; a corp has one time zone. */
function clockOf(timeZone: string): Intl.DateTimeFormat {
  const known = clocks.get(timeZone)
  if (known !== undefined) return known
  const clock = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    weekday: 'short',
  })
  clocks.set(timeZone, clock)
  return clock
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
  const parts = clockOf(timeZone).formatToParts(now)
  const part = (type: string): string => parts.find(one => one.type === type)?.value ?? ''
  const hour = Number(part('hour'))
  const minutes = hour * 60 + Number(part('minute'))
  const weekday = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'].indexOf(part('weekday')) + 1
  return {
    inOffice: office.days.includes(weekday) && minutes >= office.from && minutes < office.to,
    hour,
    weekday,
    date: `${part('year')}-${part('month')}-${part('day')}`,
  }
}
