import type { Passed } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'
import type { HandlerSet } from '../handlers/handler-set.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'
import { isOfPast } from './relation.ts'
import { type RunOutcome, type RunRequest, runHandler } from './run-handler.ts'
import { endLeft, leftOf } from './runs-left.ts'
import { isOver } from './starts.ts'
import { abandonRun, relationOver } from './store-run.ts'
import { eventOf } from './stored-event.ts'

export interface Resumed {
  outcomes: RunOutcome[]
  /** Handlers whose runs waited and end here. */
  passed: Passed[]
}

/** A run that waits for a confirmation, and the event that it is of. */
interface Waiting {
  run: Run
  first: BotEvent
}

/**
 * Goes on with the runs that waited for this customer's request to be confirmed, such as the tags of someone who was
 * welcomed before the staff member accepted. Those of an earlier relation end, and so do those whose handler is off,
 * broken or a dry run by now, or all are paused.
 */
export async function resumeWaiting(
  deps: DispatchDeps,
  event: BotEvent,
  context: RunRequest['context'],
  set: HandlerSet,
): Promise<Resumed> {
  const waiting = await endPast(deps, event)
  const runs = waiting.map(one => one.run)
  await endLeft(deps, set, runs)
  const outcomes: RunOutcome[] = []
  for (const { run, first } of waiting) {
    const handler = set.byKey.get(run.handler)
    if (run.state !== 'waiting' || handler === undefined) continue
    const { facts } = await loadSurroundings(deps, first, run.eventName)
    const request = { event: first, name: run.eventName, handler, facts, context, run }
    outcomes.push((await runHandler(deps, request)).outcome)
  }
  return { outcomes, passed: leftOf(runs) }
}

/** Ends the runs that wait for a confirmation which cannot come: their relation is over. @returns the others of this pair */
export async function endPast(
  deps: Pick<DispatchDeps, 'models' | 'clock'>,
  { corpId, userid = '', externalUserid = '' }: BotEvent,
): Promise<Waiting[]> {
  const { models } = deps
  const waiting: Waiting[] = []
  for (const run of await models.runs.find({ corpId, externalUserid, state: 'waiting' }, { _id: 0 }).lean()) {
    if (useridKey(run.userid ?? '') !== useridKey(userid)) continue
    const stored = await models.inbox.findById(run.event).lean()
    const first = stored === null ? undefined : eventOf(stored)
    if (first === undefined) await abandonRun(deps, run, eventGone)
    else if (await isPast(deps, first)) await abandonRun(deps, run, relationOver)
    else waiting.push({ run, first })
  }
  return waiting
}

const eventGone = { code: 'event_gone', message: 'its event is no longer kept' }

function isPast({ models }: Pick<DispatchDeps, 'models'>, first: BotEvent): Promise<boolean> {
  return first.start === undefined ? isOfPast(models, first) : isOver(models, first.corpId, first.start)
}
