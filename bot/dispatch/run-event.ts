import { missingArgument, unknownCommand } from '../commands/help.ts'
import { parseArguments } from '../commands/parse.ts'
import { isCommand, routeCommand } from '../commands/route.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import { type CompiledHandler, isInScope, isTriggeredBy } from '../handlers/compile.ts'
import { evaluate } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings, type Surroundings } from './load-facts.ts'
import { recordEvent } from './record-customer.ts'
import { announce } from './relation.ts'
import { replyTo } from './reply-to.ts'
import { resumeWaiting } from './resume.ts'
import { type RunOutcome, type RunRequest, runHandler } from './run-handler.ts'

/** How an event's handling ended: everything done, to be tried again, or given up. */
export type EventOutcome = 'done' | 'again' | 'dead'

/**
 * Tells the rest of the house, then runs the handlers that the event starts, in their order.
 *
 * @param retried goes on with every run that was begun, also where its conditions no longer hold
 */
export async function runEvent(deps: DispatchDeps, event: BotEvent, retried: boolean): Promise<EventOutcome> {
  const name = isEvent(event, 'customer.added') ? (await announce(deps.models, event)).name : event.name
  await recordEvent(deps, event, name)
  await requestSyncs(deps, event)
  const around = await loadSurroundings(deps, event, name)
  const { handlers } = await deps.live.of(event.corpId)
  const inScope = handlers.filter(handler => isInScope(handler, around.facts.staff, around.departments))
  const context = contextOf(deps, event, around, inScope)
  const request = { event, name, context }
  if (name === 'customer.confirmed') await resumeWaiting(deps, event, context)

  const line = lineOf(event)
  if (line !== undefined) {
    const rules = matching(inScope, event, name, around.facts)
    const routed = routeCommand(inScope.filter(mayUse(around)), line, rules.length === 0)
    if (routed !== undefined) {
      const parsed = parseArguments(routed.handler.trigger.args, routed.rest)
      if ('missing' in parsed) {
        await context.reply(missingArgument(routed.handler.trigger, parsed.missing))
        return 'done'
      }
      const facts = { ...around.facts, args: parsed.values }
      return worst([await runHandler(deps, { ...request, handler: routed.handler, facts })])
    }
    if (rules.length === 0) {
      await context.reply(unknownCommand(inScope.filter(isCommand).filter(mayUse(around)), line))
      return 'done'
    }
  }
  const begun = retried ? await begunRuns(deps, event) : new Set<string>()
  const matched = new Set(matching(inScope, event, name, around.facts))
  const outcomes: RunOutcome[] = []
  for (const handler of inScope.filter(one => matched.has(one) || begun.has(one.key))) {
    const outcome = await runHandler(deps, { ...request, handler, facts: around.facts })
    outcomes.push(outcome)
    if (handler.after === 'stop' && (outcome === 'done' || outcome === 'waiting' || outcome === 'again'))
      break
  }
  return worst(outcomes)
}

async function begunRuns(deps: DispatchDeps, event: BotEvent): Promise<Set<string>> {
  const runs = await deps.models.runs.find({ corpId: event.corpId, event: event.id }, { handler: 1 }).lean()
  return new Set(runs.map(run => run.handler))
}

function worst(outcomes: readonly RunOutcome[]): EventOutcome {
  if (outcomes.includes('again')) return 'again'
  return outcomes.includes('dead') ? 'dead' : 'done'
}

/** The handlers that an event starts, in their order. */
export function matching(
  handlers: readonly CompiledHandler[],
  event: BotEvent,
  name: string,
  facts: Facts,
): CompiledHandler[] {
  return handlers.filter(
    handler =>
      isTriggeredBy(handler, event, name) && (handler.when === undefined || evaluate(handler.when, facts).ok),
  )
}

/** What counts as a line typed to the app: a message's text, or the key of a menu entry. */
function lineOf(event: BotEvent): string | undefined {
  if (isEvent(event, 'message.text')) return event.data.text
  return isEvent(event, 'menu.clicked') ? event.data.key : undefined
}

function mayUse(around: Surroundings): (handler: CompiledHandler) => boolean {
  return ({ trigger }) => {
    if (!('command' in trigger) || trigger.roles.length === 0) return true
    return around.asker.role === 'admin' || trigger.roles.includes(around.asker.role)
  }
}

/** What every step of the event's handlers may use. */
export function contextOf(
  deps: DispatchDeps,
  event: BotEvent,
  around: Surroundings,
  inScope: readonly CompiledHandler[],
): RunRequest['context'] {
  return {
    corp: around.corp,
    asker: around.asker,
    now: new Date(),
    models: deps.models,
    client: around.client,
    reply: text => replyTo(deps, event, around, text),
    commands: () => inScope.filter(mayUse(around)),
  }
}

/** The platform tells that something changed, not what. */
async function requestSyncs(deps: DispatchDeps, event: BotEvent): Promise<void> {
  if (event.name.startsWith('tag.')) await deps.requestSync(event.corpId, 'tags')
  if (
    event.name === 'app.subscribed' ||
    event.name === 'app.unsubscribed' ||
    event.name.startsWith('directory.')
  ) {
    await deps.requestSync(event.corpId, 'staff')
  }
}
