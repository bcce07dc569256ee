import type { Clock } from '../../models/clock.ts'
import { toUpdate } from '../../models/difference.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError } from '../wecom/errors.ts'
import type { Methods } from '../wecom/methods.ts'
import type { WireFollow } from '../wecom/wire/customer.ts'
import { tagsOfCustomer } from './customer-writes.ts'

/** No relation with this customer (84061), or no such customer for anybody whom the app sees (40096). */
export const goneErrcodes: ReadonlySet<number> = new Set([84061, 40096])

/** What the platform has shown of a customer. */
export interface Reading {
  /** By the database's time, like `knownAt` and `endedAt`, which it is compared with; rather too early than too late. */
  askedAt: Date
  /** False when it showed nothing. */
  shown: boolean
  /** The staff who follow. */
  follows: readonly WireFollow[]
  /** A follow was changed by us or asked for since: what this says of its tags and remark was not stored. */
  overtaken: boolean
  /** Nobody else follows: no more pages, and no refusal that may have another reason. */
  whole: boolean
}

/** What the platform answered about a customer, not stored yet. */
export interface CustomerAnswer {
  askedAt: Date
  /** Missing where it showed nothing. */
  shown?: Methods['externalcontact/get']['result']
  /** It said that there is nothing to show, and not something else. */
  gone: boolean
}

/**
 * Asks the platform for a customer (`path/92114`); stores nothing.
 *
 * @throws as `call`, unless the platform refuses this customer, as before a request is confirmed (84061)
 */
export async function askCustomer(
  { client, clock }: { client: Pick<AppClient, 'call'>; clock: Pick<Clock, 'earliest'> },
  externalUserid: string,
  cause: string,
): Promise<CustomerAnswer> {
  const askedAt = new Date(clock.earliest())
  try {
    const shown = await client.call('externalcontact/get', { external_userid: externalUserid }, { cause })
    return { askedAt, shown, gone: false }
  } catch (error) {
    if (!(error instanceof WecomError && error.reaction === 'give_up')) throw error
    return { askedAt, gone: goneErrcodes.has(error.errcode) }
  }
}

/**
 * Stores what the platform says of a customer and of all follows. A customer whom it doesn't show is left as it is;
 * nobody's relation is ended or revived (see `settleFollow`).
 */
export async function keepCustomer(
  models: Models,
  corpId: string,
  externalUserid: string,
  { askedAt, shown, gone }: CustomerAnswer,
): Promise<Reading> {
  if (shown === undefined) return { askedAt, shown: false, follows: [], overtaken: false, whole: gone }
  const { external_contact: wire, follow_user: follows = [], next_cursor: more } = shown
  // Not where we changed them while we were reading, or somebody has read them since.
  const older = { $or: [{ knownAt: null }, { knownAt: { $lt: askedAt } }] }
  const writes = follows.flatMap(follow => {
    const pair = { corpId, useridKey: useridKey(follow.userid), externalUserid }
    const { tags, remark, ...fields } = followFields(wire, follow)
    const begun = { userid: follow.userid, stage: '待跟进', status: 'active' } as const
    const update = { ...toUpdate({ personalTags: [], ...fields }), $setOnInsert: begun }
    return [
      { updateOne: { filter: pair, update, upsert: true } },
      { updateOne: { filter: { ...pair, ...older }, update: toUpdate({ tags, remark, knownAt: askedAt }) } },
    ]
  })
  const stored = writes.length > 0 ? await models.follows.bulkWrite(writes) : undefined
  const tags = await tagsOfCustomer(models, corpId, externalUserid)
  await models.customers.updateOne(
    { corpId, externalUserid },
    toUpdate({ ...customerFields(wire), readAt: askedAt, tags }),
    { upsert: true },
  )
  const overtaken = stored !== undefined && stored.matchedCount + stored.upsertedCount < writes.length
  return { askedAt, shown: true, follows, overtaken, whole: !more }
}

/** Reads the customer from the platform and stores what it says. @throws as `askCustomer` */
export async function readCustomer(
  by: { models: Models; client: Pick<AppClient, 'call'>; clock: Pick<Clock, 'earliest'> },
  corpId: string,
  externalUserid: string,
  cause: string,
): Promise<Reading> {
  return keepCustomer(by.models, corpId, externalUserid, await askCustomer(by, externalUserid, cause))
}
