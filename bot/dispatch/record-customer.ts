import type { Models } from '../../models/models.ts'
import type { TrajectoryKind } from '../../models/trajectory.ts'
import { useridKey } from '../../models/userid.ts'
import { isYoung, NotSettled, unionTags, writeTrajectory } from '../actions/customer-writes.ts'
import { keepCustomer, readCustomer } from '../actions/read-customer.ts'
import { type BotEvent, isEvent } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { takeEarly } from './early-answers.ts'
import { type Announcement, endRelation } from './relation.ts'

interface Pair {
  corpId: string
  useridKey: string
  externalUserid: string
}

/**
 * What the house itself does about a customer event, before any handler: the database follows the platform, and the
 * trajectory says what happened.
 *
 * @param announced of an add, as it was decided a moment ago
 */
export async function recordEvent(
  deps: DispatchDeps,
  event: BotEvent,
  name: string,
  announced?: Announcement,
): Promise<void> {
  const { corpId, userid, externalUserid } = event
  if (userid === undefined || externalUserid === undefined) return
  const pair = { corpId, useridKey: useridKey(userid), externalUserid }
  switch (name) {
    case 'customer.added':
      if (isEvent(event, 'customer.added')) {
        if (announced?.isHeld !== true) await beginFollow(deps.models, event, pair)
        await recordAdd(deps, event, pair)
      }
      return record(deps, event, 'added')
    case 'customer.confirmed':
      await readOf(deps, event)
      return record(deps, event, 'confirmed')
    case 'customer.edited':
    case 'transfer.failed':
      await readOf(deps, event)
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

/** A new relation begins its own story; one that a sync has seen already keeps what it says. */
async function beginFollow(models: Models, event: BotEvent<'customer.added'>, pair: Pair): Promise<void> {
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
}

async function recordAdd(deps: DispatchDeps, event: BotEvent<'customer.added'>, pair: Pair): Promise<void> {
  const { models } = deps
  let shown = false
  try {
    shown = await readOf(deps, event)
  } finally {
    // Whatever the platform says or doesn't, somebody has come.
    if (!shown) await ensureCustomer(models, event.corpId, pair.externalUserid)
  }
  if (!shown && !event.data.half && isYoung(deps, event)) throw new NotSettled()
}

async function ensureCustomer(models: Models, corpId: string, externalUserid: string): Promise<void> {
  await models.customers.updateOne(
    { corpId, externalUserid },
    { $setOnInsert: { name: '', type: 1, gender: 0, tags: [] } },
    { upsert: true },
  )
}

/** Stores what the platform says of the event's customer: it is asked anew, unless it was a moment ago for the welcome. */
async function readOf(deps: DispatchDeps, event: BotEvent): Promise<boolean> {
  const { models, apps, clock } = deps
  const { corpId, externalUserid = '', id } = event
  const early = await takeEarly(models, id)
  // What was not shown then may be now, but for a request that nobody has confirmed.
  if (
    early?.shown !== undefined ||
    (early !== undefined && isEvent(event, 'customer.added') && event.data.half)
  ) {
    const { shown, overtaken } = await keepCustomer(models, corpId, externalUserid, early)
    // An event of the customer that came before this one may have marked tags meanwhile.
    if (!overtaken) return shown
  }
  const client = await apps.client(corpId)
  return (await readCustomer({ models, client, clock }, corpId, externalUserid, id)).shown
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
