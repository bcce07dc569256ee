import { randomUUID } from 'node:crypto'
import type { AppClient } from '../../bot/wecom/client.ts'
import type { Clock } from '../../models/clock.ts'
import type { Models } from '../../models/models.ts'
import type { SyncCounts, SyncName, SyncState } from '../../models/sync-state.ts'
import { JobInterruptedError, storedError } from '../errors.ts'
import { syncCustomers } from './customers.ts'
import type { Skipped, SyncPass } from './pass.ts'
import { syncStaff } from './staff.ts'
import { syncTags } from './tags.ts'

export interface SyncOptions {
  corpId: string
  what: SyncName
  models: Models
  client: AppClient
  /** The database's time. */
  clock: Pick<Clock, 'now' | 'earliest'>
  /** Asks the pass to stop at its next save. */
  signal: AbortSignal
  /** Told at each save, 0 to 100. @throws JobInterruptedError when the job has passed to another worker. */
  report(percent: number): Promise<void>
}

const syncs = {
  staff: syncStaff,
  tags: syncTags,
  customers: syncCustomers,
} as const satisfies Record<SyncName, (pass: SyncPass) => Promise<void>>

/** A pass that began longer ago than this is begun anew: the platform's cursors don't live for ever. */
const resumableForMs = 12 * 3_600_000

const noCounts: SyncCounts = { seen: 0, created: 0, updated: 0, removed: 0, calls: 0 }

interface Saved {
  at?: unknown
  skipped: Skipped[]
}

/**
 * Runs one sync of one corp to its end, going on where a killed or failed pass has saved last, and records how it ended
 * in `sync_states`: `complete`, `partial` (what was skipped is named in `error`) or `failed`.
 *
 * @throws whatever made the pass fail, once that is recorded; JobInterruptedError leaves it `running`.
 */
export async function runSync(options: SyncOptions): Promise<SyncState> {
  const { corpId, what, models, client, clock, signal } = options
  const key = { corpId, what }
  const last = await models.syncStates.findOne(key).lean()
  const earlier = last !== null && isResumable(last) ? last : undefined
  const pass = earlier?.pass ?? randomUUID()
  const saved = (earlier?.cursor ?? { skipped: [] }) as Saved
  const counts: SyncCounts = { ...noCounts, ...earlier?.counts }
  const skipped = [...saved.skipped]

  await models.syncStates.updateOne(
    key,
    {
      $set: {
        state: 'running',
        pass,
        counts,
        ...(earlier ? {} : { startedAt: new Date() }),
      },
      $unset: { finishedAt: 1, error: 1, ...(earlier ? {} : { cursor: 1 }) },
    },
    { upsert: true },
  )

  const end = async (state: 'complete' | 'partial' | 'failed', error?: { code: string; message: string }) => {
    await models.syncStates.updateOne(
      { ...key, pass },
      {
        $set: { state, counts, finishedAt: new Date(), ...(error && { error }) },
        // A failed pass keeps its place, so that the next one goes on there.
        ...(state === 'failed' ? {} : { $unset: { pass: 1, cursor: 1 } }),
      },
    )
  }

  try {
    await syncs[what]({
      corpId,
      models,
      clock,
      counts,
      cursor: saved.at,
      skipped,
      call: (path, params, callOptions) => {
        counts.calls += 1
        return client.call(path, params, { cause: `sync.${what}`, signal, ...callOptions })
      },
      skip: (who, errcode) => {
        skipped.push({ who, errcode })
      },
      async save(at, share) {
        await options.report(Math.floor(Math.min(Math.max(share, 0), 1) * 100))
        const cursor: Saved = { at, skipped }
        await models.syncStates.updateOne(
          { ...key, pass },
          { $set: { counts, ...(at !== undefined && { cursor }) } },
        )
        if (signal.aborted) throw new JobInterruptedError(`${what} of ${corpId} stops here and goes on later`)
      },
    })
  } catch (error) {
    if (error instanceof JobInterruptedError) throw error
    if (signal.aborted) throw new JobInterruptedError(`${what} of ${corpId} stops here and goes on later`)
    await end('failed', storedError(error))
    throw error
  }
  if (skipped.length === 0) await end('complete')
  else await end('partial', { code: 'skipped', message: describeSkipped(skipped) })
  const state = await models.syncStates.findOne(key).lean()
  if (state === null) throw new Error(`the record of ${what} of ${corpId} has gone`)
  return state
}

function isResumable({ pass, cursor, startedAt }: SyncState): boolean {
  return (
    typeof pass === 'string' &&
    typeof cursor === 'object' &&
    cursor !== null &&
    startedAt !== undefined &&
    Date.now() - startedAt.getTime() < resumableForMs
  )
}

function describeSkipped(skipped: readonly Skipped[]): string {
  const shown = skipped.slice(0, 5).map(({ who, errcode }) => `${who} (${errcode})`)
  const rest = skipped.length - shown.length
  return `${skipped.length} could not be read: ${shown.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}
