import { caselessIn } from '../events/fields.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from './compile.ts'
import type { EventTrigger } from './schema.ts'
import { comparedField, isTriggeredBy } from './triggers.ts'

type Match = EventTrigger['match'][string]

/** Handlers of one field, by the values or beginnings that they ask for. */
interface FieldIndex {
  values: Map<unknown, number[]>
  /** By length: an event's text has one beginning of each. */
  prefixes: Map<number, Map<string, number[]>>
}

/** Handlers of one event. Numbers are places in the order of all handlers. */
interface NameIndex {
  /** Those that ask for no field. */
  always: number[]
  fields: Map<string, FieldIndex>
}

/**
 * Finds the handlers of an event without asking each: every handler stands under one value or beginning of the field
 * that tells most apart, and only those that an event finds there are asked for the rest of their `match`.
 */
export function createEventIndex(
  handlers: readonly CompiledHandler[],
): (event: BotEvent, name: string) => CompiledHandler[] {
  const names = new Map<string, NameIndex>()
  for (const [place, { trigger }] of handlers.entries()) {
    if ('event' in trigger) add(kept(names, trigger.event, newNameIndex), place, trigger.match)
  }
  return (event, name) => {
    const index = names.get(name)
    if (index === undefined) return []
    const places = [...index.always]
    for (const [field, { values, prefixes }] of index.fields) {
      const value = comparedField(event, field)
      places.push(...(values.get(value) ?? []))
      if (typeof value !== 'string') continue
      for (const [length, beginnings] of prefixes) {
        if (length <= value.length) places.push(...(beginnings.get(value.slice(0, length)) ?? []))
      }
    }
    return [...new Set(places)]
      .sort((a, b) => a - b)
      .map(place => handlers[place] as CompiledHandler)
      .filter(handler => isTriggeredBy(handler, event, name))
  }
}

function add(index: NameIndex, place: number, match: EventTrigger['match']): void {
  const [best] = Object.entries(match).sort(([, a], [, b]) => selectivity(b) - selectivity(a))
  if (best === undefined) {
    index.always.push(place)
    return
  }
  const [field, wanted] = best
  const { values, prefixes } = kept(index.fields, field, newFieldIndex)
  if ('prefix' in wanted) {
    const prefix = caselessIn(field, wanted.prefix) as string
    const beginnings = kept(prefixes, prefix.length, () => new Map<string, number[]>())
    kept(beginnings, prefix, newPlaces).push(place)
    return
  }
  for (const value of 'eq' in wanted ? [wanted.eq] : wanted.in)
    kept(values, caselessIn(field, value), newPlaces).push(place)
}

/** How few events a match lets through: one text fewest, a yes or no most. */
function selectivity(match: Match): number {
  if ('eq' in match) return typeof match.eq === 'boolean' ? 0 : 3
  return 'in' in match ? 2 : 1
}

const newNameIndex = (): NameIndex => ({ always: [], fields: new Map() })
const newFieldIndex = (): FieldIndex => ({ values: new Map(), prefixes: new Map() })
const newPlaces = (): number[] => []

function kept<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key)
  if (known !== undefined) return known
  const made = make()
  map.set(key, made)
  return made
}
