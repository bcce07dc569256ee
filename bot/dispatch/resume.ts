import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'
import { type RunOutcome, type RunRequest, runHandler } from './run-handler.ts'
import { eventOf } from './stored-event.ts'

/**
 * Goes on with the runs that waited for this customer's request to be confirmed, such as the tags of someone who was
 * welcomed before the staff member accepted. A handler that was changed in the meantime goes on as it is now.
 */
export async function resumeWaiting(
  deps: DispatchDeps,
  event: BotEvent,
  context: RunRequest['context'],
): Promise<RunOutcome[]> {
  const { corpId, userid = '', externalUserid = '' } = event
  const waiting = await deps.models.runs.find({ corpId, externalUserid, state: 'waiting' }, { _id: 0 }).lean()
  const { handlers } = await deps.live.of(corpId)
  const outcomes: RunOutcome[] = []
  for (const run of waiting) {
    const handler = handlers.find(one => one.key === run.handler)
    const stored = await deps.models.inbox.findById(run.event).lean()
    // A run of another staff member's request, of a handler that is off, or of an event that is no longer kept.
    if (useridKey(run.userid ?? '') !== useridKey(userid) || handler === undefined || stored === null)
      continue
    const first = eventOf(stored)
    const { facts } = await loadSurroundings(deps, first, run.eventName)
    const request = { event: first, name: run.eventName, handler, facts, context, run }
    outcomes.push((await runHandler(deps, request)).outcome)
  }
  return outcomes
}
