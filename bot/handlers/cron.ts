import { CronExpressionParser } from 'cron-parser'

/** Minute, hour, day of month, month, day of week. */
const fiveFields = /^\S+( +\S+){4}$/
/** `H` would be another moment at every look. */
const drawn = /(^|[\s,])H/i

/** Whether an expression of five fields can be read and is ever due. */
export function isCron(expression: string): boolean {
  if (!fiveFields.test(expression.trim()) || drawn.test(expression)) return false
  try {
    nextDue(expression, 'Asia/Shanghai', 0)
    return true
  } catch {
    return false
  }
}

const fields = [
  { title: 'minute', range: '0 to 59' },
  { title: 'hour', range: '0 to 23' },
  { title: 'day of the month', range: '1 to 31' },
  { title: 'month', range: '1 to 12' },
  { title: 'weekday', range: '0 to 7, 1 is Monday' },
] as const

/** What is wrong with an expression that is none, as the rest of a sentence that begins with it. */
export function cronFault(expression: string): string {
  const parts = expression.trim().split(/ +/)
  if (!fiveFields.test(expression.trim()))
    return 'is not a cron expression of five fields such as 0 9 * * 1-5'
  const wrong = fields.flatMap(({ title, range }, index) => {
    const alone = fields.map((_field, other) => (other === index ? parts[index] : '*')).join(' ')
    return isCron(alone) ? [] : [`"${parts[index]}" is no ${title} (${range})`]
  })
  return wrong.length > 0
    ? `is no cron expression: ${wrong.join(', ')}`
    : 'is never due: no month has such a day'
}

/**
 * The first moment after `after` at which an expression is due. A time of day that the clocks leave out in spring is due
 * when they have gone on, and one that they show twice in autumn is due the first time.
 *
 * @param cron five fields: minute, hour, day of month, month, day of week; where both days are given, either will do
 * @param timeZone IANA name; the fields are read in it
 * @param after and what is returned: milliseconds since 1970
 */
export function nextDue(cron: string, timeZone: string, after: number): number {
  const expression = CronExpressionParser.parse(cron.trim(), { tz: timeZone, currentDate: new Date(after) })
  return expression.next().getTime()
}
