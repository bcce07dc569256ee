import type { InboxEvent, Passed } from '../../models/inbox-event.ts'
import type { BotEvent } from '../events/parse.ts'
import { WireError } from '../events/wire.ts'
import { WecomClosedError, WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'
import { arrivedAt, isReceivedBy } from './inbox.ts'
import type { DispatchLimits } from './limits.ts'
import type { Asked, EventOutcome, EventResult } from './run-event.ts'
import { abandonRun, RunTakenError, runsOf } from './store-run.ts'
import { eventOf } from './stored-event.ts'
import { recordDied } from './unwelcomed.ts'

/** Does what an event asks for; throws what may pass. */
export type RunEvent = (deps: DispatchDeps, event: BotEvent, asked: Asked) => Promise<EventResult>

interface Attempt {
  outcome: EventOutcome
  error?: NonNullable<InboxEvent['error']>
  passed?: readonly Passed[]
  /** It is given up by an error, and not by how its handlers' runs ended. */
  died?: boolean
}

/** So many of the handlers that were passed over are kept with an event. */
const passedMax = 30

/**
 * Makes one attempt at an event whose key is held, and stores how it ended. An event that somebody else has settled
 * meanwhile stays as it is.
 *
 * @returns whether it is done or dead
 * @throws when the database is away; then the event waits as before
 */
export async function handleEvent(
  deps: DispatchDeps,
  run: RunEvent,
  stored: InboxEvent,
  limits: DispatchLimits,
): Promise<boolean> {
  const { _id, lane } = stored
  const { clock, metrics } = deps
  const ours = { _id, state: 'waiting' } as const
  const begun = (stored.begun ?? 0) + 1
  // What was left lying may be what ended its receiver: it counts before it is tried.
  if (!isReceivedBy(stored, deps.process)) {
    const { matchedCount } = await deps.models.inbox.updateOne(ours, { $set: { begun } })
    // Somebody who held the key before us has settled it meanwhile.
    if (matchedCount === 0) return true
  }
  const attempts = stored.attempts + 1
  const asked: Asked =
    stored.chosen === undefined ? {} : { chosen: stored.chosen, passed: stored.passed ?? [] }
  const {
    outcome,
    error,
    passed = [],
    died = false,
  }: Attempt = begun > limits.attemptsMax
    ? { outcome: 'dead', error: exhausted(limits.attemptsMax), died: true }
    : await attempt(deps, run, stored, { asked, last: attempts >= limits.attemptsMax })
  if (outcome !== 'again') deps.replies.close(_id)
  const unheard = died ? readable(stored) : undefined
  if (unheard !== undefined) await recordDied(deps, unheard)
  if (died) await endRuns(deps, stored, error?.message ?? '')
  const now = clock.now()
  const { backoffMs } = limits
  const wait = backoffMs[Math.min(stored.attempts, backoffMs.length - 1)] ?? 0
  await deps.models.inbox.updateOne(ours, {
    $set: {
      attempts,
      ...(error !== undefined && { error }),
      ...(passed.length > 0 && { passed: passed.slice(0, passedMax) }),
      ...(outcome === 'again'
        ? {
            ...(asked.chosen && { chosen: [...asked.chosen] }),
            notBefore: new Date(now + wait),
            failingSince: stored.failingSince ?? new Date(now),
          }
        : { state: outcome, finishedAt: new Date(now) }),
    },
    $unset: {
      begun: 1,
      // A replay asks anew.
      ...(outcome !== 'again' && stored.chosen !== undefined && { chosen: 1 }),
      ...(error === undefined && { error: 1 }),
      ...(passed.length === 0 && stored.passed !== undefined && { passed: 1 }),
    },
  })
  metrics.events.inc({ lane, outcome })
  if (outcome !== 'again') metrics.handled.observe({ lane }, Math.max(now - arrivedAt(stored), 0) / 1000)
  return outcome !== 'again'
}

function exhausted(times: number): NonNullable<InboxEvent['error']> {
  return {
    code: 'attempts_exhausted',
    message: `${times} processes began to handle it and did not come to an end`,
  }
}

/** Runs the event; whatever goes wrong becomes a reason that is stored with it. */
async function attempt(
  deps: DispatchDeps,
  run: RunEvent,
  stored: InboxEvent,
  { asked, last }: { asked: Asked; last: boolean },
): Promise<Attempt> {
  const { _id: id } = stored
  try {
    const { outcome, passed } = await run(deps, eventOf(stored), asked)
    if (outcome === 'done') return { outcome, passed }
    const error = { code: 'run_failed', message: 'a handler failed; its run says why' }
    return { outcome, passed, error }
  } catch (error) {
    const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
    deps.log.error({ err: error, event: id, attempts: stored.attempts + 1 }, 'an event could not be handled')
    // What a stop cut off is no attempt that failed, and what another process goes on with is that one's.
    const isNone = error instanceof WecomClosedError || error instanceof RunTakenError
    const final = !isNone && (last || error instanceof WireError || isHopeless(error))
    const given = { code: String(code), message }
    return final
      ? { outcome: 'dead', error: given, died: true }
      : { outcome: 'again', error: given, passed: asked.passed ?? [] }
  }
}

/** Ends what was begun for an event that is given up; what waits for a confirmation waits on. */
async function endRuns(deps: DispatchDeps, { corpId, _id: id }: InboxEvent, message: string): Promise<void> {
  const begun = await runsOf(deps.models, { corpId, id })
  for (const run of begun.filter(one => one.state === 'running'))
    await abandonRun(deps, run, { code: 'event_given_up', message })
}

/** What a stored message says; undefined where it cannot be read. */
function readable(stored: InboxEvent): BotEvent | undefined {
  try {
    return eventOf(stored)
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The platform will say the same again, and nobody can mend it, such as an answer to somebody who has left. */
function isHopeless(error: unknown): boolean {
  return error instanceof WecomError && ['give_up', 'user', 'done'].includes(error.reaction)
}
