import type { HandlerStart, Passed } from '../../models/inbox-event.ts'
import type { BotEvent } from '../events/parse.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { evaluate, reasonOf } from '../handlers/conditions.ts'
import { contextOf } from './candidates.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'
import { passedOver, reasonOfPause } from './passed-over.ts'
import type { EventResult } from './run-event.ts'
import { runInOrder } from './run-in-order.ts'
import { absence, endLeft, leftOf } from './runs-left.ts'
import { outsideScope } from './start-outlook.ts'
import { isOver } from './starts.ts'

/** Why nothing is done for two who had each other when it was asked for. */
export const noRelation = 'the relation is over'

/**
 * Runs the one handler that a start names. It is looked for now, and not when it was asked for: one that has been switched
 * off or changed meanwhile is passed over or runs as it is now, which is how a planned start is called off.
 */
export async function runStart(
  deps: DispatchDeps,
  event: BotEvent,
  start: HandlerStart,
): Promise<EventResult> {
  const { corpId, id } = event
  const set = await deps.live.of(corpId)
  const handler = set.byKey.get(start.handler)
  const pass = (stage: Passed['stage'], why: string): EventResult => ({
    outcome: 'done',
    passed: [passedOver(handler ?? { key: start.handler, revision: 0 }, stage, why)],
  })
  const run = await deps.models.runs.findOne({ corpId, event: id, handler: start.handler }, { _id: 0 }).lean()
  if (run?.state === 'running') await endLeft(deps, set, [run])
  const left = leftOf(run === null ? [] : [run])
  if (left.length > 0) return { outcome: 'done', passed: left }
  if (set.paused !== undefined) return pass('paused', reasonOfPause(set.paused))
  if (handler === undefined) {
    const { stage, why } = absence(set, start.handler)
    return pass(stage, why)
  }
  const unlike = unlikeTrigger(handler, start)
  if (unlike !== undefined) return pass('match', unlike)
  const around = await loadSurroundings(deps, event, event.name)
  const outside = outsideScope(handler, start, around)
  if (outside !== undefined) return pass('scope', outside)
  const facts = { ...around.facts, args: start.args ?? {} }
  const when = handler.when === undefined ? undefined : evaluate(handler.when, facts)
  // What was begun is finished, also where it would not begin any more.
  if (run === null) {
    if (await isOver(deps.models, corpId, start)) return pass('when', noRelation)
    if (when?.ok === false) return pass('when', reasonOf(when))
  }
  const context = contextOf(deps, event, around, set)
  const trigger = start.by === 'schedule' ? ('schedule' as const) : ('manual' as const)
  const request = { event, name: event.name, facts, context, trigger, runOf: () => run ?? undefined }
  const { outcomes, passed } = await runInOrder(deps, request, [{ handler, ...(when && { when }) }])
  const [outcome] = outcomes
  // Whoever reads a report notices too late that none comes: also what was refused is given up, and counts as such.
  const ended = outcome === 'failed' || outcome === 'dead' ? 'dead' : 'done'
  return { outcome: outcome === 'again' ? outcome : ended, passed }
}

/** Why a handler is not to be started like this (any more); undefined where it is. */
export function unlikeTrigger({ trigger }: CompiledHandler, { by }: HandlerStart): string | undefined {
  if (by === 'schedule') return 'schedule' in trigger ? undefined : 'it has no schedule any more'
  if ('manual' in trigger) return undefined
  // Whoever has written a schedule tries it by hand.
  return by === 'manual' && 'schedule' in trigger ? undefined : 'it is no manual handler'
}
