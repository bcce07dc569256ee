import { CronExpressionParser } from 'cron-parser'

/** Minute, hour, day of month, month, day of week. */
const fiveFields = /^\S+( +\S+){4}$/

export function isCron(expression: string): boolean {
  if (!fiveFields.test(expression.trim())) return false
  try {
    CronExpressionParser.parse(expression.trim())
    return true
  } catch {
    return false
  }
}
