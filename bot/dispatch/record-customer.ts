import { toUpdate } from '../../models/difference.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import type { TrajectoryKind } from '../../models/trajectory.ts'
import { useridKey } from '../../models/userid.ts'
import { isYoung, NotSettled, unionTags, writeTrajectory } from '../actions/customer-writes.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import { WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'
import { endRelation, newFollow } from './relation.ts'

interface Pair {
  corpId: string
  useridKey: string
  externalUserid: string
}

/**
 * Reads the customer from the platform (`path/92114`) and stores what it says of the customer and of all follows. A
 * customer whom the platform doesn't show, as before a request is confirmed (84061), is left as it is.
 *
 * @returns false when the platform shows nothing
 */
export async function readCustomer(
  deps: DispatchDeps,
  corpId: string,
  externalUserid: string,
  cause: string,
): Promise<boolean> {
  const { models } = deps
  const askedAt = new Date()
  const client = await deps.apps.client(corpId)
  const answer = await client
    .call('externalcontact/get', { external_userid: externalUserid }, { cause })
    .catch((error: unknown) => {
      if (error instanceof WecomError && error.reaction === 'give_up') return undefined
      throw error
    })
  if (answer === undefined) return false
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
        $setOnInsert: { userid: follow.userid, stage: newFollow.stage, status: 'active' },
      },
      { upsert: true },
    )
    // Not where we changed them while we were reading.
    const unwritten = { $or: [{ writtenAt: null }, { writtenAt: { $lt: askedAt } }] }
    await models.follows.updateOne({ ...pair, ...unwritten }, toUpdate({ tags, remark }))
  }
  await unionTags(models, corpId, externalUserid)
  return true
}

/**
 * What the house itself does about a customer event, before any handler: the database follows the platform, and the
 * trajectory says what happened.
 */
export async function recordEvent(deps: DispatchDeps, event: BotEvent, name: string): Promise<void> {
  const { corpId, userid, externalUserid } = event
  if (userid === undefined || externalUserid === undefined) return
  const pair = { corpId, useridKey: useridKey(userid), externalUserid }
  switch (name) {
    case 'customer.added':
      if (isEvent(event, 'customer.added')) await recordAdd(deps, event, pair)
      return record(deps, event, 'added')
    case 'customer.confirmed':
      await readCustomer(deps, corpId, externalUserid, event.id)
      return record(deps, event, 'confirmed')
    case 'customer.edited':
    case 'transfer.failed':
      await readCustomer(deps, corpId, externalUserid, event.id)
      return
    case 'customer.removed':
    case 'customer.lost':
      await recordEnd(deps, event, name === 'customer.lost' ? 'lost' : 'removed')
      return record(deps, event, name === 'customer.lost' ? 'lost' : 'removed')
  }
}

/** An announcement that is handled after its relation has ended is a line of the story and nothing else. */
export async function recordPast(
  deps: DispatchDeps,
  event: BotEvent,
  name: 'customer.added' | 'customer.confirmed',
): Promise<void> {
  await record(deps, event, name === 'customer.added' ? 'added' : 'confirmed')
}

async function recordAdd(deps: DispatchDeps, event: BotEvent<'customer.added'>, pair: Pair): Promise<void> {
  const { models } = deps
  // A new relation begins its own story; one that a sync has seen already keeps what it says.
  await models.follows.updateOne(
    { ...pair, $or: [{ status: { $ne: 'active' } }, { addedAt: null }] },
    {
      $set: {
        status: 'active',
        addedAt: event.createdAt,
        stage: '待跟进',
        ...(event.data.state !== '' && { state: event.data.state }),
      },
      $unset: { endedAt: 1, lastFollowUpAt: 1 },
    },
  )
  await models.customers.updateOne(
    { corpId: event.corpId, externalUserid: pair.externalUserid },
    { $setOnInsert: { name: '', type: 1, gender: 0, tags: [] } },
    { upsert: true },
  )
  const shown = await readCustomer(deps, event.corpId, pair.externalUserid, event.id)
  if (!shown && !event.data.half && isYoung(event)) throw new NotSettled()
}

async function recordEnd(deps: DispatchDeps, event: BotEvent, status: 'lost' | 'removed'): Promise<void> {
  await endRelation(deps.models, event, { status, ...(status === 'lost' && { stage: '已流失' }) })
  await unionTags(deps.models, event.corpId, event.externalUserid ?? '')
}

async function record(deps: DispatchDeps, event: BotEvent, kind: TrajectoryKind): Promise<void> {
  const { userid = '', externalUserid = '' } = event
  await writeTrajectory(deps.models, {
    corpId: event.corpId,
    userid,
    externalUserid,
    kind,
    text: '',
    key: `${event.id}/${kind}`,
    at: event.createdAt,
  })
}
