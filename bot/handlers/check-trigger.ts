import { normalizeWord } from '../commands/parse.ts'
import { commonFields, type EventField, fieldsOf } from '../events/fields.ts'
import type { Report } from './compile.ts'
import { suggest } from './nearest.ts'
import type { CommandTrigger, EventTrigger, HandlerDocument } from './schema.ts'

type Match = EventTrigger['match'][string]

/** Reports what a trigger asks for that never comes, or cannot be understood. */
export function checkTrigger({ trigger, scope }: HandlerDocument, report: Report): void {
  if ('event' in trigger) checkMatch(trigger, report)
  if ('command' in trigger) checkCommand(trigger, report)
  if ('schedule' in trigger) {
    const named = (['departments', 'staff', 'roles', 'apps', 'except'] as const).filter(
      list => scope[list].length > 0,
    )
    for (const list of named)
      report(`scope.${list}`, 'fits nothing: a schedule is about no staff member; leave it out')
  }
}

function checkMatch({ event, match }: EventTrigger, report: Report): void {
  const own = fieldsOf(event)
  for (const [field, wanted] of Object.entries(match)) {
    const at = `trigger.match.${field}`
    if (own === undefined) continue
    const fields: Readonly<Record<string, EventField>> = { ...commonFields, ...own }
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (known === undefined) report(at, `is no field of ${event}${suggest(field, Object.keys(fields))}`)
    else checkMatcher(known, wanted, at, report)
  }
}

function checkMatcher({ type }: EventField, wanted: Match, at: string, report: Report): void {
  if (type === 'list of text' || type === 'list of objects') {
    report(at, `is a ${type}, and match compares single values; write a when with contains`)
    return
  }
  if ('prefix' in wanted) {
    if (type === 'boolean') report(`${at}.prefix`, 'is of true or false, which have no beginning; write eq')
    return
  }
  const values = 'eq' in wanted ? [wanted.eq] : wanted.in
  for (const value of values) {
    const fits = type === 'boolean' ? typeof value === 'boolean' : typeof value === 'string'
    if (fits) continue
    const instead = type === 'boolean' ? 'eq: true or eq: false' : JSON.stringify(String(value))
    report(
      `${at}.${'eq' in wanted ? 'eq' : 'in'}`,
      `is ${JSON.stringify(value)}, and ${type === 'boolean' ? 'true or false' : 'a text'} is needed: write ${instead}`,
    )
  }
}

function checkCommand({ command, aliases, args }: CommandTrigger, report: Report): void {
  const words = new Map([[normalizeWord(command), 'command']])
  for (const [index, alias] of aliases.entries()) {
    const before = words.get(normalizeWord(alias))
    if (before !== undefined) report(`trigger.aliases.${index}`, `"${alias}" is the same as ${before}`)
    else words.set(normalizeWord(alias), `aliases.${index}`)
  }
  const names = new Set<string>()
  for (const [index, { name, required }] of args.entries()) {
    const at = `trigger.args.${index}`
    if (names.has(name)) report(`${at}.name`, `"${name}" is used twice`)
    names.add(name)
    const [before] = args.slice(0, index).filter(one => one.type !== 'word')
    if (before !== undefined)
      report(
        at,
        `comes after ${before.name}, which takes all that is left (${before.type}); put ${before.name} last`,
      )
    const optional = args.slice(0, index).find(one => !one.required)
    if (required && optional !== undefined)
      report(
        at,
        `is required and comes after ${optional.name}, which is not; put ${name} first or give it required: false`,
      )
  }
}
