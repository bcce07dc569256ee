import type { Run } from '../../models/run.ts'
import { parseArguments } from '../commands/parse.ts'
import { createCommandIndex, isCommand, routeCommand } from '../commands/route.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { type ConditionResult, evaluate } from '../handlers/conditions.ts'
import { explainScope } from '../handlers/scope.ts'
import { explainMatch } from '../handlers/triggers.ts'
import { contextOf, mayUse } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { loadSurroundings, type Surroundings } from './load-facts.ts'

/** What a handler would do about an event, and what would keep it from that. */
export interface Rehearsal {
  /** Why its trigger does not fit; missing where it does. */
  match?: string
  /** Why its scope does not hold whom the event is of; missing where it does. */
  scope?: string
  when?: ConditionResult
  run: Run
}

/** Tries a handler on an event: nothing is stored or sent, and nobody is answered. */
export async function rehearse(
  deps: DispatchDeps,
  handler: CompiledHandler,
  event: BotEvent,
): Promise<Rehearsal> {
  const around = await loadSurroundings(deps, event, event.name)
  const { match, args } = trigger(handler, event, around)
  const scope = explainScope(handler, around)
  const when = handler.when && evaluate(handler.when, around.facts)
  const context = { ...contextOf(deps, event, around, []), reply: async () => undefined }
  const facts = { ...around.facts, args }
  const run = await dryRun(deps, { event, name: event.name, handler, facts, context, ...(when && { when }) })
  return {
    ...(match !== undefined && { match }),
    ...(scope !== undefined && { scope }),
    ...(when && { when }),
    run,
  }
}

/** Whether the event starts the handler, and with which arguments where it is a command. */
function trigger(
  handler: CompiledHandler,
  event: BotEvent,
  around: Surroundings,
): { match?: string; args: Record<string, unknown> } {
  if (!isCommand(handler)) {
    const match = explainMatch(handler, event)
    return { ...(match !== undefined && { match }), args: {} }
  }
  const { text, key } = event.data as { text?: unknown; key?: unknown }
  const line = String(text ?? key ?? '')
  const routed = routeCommand(createCommandIndex([handler]), line, true)
  if (routed === undefined) return { match: `command ${handler.trigger.command} (was "${line}")`, args: {} }
  if (!mayUse(around)(handler))
    return { match: `roles ${handler.trigger.roles.join(', ')} (was ${around.asker.role})`, args: {} }
  const parsed = parseArguments(handler.trigger.args, routed.rest)
  return 'missing' in parsed
    ? { match: `the argument ${parsed.missing.name} is missing`, args: {} }
    : { args: parsed.values }
}
