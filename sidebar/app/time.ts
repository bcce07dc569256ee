/** People of the company read the clock of China, whatever their device says; it knows no summer time. */
const chinaMs = 8 * 3600_000
const dayMs = 24 * 3600_000

interface Clock {
  year: number
  month: number
  date: number
  time: string
  /** Days since 1970. */
  day: number
}

function clockOf(at: number): Clock {
  const local = new Date(at + chinaMs)
  const two = (value: number) => String(value).padStart(2, '0')
  return {
    year: local.getUTCFullYear(),
    month: local.getUTCMonth() + 1,
    date: local.getUTCDate(),
    time: `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}`,
    day: Math.floor((at + chinaMs) / dayMs),
  }
}

/** `2026年3月5日 14:05` */
export function fullTime(iso: string): string {
  const { year, month, date, time } = clockOf(Date.parse(iso))
  return `${year}年${month}月${date}日 ${time}`
}

/** `3月5日`, with the year where it is another one than that of `now`. */
export function dayText(iso: string, now: number): string {
  const { year, month, date } = clockOf(Date.parse(iso))
  const day = `${month}月${date}日`
  return year === clockOf(now).year ? day : `${year}年${day}`
}

/** As short as it can be understood at `now`: `刚刚`, `5 分钟前`, `今天 09:30`, `昨天 18:00`, `3月5日 14:05`, `2025年3月5日`. */
export function shortTime(iso: string, now: number): string {
  const at = Date.parse(iso)
  const then = clockOf(at)
  const today = clockOf(now)
  const minutes = Math.floor((now - at) / 60_000)
  if (minutes < 1 && minutes > -5) return '刚刚'
  if (minutes > 0 && minutes < 60) return `${minutes} 分钟前`
  if (then.day === today.day) return `今天 ${then.time}`
  if (then.day === today.day - 1) return `昨天 ${then.time}`
  if (then.year === today.year) return `${then.month}月${then.date}日 ${then.time}`
  return dayText(iso, now)
}
