import type { Agenda } from 'agenda'
import { JobRequestError } from './errors.ts'

/** Five fields: minute, hour, day of month, month, day of week. */
const fiveFields = /^\S+( +\S+){4}$/

/**
 * When a cron expression of five fields is due next.
 *
 * @param timeZone IANA name; the fields are read in it.
 * @throws JobRequestError when the expression cannot be read or is never due.
 */
export function nextOccurrence(agenda: Agenda, cron: string, timeZone: string, after: Date): Date {
  const expression = cron.trim()
  const job = agenda.create('cron', {})
  job.attrs.lastRunAt = after
  if (fiveFields.test(expression)) job.repeatEvery(expression, { timezone: timeZone })
  const { nextRunAt, failReason, repeatInterval } = job.attrs
  if (repeatInterval !== undefined && !failReason && nextRunAt && nextRunAt > after) return nextRunAt
  throw new JobRequestError(`"${cron}" is not a cron expression of five fields, like "0 9 * * 1-5"`)
}
