import type { Passed } from '../../models/inbox-event.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { type ConditionResult, evaluate, holds, reasonOf } from '../handlers/conditions.ts'
import type { Facts } from '../handlers/facts.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import { explainScope, isInScope } from '../handlers/scope.ts'
import type { DispatchDeps } from './deps.ts'
import type { Surroundings } from './load-facts.ts'
import { replyTo } from './reply-to.ts'
import type { RunRequest } from './run-handler.ts'
import { startOutlook } from './start-outlook.ts'

/** A handler that an event starts, and why its conditions held. */
export interface Chosen {
  handler: CompiledHandler
  when?: ConditionResult
}

/** What an event starts, in order, and what it might have started, see `Passed`. */
export interface Choice {
  chosen: Chosen[]
  passed: Passed[]
}

/**
 * The handlers of a corp that an event starts by itself (no commands), and those passed over, with the reason. Whoever
 * runs them adds what is passed over later: by `after`, a cooldown, or the guard against loops.
 *
 * @param name what the event turned out to be
 */
export function choose(set: HandlerSet, event: BotEvent, name: string, around: Surroundings): Choice {
  const choice: Choice = { chosen: [], passed: [] }
  for (const handler of set.triggeredBy(event, name)) {
    const { when } = handler
    if (!isInScope(handler, around)) pass(choice, handler, 'scope', () => explainScope(handler, around) ?? '')
    else if (when === undefined) choice.chosen.push({ handler })
    else if (holds(when, around.facts)) choice.chosen.push({ handler, when: evaluate(when, around.facts) })
    else pass(choice, handler, 'when', () => reasonOf(evaluate(when, around.facts)))
  }
  return choice
}

/** As many as an event keeps. */
const passedMax = 30

function pass(
  { passed }: Choice,
  { key: handler, revision }: CompiledHandler,
  stage: Passed['stage'],
  why: () => string,
): void {
  if (passed.length < passedMax) passed.push({ handler, revision, stage, why: why() })
}

/** Whether a handler's conditions hold. */
export function conditionsHold(facts: Facts): (handler: CompiledHandler) => boolean {
  return ({ when }) => when === undefined || holds(when, facts)
}

/** Whether the asker may use a handler as a command. */
export function mayUse(around: Surroundings): (handler: CompiledHandler) => boolean {
  return ({ trigger }) => {
    if (!('command' in trigger) || trigger.roles.length === 0) return true
    return around.asker.role === 'admin' || trigger.roles.includes(around.asker.role)
  }
}

/**
 * What every step of the event's handlers may use.
 *
 * @param set whose commands it may show
 * @param relation the event that began the relation, where the event announces one
 */
export function contextOf(
  deps: DispatchDeps,
  event: BotEvent,
  around: Surroundings,
  set: Pick<HandlerSet, 'commands'>,
  relation?: string,
): RunRequest['context'] {
  return {
    corp: around.corp,
    asker: around.asker,
    now: new Date(deps.clock.now()),
    clock: deps.clock,
    models: deps.models,
    actions: deps.actions,
    client: around.client,
    metrics: deps.metrics,
    retentionMs: deps.retentionMs,
    cause: event.start?.cause ?? [],
    admins: deps.admins.corpId === event.corpId ? deps.admins.userids : [],
    reply: (content, progress, through = client => client) =>
      replyTo(deps, event, { voice: through(around.voice) }, content, progress),
    robot: name => deps.apps.robot(event.corpId, name),
    commands: () => set.commands.handlers.filter(one => isInScope(one, around)).filter(mayUse(around)),
    live: () => deps.live.of(event.corpId),
    outlook: start => startOutlook(deps, event.corpId, start),
    ...(relation !== undefined && { relation }),
  }
}
