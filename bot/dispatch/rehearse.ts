import type { HandlerStart } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { lookUpStaff } from '../actions/find-staff.ts'
import { type Misuse, parseArguments } from '../commands/parse.ts'
import { createCommandIndex, isCommand, routeCommand } from '../commands/route.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { type ConditionResult, evaluate } from '../handlers/conditions.ts'
import { explainScope } from '../handlers/scope.ts'
import { explainMatch } from '../handlers/triggers.ts'
import { contextOf, mayUse } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { dryRun } from './dry-run.ts'
import { type KeptFrom, keptFrom } from './kept-from.ts'
import { loadSurroundings, type Surroundings } from './load-facts.ts'
import { noRelation, unlikeTrigger } from './run-start.ts'
import { outsideScope } from './start-outlook.ts'
import { isOver } from './starts.ts'

/** What a handler would do about an event, and what would keep it from that. */
export interface Rehearsal {
  /** Why its trigger does not fit; missing where it does. */
  match?: string
  /** Why its scope does not hold whom the event is of; missing where it does. */
  scope?: string
  /** Of a start that was asked for about a relation: that it is over. */
  relation?: string
  when?: ConditionResult
  /** Of an event that it fits: the other handler that keeps it from this one. */
  kept?: KeptFrom
  run: Run
}

/**
 * Tries a handler on an event or a start, beside the live ones of its corp: nothing is stored or sent, and nobody is
 * answered. Of the platform it only reads, which needs a token and a place in its limits as ever.
 */
export async function rehearse(
  deps: DispatchDeps,
  handler: CompiledHandler,
  event: BotEvent,
): Promise<Rehearsal> {
  const { name, start } = event
  const around = await loadSurroundings(deps, event, name, lookUpStaff)
  const { match, args } = start === undefined ? trigger(handler, event, around) : started(handler, start)
  const scope = start === undefined ? explainScope(handler, around) : outsideScope(handler, start, around)
  const over = start !== undefined && (await isOver(deps.models, event.corpId, start))
  const set = await deps.live.of(event.corpId)
  const context = { ...contextOf(deps, event, around, set), reply: async () => undefined }
  const facts = { ...around.facts, args }
  // What a command is given is read after its conditions.
  const when = handler.when && evaluate(handler.when, start === undefined ? around.facts : facts)
  const run = await dryRun(deps, {
    ...{ event, name, handler, facts, context },
    ...(when && { when }),
    ...(start && { trigger: start.by === 'schedule' ? 'schedule' : 'manual' }),
  })
  const fits = match === undefined && scope === undefined && when?.ok !== false
  const kept =
    fits && start === undefined ? await keptFrom(deps, handler, { event, around, set, context }) : undefined
  return {
    ...(match !== undefined && { match }),
    ...(scope !== undefined && { scope }),
    ...(over && { relation: noRelation }),
    ...(when && { when }),
    ...(kept && { kept }),
    run,
  }
}

/** Whether the start is of this handler, and of its kind. */
function started(
  handler: CompiledHandler,
  start: HandlerStart,
): { match?: string; args: Record<string, unknown> } {
  const match =
    start.handler === handler.key ? unlikeTrigger(handler, start) : `it is a start of ${start.handler}`
  return { ...(match !== undefined && { match }), args: start.args ?? {} }
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
  if ('values' in parsed) return { args: parsed.values }
  return { match: misuseOf(parsed), args: {} }
}

function misuseOf(misuse: Misuse): string {
  if ('missing' in misuse) return `the argument ${misuse.missing.name} is missing`
  if ('unfit' in misuse) return `the argument ${misuse.unfit.name} does not fit: ${misuse.fault}`
  return `no argument takes "${misuse.surplus}"`
}
