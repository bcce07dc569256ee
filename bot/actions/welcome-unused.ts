import type { Passed } from '../../models/inbox-event.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { Welcome } from '../../models/welcome.ts'
import type { BotEvent } from '../events/parse.ts'
import type { Metrics } from '../metrics.ts'
import { firstReason, isFree, own, unlessKnown } from './welcome-code.ts'

/** Why a code was left, or an add without one. */
export type Unwelcomed =
  | { state: 'no_code'; causes: NonNullable<Welcome['causes']> }
  | {
      state: 'unused'
      reason: NonNullable<Welcome['reason']>
      /** The handler that was to send one. */
      handler?: string
      revision?: number
      /** Of `no_handler` and `paused`. */
      passed?: readonly Passed[]
    }

/** The ledger's key of an add that brought no code. */
export function noCodeKey(event: Pick<BotEvent, 'id'>): string {
  return `none:${event.id}`
}

/**
 * Writes into the ledger why there was no welcome, in one command, and counts it once. A code that somebody is using, or
 * that has come to an end, stays as it is; one that is left may still be used by a later attempt.
 *
 * @param code of the event; undefined where it brought none
 * @param relation the event that began the relation
 */
export async function recordUnused(
  { models, metrics }: { models: Models; metrics: Pick<Metrics, 'welcomes'> },
  event: BotEvent,
  of: { code: string | undefined; relation: string; expireAt: Date },
  why: Unwelcomed,
): Promise<void> {
  const { state, ...rest } = why
  const ifFree = (field: string, value: unknown): object => ({
    $cond: [isFree, value === undefined ? '$$REMOVE' : own(value), `$${field}`],
  })
  const { reason, handler, revision, passed, causes }: Partial<Welcome> = rest as Partial<Welcome>
  // Whoever tried it last is who failed, where nobody else is named.
  const given = (field: string, value: unknown): object =>
    reason === 'failed' && handler === undefined
      ? { $ifNull: [`$${field}`, '$$REMOVE'] }
      : ifFree(field, value)
  const before = await models.welcomes
    .findOneAndUpdate(
      { corpId: event.corpId, welcomeCode: of.code ?? noCodeKey(event) },
      [
        {
          $set: {
            first: firstReason,
            state: ifFree('state', state),
            reason: ifFree('reason', reason),
            passed: ifFree('passed', passed),
            causes: ifFree('causes', causes),
            handler: given('handler', handler),
            revision: given('revision', revision),
            leaseUntil: ifFree('leaseUntil', undefined),
            holder: ifFree('holder', undefined),
            userid: unlessKnown('userid', event.userid ?? ''),
            externalUserid: unlessKnown('externalUserid', event.externalUserid ?? ''),
            event: unlessKnown('event', event.id),
            relation: unlessKnown('relation', of.relation),
            attempts: unlessKnown('attempts', 0),
            eventAt: unlessKnown('eventAt', event.createdAt),
            expireAt: unlessKnown('expireAt', of.expireAt),
          },
        },
      ],
      {
        upsert: true,
        returnDocument: 'before',
        projection: { state: 1, leaseUntil: 1 },
        updatePipeline: true,
      },
    )
    .lean()
    .catch((error: unknown) => {
      // Somebody has just begun to use it.
      if (isDuplicateKey(error)) return { state: 'sending' as const, leaseUntil: new Date() }
      throw error
    })
  // A code that was tried before, and is given up by this.
  const wasGivenUp = before?.state === 'sending' && before.leaseUntil === undefined
  if (before === null || wasGivenUp) metrics.welcomes.inc({ state })
}
