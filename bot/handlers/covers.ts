import { caselessIn } from '../events/fields.ts'
import type { EventTrigger, HandlerDocument, HandlerScope } from './schema.ts'

type Trigger = HandlerDocument['trigger']
type Match = EventTrigger['match'][string]

/** Whether whoever is in the second scope is always in the first; departments are compared as they are written. */
export function coversScope(one: HandlerScope, other: HandlerScope): boolean {
  const isForAll = one.departments.length + one.staff.length === 0
  const isPart =
    other.departments.length + other.staff.length > 0 &&
    hasAll(one.departments, other.departments) &&
    hasAll(one.staff, other.staff)
  return (
    (isForAll || isPart) &&
    narrows(one.roles, other.roles) &&
    narrows(one.apps, other.apps) &&
    hasAll(other.except, one.except)
  )
}

/** Whether a list that limits nothing where it is empty leaves in whatever a second one does. */
export function narrows(wide: readonly string[], narrow: readonly string[]): boolean {
  return wide.length === 0 || (narrow.length > 0 && hasAll(wide, narrow))
}

function hasAll(held: readonly string[], asked: readonly string[]): boolean {
  return asked.every(name => held.includes(name))
}

/** Whether each event, or message, that fits the second trigger fits the first; never of other kinds of triggers. */
export function coversTrigger(one: Trigger, other: Trigger): boolean {
  if ('event' in one && 'event' in other)
    return (
      one.event === other.event &&
      Object.entries(one.match).every(([field, match]) => coversMatch(field, match, other.match[field]))
    )
  if (!('message' in one && 'message' in other)) return false
  const words = one.message.contains
  return other.message.contains.every(word => words.some(part => word.includes(part)))
}

function coversMatch(field: string, one: Match, other: Match | undefined): boolean {
  if (other === undefined) return false
  const same = (value: unknown): unknown => caselessIn(field, value)
  const values = valuesOf(one)?.map(same)
  const narrow = valuesOf(other)?.map(same)
  if (values !== undefined) return narrow?.every(value => values.includes(value)) === true
  const prefix = 'prefix' in one ? String(same(one.prefix)) : ''
  const beginnings = narrow ?? ('prefix' in other ? [same(other.prefix)] : [])
  return beginnings.every(value => typeof value === 'string' && value.startsWith(prefix))
}

/** What it asks for; undefined of a beginning. */
function valuesOf(match: Match): unknown[] | undefined {
  if ('eq' in match) return [match.eq]
  return 'in' in match ? match.in : undefined
}
