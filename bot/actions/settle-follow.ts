import { type Follow, isRevived, isUnconfirmed } from '../../models/follow.ts'
import { useridKey } from '../../models/userid.ts'
import { isYoung, type Pair, unionTags, type WriteContext } from './customer-writes.ts'
import type { Reading } from './read-customer.ts'

/**
 * Brings one staff member's relation in line with what the platform has just shown: ends it where it is not listed,
 * revives it where it goes on. An add that is not confirmed yet is never listed, and a young one may not be.
 */
export async function settleFollow(
  context: Pick<WriteContext, 'models' | 'clock'>,
  corpId: string,
  { userid, externalUserid }: Pair,
  { askedAt, follows, whole }: Reading,
): Promise<void> {
  const { models } = context
  const stored = await models.follows
    .findOne({ corpId, useridKey: useridKey(userid), externalUserid })
    .lean<Follow & { _id: unknown }>()
  if (stored === null) return
  const listed = follows.find(one => useridKey(one.userid) === stored.useridKey)
  if (listed !== undefined) {
    if (!isRevived(stored, listed.createtime, askedAt)) return
    await models.follows.updateOne(
      { _id: stored._id, status: stored.status, endedAt: stored.endedAt ?? null },
      { $set: { status: 'active' }, $unset: { endedAt: 1 } },
    )
  } else {
    const { status, addedAt } = stored
    const young = addedAt ? isYoung(context, { createdAt: addedAt }) : false
    if (!whole || status !== 'active' || young || isUnconfirmed(stored)) return
    await endFollow(context, stored)
  }
  await unionTags(models, corpId, externalUserid)
}

/** Ends a relation that the platform shows no more. @returns false when the pair was added again in the meantime */
export async function endFollow(
  { models, clock }: Pick<WriteContext, 'models' | 'clock'>,
  follow: Pick<Follow, 'addedAt'> & { _id: unknown },
): Promise<boolean> {
  const { modifiedCount } = await models.follows.updateOne(
    { _id: follow._id, status: 'active', addedAt: follow.addedAt ?? null },
    { $set: { status: 'removed', endedAt: new Date(clock.now()) } },
  )
  return modifiedCount > 0
}
