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
