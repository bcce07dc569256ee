import type { AppClient } from '../../bot/wecom/client.ts'
import { WecomError } from '../../bot/wecom/errors.ts'
import type { Clock } from '../../models/clock.ts'
import type { Models } from '../../models/models.ts'
import type { SyncCounts } from '../../models/sync-state.ts'

/** Something that could not be read in a pass, and the errcode that says why. */
export interface Skipped {
  who: string
  errcode: number
}

/** One pass of one sync over one corp: what a sync works with. */
export interface SyncPass {
  readonly corpId: string
  readonly models: Models
  /** The database's time. */
  readonly clock: Pick<Clock, 'now' | 'earliest'>
  readonly counts: SyncCounts
  /** What the killed pass that this one goes on with has saved last; undefined at the beginning. */
  readonly cursor: unknown
  readonly skipped: readonly Skipped[]
  /** The platform; each call is counted. */
  readonly call: AppClient['call']
  /** This one cannot be read; the pass goes on and ends as `partial`. */
  skip(who: string, errcode: number): void
  /**
   * Everything before `cursor` is written: a pass that is killed goes on here. With `undefined` it will begin anew.
   *
   * @param share how much of the pass is done, 0 to 1.
   * @throws JobInterruptedError when this worker must not go on.
   */
  save(cursor: unknown, share: number): Promise<void>
}

/**
 * The errcode when an error concerns one record only (someone has left, is not visible, has no customer contact) and the
 * pass can go on without it; undefined for anything else. A lost cursor (50100) is no such record.
 */
export function skippableErrcode(error: unknown): number | undefined {
  if (!(error instanceof WecomError) || error.errcode === 50100) return undefined
  return error.reaction === 'give_up' || error.errcode === 84074 ? error.errcode : undefined
}
