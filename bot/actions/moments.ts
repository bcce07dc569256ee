const dayMs = 24 * 60 * 60 * 1000

/** `11-20`, or `2025-11-20` in another year, as people of the time zone see it. */
export function day(at: Date, timeZone: string, now = new Date()): string {
  const iso = (date: Date): string =>
    new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(date)
  const text = iso(at)
  return text.slice(0, 4) === iso(now).slice(0, 4) ? text.slice(5) : text
}

/** `11-20 18:03`, or with the year in another one, as people of the time zone see it. */
export function minute(at: Date, timeZone: string, now = new Date()): string {
  const time = new Intl.DateTimeFormat('en-GB', { timeZone, timeStyle: 'short' }).format(at)
  return `${day(at, timeZone, now)} ${time}`
}

/** `刚刚`, `5 分钟前`, `3 小时前`, `12 天前`, `8 个月前`. */
export function ago(at: Date, now: Date): string {
  const minutes = Math.floor((now.getTime() - at.getTime()) / 60_000)
  if (minutes < 1) return '刚刚'
  if (minutes < 60) return `${minutes} 分钟前`
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} 小时前`
  const days = Math.floor((now.getTime() - at.getTime()) / dayMs)
  return days < 60 ? `${days} 天前` : `${Math.floor(days / 30)} 个月前`
}

/** The first moment of the day that people of the time zone have now, also on days whose clocks are changed. */
export function startOfDay(now: Date, timeZone: string): Date {
  const today = localTime(now, timeZone)
  const start = new Date(now.getTime() - today.sinceMidnightMs - now.getMilliseconds())
  const there = localTime(start, timeZone)
  if (there.date === today.date) return new Date(start.getTime() - there.sinceMidnightMs)
  return new Date(start.getTime() + dayMs - there.sinceMidnightMs)
}

function localTime(at: Date, timeZone: string): { date: string; sinceMidnightMs: number } {
  const shown = shownAsUtc(at, timeZone)
  return { date: new Date(shown).toISOString().slice(0, 10), sinceMidnightMs: shown % dayMs }
}

/** What the clocks of a time zone are ahead of UTC at a moment, in milliseconds. */
export function offsetMs(at: Date, timeZone: string): number {
  return shownAsUtc(at, timeZone) - Math.floor(at.getTime() / 1_000) * 1_000
}

/** What the clocks of a time zone show at a moment, to the second, as if they were those of UTC. */
function shownAsUtc(at: Date, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    dateStyle: 'short',
    timeStyle: 'medium',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: string): string => parts.find(one => one.type === type)?.value ?? ''
  return Date.parse(
    `${part('year')}-${part('month')}-${part('day')}T${part('hour')}:${part('minute')}:${part('second')}Z`,
  )
}
