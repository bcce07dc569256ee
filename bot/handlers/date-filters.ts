import { Context, filters, type Liquid } from 'liquidjs'
import { offsetMs } from '../actions/moments.ts'
import { factAt } from './conditions.ts'

/** A moment as facts tell it: by the clocks of the corp. */
const local = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?$/

const names = [
  'date',
  'date_to_xmlschema',
  'date_to_rfc822',
  'date_to_string',
  'date_to_long_string',
] as const

/** Has the filters of dates read and tell times by the clocks of the corp, see `inCorp`. */
export function useCorpTime(liquid: Liquid): void {
  for (const name of names) {
    const filter = filters[name] as (
      this: { context: Context },
      value: unknown,
      ...args: unknown[]
    ) => unknown
    liquid.registerFilter(name, function (this: { context: Context }, value: unknown, ...args: unknown[]) {
      return filter.call(this, instantOf(value, this.context.opts.timezoneOffset), ...args)
    })
  }
}

/** What a text is filled in with: the facts, and the time zone of their corp. What a text sets is its own. */
export function inCorp({ options }: Liquid, facts: object): Context {
  const zone = factAt(facts, 'corp.timeZone')
  const opts = typeof zone === 'string' && zone !== '' ? { ...options, timezoneOffset: zone } : options
  return new Context({ ...facts }, opts, { sync: true })
}

function instantOf(value: unknown, zone: unknown): unknown {
  if (typeof value !== 'string' || typeof zone !== 'string') return value
  const [, day, time = '00:00'] = local.exec(value.trim()) ?? []
  const shown = day === undefined ? Number.NaN : Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(shown)) return value
  // By the offset of about then, which differs where clocks are changed in between.
  const about = shown - offsetMs(new Date(shown), zone)
  return new Date(shown - offsetMs(new Date(about), zone))
}
