import { setTimeout as delay } from 'node:timers/promises'
import type { Gap } from '../../models/gap.ts'
import type { Models } from '../../models/models.ts'
import { type SyncName, type SyncState, syncNames } from '../../models/sync-state.ts'
import { useridKey } from '../../models/userid.ts'
import { JobInterruptedError } from '../errors.ts'
import type { SyncRequests } from '../handlers.ts'

/** A sync that a gap waits for has failed; the job tries again later. */
export class GapSyncFailed extends Error {
  readonly code = 'gap_sync_failed'
  constructor(what: SyncName, why: string) {
    super(`${what} could not be read anew: ${why}`)
    this.name = 'GapSyncFailed'
  }
}

export interface ReconcileDeps extends SyncRequests {
  models: Models
  signal: AbortSignal
  report(percent: number): Promise<void>
}

type OpenGap = Gap & { _id: unknown }

const lookEveryMs = 500
/** This many follows are looked at one by one. */
const missedMax = 10_000

/**
 * Closes the open gaps of a corp: staff, tags and customers are read by passes that began after a gap had ended, one pass
 * for all of them. Killed half-way it goes on: what counts is in the database.
 *
 * @throws GapSyncFailed; JobInterruptedError
 */
export async function reconcileGaps(deps: ReconcileDeps, corpId: string): Promise<void> {
  const { models } = deps
  for (;;) {
    const open: OpenGap[] = await models.gaps.find({ corpId, state: 'open' }).sort({ from: 1 }).lean()
    for (const gap of open) gap.before ??= await takeUp(models, gap)
    const [gap] = open
    if (gap === undefined) return
    const syncs: NonNullable<Gap['syncs']> = {}
    for (const [index, what] of syncNames.entries()) {
      await deps.report((100 * index) / syncNames.length)
      const { state, counts } = await freshPass(deps, corpId, what, gap.before?.[what])
      syncs[what] = { state, counts }
    }
    const missed = await countMissed(models, gap)
    // One that has become longer meanwhile stays open, and is taken up anew.
    await models.gaps.updateOne(
      { _id: gap._id, state: 'open', to: gap.to, before: { $exists: true } },
      { $set: { state: 'closed', closedAt: new Date(), syncs, missed } },
    )
  }
}

/** Notes when the last passes began; only what begins from here on counts. */
async function takeUp(models: Models, gap: OpenGap): Promise<NonNullable<Gap['before']>> {
  const states = await models.syncStates
    .find({ corpId: gap.corpId, what: { $in: [...syncNames] } })
    .select({ what: 1, startedAt: 1 })
    .lean()
  const before: NonNullable<Gap['before']> = {}
  for (const { what, startedAt } of states) if (startedAt !== undefined) before[what] = startedAt
  await models.gaps.updateOne({ _id: gap._id, state: 'open', to: gap.to }, { $set: { before } })
  return before
}

/** Waits for the end of a pass that is another one than `before`, and asks for one as long as there is none. */
async function freshPass(
  { models, ask, failure, signal, report }: ReconcileDeps,
  corpId: string,
  what: SyncName,
  before: Date | undefined,
): Promise<SyncState> {
  let askedAfter: string | undefined
  let begins = false
  for (;;) {
    if (signal.aborted) throw new JobInterruptedError(`the gaps of ${corpId} are gone on with later`)
    const state = await models.syncStates.findOne({ corpId, what }).lean()
    const isFresh = state?.startedAt !== undefined && state.startedAt.getTime() !== before?.getTime()
    if (isFresh && (state.state === 'complete' || state.state === 'partial')) return state
    // One that began too early is waited for, and another one asked for after it.
    const ended = `${state?.startedAt?.getTime()} ${state?.finishedAt?.getTime()}`
    // The job of a pass that has ended runs on for a moment, and leaves no wish behind.
    const again = !isFresh && (ended !== askedAfter || (!begins && state?.state !== 'running'))
    if (askedAfter === undefined || again) {
      begins = await ask(what)
      askedAfter = ended
    } else {
      // How it stood when it was asked for is what an earlier run of the job has met.
      const failed = isFresh && state.state === 'failed' && ended !== askedAfter
      const why = failed ? state.error?.message : await failure(what)
      if (why !== undefined) throw new GapSyncFailed(what, why)
    }
    await report(0)
    await delay(lookEveryMs, undefined, { signal }).catch(() => undefined)
  }
}

/** Follows that the platform says were added in the gap, and that no event told us of. */
async function countMissed(models: Models, { corpId, from, to }: Gap): Promise<number> {
  // The platform's times are whole seconds.
  const $gte = new Date(Math.floor(from.getTime() / 1000) * 1000)
  const untold = await models.follows
    .find({ corpId, addedAt: { $gte, $lte: to }, relation: null })
    .select({ externalUserid: 1, useridKey: 1 })
    .limit(missedMax)
    .lean()
  let missed = 0
  for (const follow of untold) {
    // It may have come, and wait for its turn. What is older, or another staff member's, tells of another add.
    const told = await models.inbox
      .find({
        corpId,
        orderKey: `customer:${follow.externalUserid}`,
        name: 'customer.added',
        createdAt: { $gte },
      })
      .select({ userid: 1 })
      .lean()
    if (!told.some(({ userid = '' }) => useridKey(userid) === follow.useridKey)) missed += 1
  }
  return missed
}
