import type { InboxEvent } from '../../models/inbox-event.ts'
import { releaseLock, takeLock } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import { processName } from '../../models/process-name.ts'
import type { Run, RunStep } from '../../models/run.ts'
import { leaseName } from './lease.ts'
import { doneBy, isRecordOf } from './step-records.ts'

/** How long the key is held at most, in milliseconds; it is given back when everything is written. */
const leaseMs = 10_000

/**
 * What became of the wish: `replayed`; `unknown`, no such event; `waiting`, it has not been handled yet; `busy`, its
 * order key is being worked on, which may go on with its runs.
 */
export type ReplayOutcome = 'replayed' | 'unknown' | 'waiting' | 'busy'

/**
 * The move `replay` of docs/dispatch.md: an event that is done or dead waits again, and a running Sidekick takes it up.
 * What was done stays done, and failed steps are tried again, as often as before, by the handlers as they are now.
 *
 * @param fresh forgets the runs, so that all steps are done again, also what is done once for each step: starts are
 * planned anew and notices told again; the welcome ledger stays, and so does the answer that a redelivery gets
 */
export async function replayEvent(
  models: Models,
  id: string,
  { fresh }: { fresh: boolean },
): Promise<ReplayOutcome> {
  const event = await models.inbox.findById(id, { corpId: 1, state: 1, orderKey: 1 }).lean()
  if (event === null) return 'unknown'
  if (event.state === 'waiting') return 'waiting'
  const { corpId, orderKey: key } = event
  const lease = leaseName({ corpId, key })
  // Held until all is written, so that nobody handles an event of the key in between.
  const owner = processName()
  if (!(await takeLock(models.locks, lease, owner, leaseMs))) return 'busy'
  try {
    return (await wake(models, { id, corpId, fresh })) ? 'replayed' : 'waiting'
  } finally {
    await releaseLock(models.locks, lease, owner)
  }
}

/** @returns false for an event that waits already, because somebody else has replayed it meanwhile */
async function wake(
  models: Models,
  { id, corpId, fresh }: { id: string; corpId: string; fresh: boolean },
): Promise<boolean> {
  const ended = { _id: id, state: { $in: ['done', 'dead'] as InboxEvent['state'][] } }
  if ((await models.inbox.exists(ended)) === null) return false
  // Before the event, so that whoever takes it up finds them as they shall be.
  if (fresh) await models.runs.deleteMany({ corpId, event: id })
  else await reviveRuns(models, corpId, id)
  const { matchedCount } = await models.inbox.updateOne(
    ended,
    // By the database's clock: the operator's machine may have another one.
    [
      {
        $set: {
          ...{ state: 'waiting', attempts: 0, notBefore: '$$NOW' },
          ...(fresh && { fresh: { $add: [{ $ifNull: ['$fresh', 0] }, 1] } }),
        },
      },
      { $unset: ['error', 'failingSince', 'finishedAt'] },
    ],
    { updatePipeline: true },
  )
  return matchedCount === 1
}

/** They go on with the handlers as they are now: one was mended perhaps, which is why somebody replays. */
async function reviveRuns(models: Models, corpId: string, event: string): Promise<void> {
  for (const run of await models.runs.find({ corpId, event }, { _id: 0 }).lean()) {
    if (!run.steps.some(isFailed)) continue
    const { handler: key, revision: before } = run
    const now = await models.handlers.findOne({ corpId, key }, { revision: 1, document: 1 }).lean()
    // One that was removed ends the run anew, with the reason.
    const revision = now?.document === undefined ? before : now.revision
    const has = revision === before ? () => true : stepsOf(now?.document)
    const steps = run.steps.map(step => (has(step) ? revived(step) : step))
    await models.runs.updateOne(
      { corpId, event, handler: key },
      {
        $set: {
          steps: revision === before ? steps : steps.map(step => doneBy(step, before)),
          revision,
          state: 'running',
        },
        $unset: { finishedAt: 1, gaveUp: 1 },
      },
    )
  }
}

/** Whether a stored document has a step, however wrong the document is. */
function stepsOf(document: unknown): (record: RunStep) => boolean {
  const { steps } = Object(document) as { steps?: unknown }
  const all = (Array.isArray(steps) ? steps : []).map(step => Object(step) as RunStep)
  return record => all.some(step => isRecordOf(step, record))
}

const isFailed = ({ state }: Run['steps'][number]): boolean => state === 'failed'

/** Ready for as many attempts as a new one; that its effect may have happened already stays on record. */
function revived(step: RunStep): RunStep {
  if (!isFailed(step)) return step
  const { id, action, uncertain } = step
  return { id, action, state: 'pending', attempts: 0, ...(uncertain !== undefined && { uncertain }) }
}
