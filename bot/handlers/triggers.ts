import { caselessIn } from '../events/fields.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from './compile.ts'
import { shown } from './conditions.ts'
import type { EventTrigger } from './schema.ts'

type Match = EventTrigger['match'][string]

/** Does the trigger ask for this event? Looks at the event alone. */
export function isTriggeredBy(
  { trigger }: Pick<CompiledHandler, 'trigger'>,
  event: BotEvent,
  name: string = event.name,
): boolean {
  if ('event' in trigger) {
    if (trigger.event !== name) return false
    for (const field in trigger.match) {
      const match = trigger.match[field]
      if (match !== undefined && !fits(match, event, field)) return false
    }
    return true
  }
  if ('message' in trigger) {
    const text = textOf(event, name)
    return text !== undefined && trigger.message.contains.some(word => text.includes(word))
  }
  return false
}

/**
 * Why an event does not start a handler, by its trigger alone, such as `state prefix "fair-" (was "xhs")`.
 *
 * @returns undefined where it does
 */
export function explainMatch(
  { trigger }: Pick<CompiledHandler, 'trigger'>,
  event: BotEvent,
  name: string = event.name,
): string | undefined {
  if (isTriggeredBy({ trigger }, event, name)) return undefined
  if ('event' in trigger) {
    if (trigger.event !== name) return `event ${trigger.event} (was ${name})`
    return Object.entries(trigger.match)
      .filter(([field, match]) => !fits(match, event, field))
      .map(([field, match]) => {
        const [[how, value] = []] = Object.entries(match)
        return `${field} ${how} ${shown(value)} (was ${shown(fieldOf(event, field))})`
      })
      .join('; ')
  }
  if ('message' in trigger) {
    const text = textOf(event, name)
    if (text === undefined) return `message (was ${name})`
    return `message contains ${shown(trigger.message.contains)} (was ${shown(text)})`
  }
  return `${Object.keys(trigger)[0]} (was ${name})`
}

/** A field of the event, or what every event has, such as `userid`. */
export function fieldOf(event: BotEvent, field: string): unknown {
  const fields = event.data as Record<string, unknown>
  return Object.hasOwn(fields, field) ? fields[field] : (event as unknown as Record<string, unknown>)[field]
}

/** The same in the letter case in which it is compared. */
export function comparedField(event: BotEvent, field: string): unknown {
  return caselessIn(field, fieldOf(event, field))
}

/** The text of a text message. */
export function textOf(event: BotEvent, name: string): string | undefined {
  return name === 'message.text' ? (event.data as { text: string }).text : undefined
}

function fits(match: Match, event: BotEvent, field: string): boolean {
  const value = comparedField(event, field)
  const same = (wanted: unknown) => caselessIn(field, wanted) === value
  if ('eq' in match) return same(match.eq)
  if ('in' in match) return match.in.some(same)
  return typeof value === 'string' && value.startsWith(caselessIn(field, match.prefix) as string)
}
