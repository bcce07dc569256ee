import { toUpdate } from '../../models/difference.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError } from '../wecom/errors.ts'
import type { WireFollow } from '../wecom/wire/customer.ts'
import { unionTags } from './customer-writes.ts'

/** No relation with this customer (84061), or no such customer for anybody whom the app sees (40096). */
export const goneErrcodes: ReadonlySet<number> = new Set([84061, 40096])

/** What the platform has shown of a customer. */
export interface Reading {
  askedAt: Date
  /** False when it showed nothing. */
  shown: boolean
  /** The staff who follow. */
  follows: readonly WireFollow[]
  /** Nobody else follows: no more pages, and no refusal that may have another reason. */
  whole: boolean
}

/**
 * Reads the customer from the platform (`path/92114`) and stores what it says of the customer and of all follows. A
 * customer whom the platform doesn't show, as before a request is confirmed (84061), is left as it is; nobody's relation
 * is ended or revived (see `settleFollow`).
 */
export async function readCustomer(
  models: Models,
  client: Pick<AppClient, 'call'>,
  corpId: string,
  externalUserid: string,
  cause: string,
): Promise<Reading> {
  const askedAt = new Date()
  const answer = await client
    .call('externalcontact/get', { external_userid: externalUserid }, { cause })
    .catch((error: unknown) => {
      if (error instanceof WecomError && error.reaction === 'give_up') return error
      throw error
    })
  if (answer instanceof WecomError)
    return { askedAt, shown: false, follows: [], whole: goneErrcodes.has(answer.errcode) }
  const { external_contact: wire, follow_user: follows = [] } = answer
  await models.customers.updateOne(
    { corpId, externalUserid },
    { ...toUpdate({ ...customerFields(wire), readAt: new Date() }), $setOnInsert: { tags: [] } },
    { upsert: true },
  )
  for (const follow of follows) {
    const pair = { corpId, useridKey: useridKey(follow.userid), externalUserid }
    const { tags, remark, ...fields } = followFields(wire, follow)
    await models.follows.updateOne(
      pair,
      {
        ...toUpdate({ personalTags: [], ...fields }),
        $setOnInsert: { userid: follow.userid, stage: '待跟进', status: 'active' },
      },
      { upsert: true },
    )
    // Not where we changed them while we were reading.
    const unwritten = { $or: [{ writtenAt: null }, { writtenAt: { $lt: askedAt } }] }
    await models.follows.updateOne({ ...pair, ...unwritten }, toUpdate({ tags, remark }))
  }
  await unionTags(models, corpId, externalUserid)
  return { askedAt, shown: true, follows, whole: !answer.next_cursor }
}
