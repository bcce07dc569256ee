import { type CommandIndex, createCommandIndex } from '../commands/route.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler, Problem } from './compile.ts'
import { createEventIndex } from './event-index.ts'
import type { ScheduleTrigger } from './schema.ts'
import { isTriggeredBy } from './triggers.ts'

export type ScheduledHandler = CompiledHandler & { trigger: ScheduleTrigger }

/** A stored handler that cannot run, and why not. */
export interface BrokenHandler {
  key: string
  revision: number
  problems: readonly Problem[]
  /** As stored, however wrong it is. */
  trigger?: unknown
}

/** A handler that is switched off, as far as it tells what it would have been for. */
export interface OffHandler {
  key: string
  revision: number
  title: string
  /** As stored, however wrong it is. */
  trigger: unknown
}

interface Content {
  handlers: readonly CompiledHandler[]
  broken: readonly BrokenHandler[]
  off: readonly OffHandler[]
  /** Since when, and by whose word, nothing but commands runs. */
  paused?: { at: Date; by: string }
  /** Of a dry run: what stands here in place of what is stored, or beside it; `enabled` tells which would be on. */
  tried?: readonly CompiledHandler[]
}

/** The handlers of one corp. Swapped whole, never changed. */
export interface HandlerSet extends Content {
  /** Those that can run, in their order: by priority, then by key. */
  handlers: readonly CompiledHandler[]
  byKey: ReadonlyMap<string, CompiledHandler>
  commands: CommandIndex
  schedules: readonly ScheduledHandler[]
  /**
   * The handlers that ask for this event, by trigger and `match` alone, in their order; no commands.
   *
   * @param name what the event turned out to be
   */
  triggeredBy(event: BotEvent, name?: string): CompiledHandler[]
  /** Those that would be asked whether they want such an event, if they were not off or broken. */
  idleOf(name: string): Idle
}

interface Idle {
  off: readonly OffHandler[]
  broken: readonly BrokenHandler[]
}

const none: Idle = { off: [], broken: [] }

/** The order in which handlers are asked, and run. */
export function inOrder(
  a: Pick<CompiledHandler, 'priority' | 'key'>,
  b: Pick<CompiledHandler, 'priority' | 'key'>,
): number {
  return a.priority - b.priority || (a.key < b.key ? -1 : 1)
}

/** What has a handler asked before one of this priority, as advice. */
export function toComeBefore(priority: number): string {
  return priority > 0 ? `give it a priority below ${priority}` : 'switch that one off'
}

/** Puts handlers into their order and makes the indexes by which events find them. */
export function createHandlerSet(content: Partial<Content>): HandlerSet {
  const handlers = [...(content.handlers ?? [])].sort(inOrder)
  const byEvent = createEventIndex(handlers)
  const rules = handlers.filter(({ trigger }) => 'message' in trigger)
  const { broken = [], off = [] } = content
  const idle = idleByEvent(off, broken)
  return {
    handlers,
    broken,
    off,
    ...(content.paused && { paused: content.paused }),
    ...(content.tried && { tried: content.tried }),
    byKey: new Map(handlers.map(handler => [handler.key, handler])),
    commands: createCommandIndex(handlers),
    schedules: handlers.filter((handler): handler is ScheduledHandler => 'schedule' in handler.trigger),
    triggeredBy(event, name = event.name) {
      const found = byEvent(event, name)
      if (name !== 'message.text') return found
      const wanted = rules.filter(rule => isTriggeredBy(rule, event, name))
      if (found.length === 0) return wanted
      const both = new Set([...found, ...wanted])
      return handlers.filter(handler => both.has(handler))
    },
    idleOf: name => idle.get(name) ?? none,
  }
}

/** By the event that their triggers name, as stored. */
function idleByEvent(
  off: readonly OffHandler[],
  broken: readonly BrokenHandler[],
): ReadonlyMap<string, Idle> {
  const found = new Map<string, { off: OffHandler[]; broken: BrokenHandler[] }>()
  const under = (trigger: unknown) => {
    const event = (trigger as { event?: unknown } | null | undefined)?.event
    if (typeof event !== 'string') return undefined
    const known = found.get(event) ?? { off: [], broken: [] }
    found.set(event, known)
    return known
  }
  for (const one of off) under(one.trigger)?.off.push(one)
  for (const one of broken) under(one.trigger)?.broken.push(one)
  return found
}
