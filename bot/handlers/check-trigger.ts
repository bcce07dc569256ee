import { normalizeWord } from '../commands/parse.ts'
import { commonFields, type EventField, fieldsOf } from '../events/fields.ts'
import type { Report } from './compile.ts'
import { mayName, titleOf } from './known-facts.ts'
import { suggest } from './nearest.ts'
import type { CommandArgument, EventTrigger, HandlerDocument, HandlerScope } from './schema.ts'
import { type Sound, unsound } from './sound.ts'

type Trigger = Exclude<Sound<HandlerDocument['trigger']>, typeof unsound>
type Match = Exclude<Sound<EventTrigger['match'][string]>, typeof unsound>

/** Reports what a trigger asks for that never comes, or cannot be understood. */
export function checkTrigger(
  { trigger, scope }: Pick<Exclude<Sound<HandlerDocument>, typeof unsound>, 'trigger' | 'scope'>,
  report: Report,
): void {
  if (trigger === unsound) return
  if ('event' in trigger) checkMatch(trigger, report)
  if ('command' in trigger) checkCommand(trigger, report)
  if (scope !== unsound) checkScope(trigger, scope, report)
}

/** What a scope asks of whom no event of the trigger names. */
function checkScope(
  trigger: Trigger,
  scope: Exclude<Sound<HandlerScope>, typeof unsound>,
  report: Report,
): void {
  const asked = (list: keyof HandlerScope): boolean => scope[list] !== unsound && scope[list].length > 0
  const title = titleOf(trigger)
  const ofStaff = (['departments', 'staff', 'roles', 'except'] as const).filter(asked)
  if (!mayName(trigger, 'staff'))
    for (const list of ofStaff)
      report(`scope.${list}`, `fits nothing: ${title} is about no staff member; leave it out`)
  if (!mayName(trigger, 'app') && asked('apps'))
    report('scope.apps', `fits nothing: ${title} comes to no app of its own; leave it out`)
}

function checkMatch(trigger: Extract<Trigger, { event: unknown }>, report: Report): void {
  const { event, match } = trigger
  const own = event === unsound ? undefined : fieldsOf(event)
  if (event === unsound || match === unsound || own === undefined) return
  const { userid, agentId, externalUserid, ...common } = commonFields
  const fields: Readonly<Record<string, EventField>> = {
    ...common,
    ...(mayName(trigger, 'staff') && { userid }),
    ...(mayName(trigger, 'app') && { agentId }),
    ...own,
  }
  for (const [field, wanted] of Object.entries(match)) {
    const at = `trigger.match.${field}`
    const known = Object.hasOwn(fields, field) ? fields[field] : undefined
    if (known === undefined) report(at, `is no field of ${event}${suggest(field, Object.keys(fields))}`)
    else if (wanted !== unsound) checkMatcher(known, wanted, at, report)
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
  const values = 'eq' in wanted ? [wanted.eq] : wanted.in === unsound ? [] : wanted.in
  for (const value of values) {
    if (value === unsound) continue
    const fits = type === 'boolean' ? typeof value === 'boolean' : typeof value === 'string'
    if (fits) continue
    const instead = type === 'boolean' ? 'eq: true or eq: false' : JSON.stringify(String(value))
    report(
      `${at}.${'eq' in wanted ? 'eq' : 'in'}`,
      `is ${JSON.stringify(value)}, and ${type === 'boolean' ? 'true or false' : 'a text'} is needed: write ${instead}`,
    )
  }
}

function checkCommand(
  { command, aliases, args }: Extract<Trigger, { command: unknown }>,
  report: Report,
): void {
  const words = new Map<string, string>()
  if (command !== unsound) words.set(normalizeWord(command), 'command')
  for (const [index, alias] of aliases === unsound ? [] : aliases.entries()) {
    if (alias === unsound) continue
    const before = words.get(normalizeWord(alias))
    if (before !== undefined) report(`trigger.aliases.${index}`, `"${alias}" is the same as ${before}`)
    else words.set(normalizeWord(alias), `aliases.${index}`)
  }
  checkArguments(args === unsound ? [] : args, report)
}

function checkArguments(args: readonly Sound<CommandArgument>[], report: Report): void {
  const names = new Set<string>()
  let greedy: { name: string; type: string } | undefined
  let optional: string | undefined
  for (const [index, argument] of args.entries()) {
    if (argument === unsound || argument.name === unsound) continue
    const { name, type, required } = argument
    const at = `trigger.args.${index}`
    if (names.has(name)) report(`${at}.name`, `"${name}" is used twice`)
    names.add(name)
    if (greedy !== undefined)
      report(
        at,
        `comes after ${greedy.name}, which takes all that is left (${greedy.type}); put ${greedy.name} last`,
      )
    if (required === true && optional !== undefined)
      report(
        at,
        `is required and comes after ${optional}, which is not; put ${name} first or give it required: false`,
      )
    if (type === 'rest' || type === 'tags') greedy ??= { name, type }
    checkRange(argument, at, report)
    if (required === false) optional ??= name
  }
}

function checkRange(
  argument: Exclude<Sound<CommandArgument>, typeof unsound>,
  at: string,
  report: Report,
): void {
  const { type, min, max } = argument
  if (type === unsound) return
  if (type === 'number') {
    if (typeof min === 'number' && typeof max === 'number' && min > max)
      report(`${at}.min`, `is ${min}, and max is ${max}: no number fits`)
    return
  }
  for (const field of ['min', 'max', 'decimals'] as const)
    if (argument[field] !== undefined) report(`${at}.${field}`, `is for numbers; write type: number`)
}
