import type { Corp } from '../../models/corp.ts'
import { UsageError } from './verb.ts'

type Office = Corp['office']

const form = /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})(?:\s+(.+))?$/
const example = 'example: "9:00-18:00 1-5", Monday to Friday'
const everyDay = [1, 2, 3, 4, 5, 6, 7]

/** Office hours as they are typed: `9:00-18:00`, with days such as `1-5` or `1,3,5-7` behind. @throws UsageError */
export function readOffice(text: string): Office {
  const parts = form.exec(text.trim())
  if (parts === null) throw new UsageError(`"${text}" is no office hours; ${example}`)
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = parts.slice(1, 5).map(Number)
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute]
  if (fromMinute > 59 || toMinute > 59 || to > 24 * 60)
    throw new UsageError(`"${text}" has a time that no clock shows; ${example}`)
  if (from >= to)
    throw new UsageError(`"${text}" ends before it begins; office hours are of one day, up to 24:00`)
  return { from, to, days: parts[5] === undefined ? everyDay : readDays(parts[5]) }
}

function readDays(text: string): number[] {
  const days = text.split(',').flatMap(part => {
    const [first = '', last = first, ...more] = part.trim().split('-')
    const isDay = (day: string): boolean => /^[1-7]$/.test(day)
    if (!isDay(first) || !isDay(last) || more.length > 0 || first > last)
      throw new UsageError(`"${text}" is no days; 1 is Monday and 7 Sunday, ${example}`)
    return everyDay.filter(day => day >= Number(first) && day <= Number(last))
  })
  return [...new Set(days)].sort()
}

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`

/** Office hours as they can be typed again. */
export function officeText({ from, to, days }: Office): string {
  return `${clock(from)}-${clock(to)} ${days.length === 7 ? '1-7' : days.join(',')}`
}
