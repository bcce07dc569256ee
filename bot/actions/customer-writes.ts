import type { Clock } from '../../models/clock.ts'
import { isUnconfirmed, type Stage } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import type { TrajectoryKind } from '../../models/trajectory.ts'
import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError } from '../wecom/errors.ts'
import { ActionRefused, AwaitsConfirmation } from './define.ts'
import { texts } from './texts.ts'

export interface Pair {
  userid: string
  externalUserid: string
}

/** What a write needs: a handler's step has it, and so does a request of the sidebar. */
export interface WriteContext {
  models: Models
  client: Pick<AppClient, 'call'>
  corp: { corpId: string }
  /** Of the trajectory's row: the same for every attempt, different for everything else. */
  key: string
  now: Date
  /** The database's time. */
  clock: Pick<Clock, 'now'>
  /** In the course of which event, where there is one. */
  event?: Pick<BotEvent, 'externalUserid' | 'createdAt'>
}

/** Writes one row of the customer's trajectory; the same cause writes it once. */
export async function writeTrajectory(
  models: Models,
  row: Pair & { corpId: string; kind: TrajectoryKind; text: string; key: string; at: Date },
): Promise<void> {
  const { corpId, key, ...rest } = row
  await models.trajectories.updateOne(
    { corpId, key },
    { $setOnInsert: { ...rest, useridKey: useridKey(row.userid) } },
    { upsert: true },
  )
}

/**
 * Marks and unmarks corp tags of a pair: the platform first (`path/92118`), then the follow and the customer, then the
 * trajectory. The platform raises no callback for it.
 *
 * @param add and `remove` hold tag ids with the names that people see
 * @throws AwaitsConfirmation while the customer's request is unconfirmed; ActionRefused where the platform refuses
 */
export async function markTags(
  context: WriteContext,
  pair: Pair,
  add: readonly { tagId: string; label: string }[],
  remove: readonly { tagId: string; label: string }[],
): Promise<void> {
  const { models, corp } = context
  await calling(context, pair, () =>
    context.client.call(
      'externalcontact/mark_tag',
      {
        userid: pair.userid,
        external_userid: pair.externalUserid,
        ...(add.length > 0 && { add_tag: add.map(tag => tag.tagId) }),
        ...(remove.length > 0 && { remove_tag: remove.map(tag => tag.tagId) }),
      },
      { cause: context.key },
    ),
  )
  // The row before the follow: whoever comes again after a failure in between still finds that both are due.
  const text = [...add.map(tag => `+${tag.label}`), ...remove.map(tag => `-${tag.label}`)].join(' ')
  await writeTrajectory(models, { ...pair, ...rowOf(context), kind: 'tagged', text })
  const follow = followOf(context, pair)
  // Two updates, because one array cannot be added to and taken from in the same one.
  if (add.length > 0) {
    await models.follows.updateOne(follow, {
      $addToSet: { tags: { $each: add.map(tag => tag.tagId) } },
      ...knownNow,
    })
  }
  if (remove.length > 0) {
    await models.follows.updateOne(follow, {
      $pull: { tags: { $in: remove.map(tag => tag.tagId) } },
      ...knownNow,
    })
  }
  await unionTags(models, corp.corpId, pair.externalUserid)
}

/** Said by the database itself: what is read of the platform compares its own time with it (`Follow.knownAt`). */
const knownNow = { $currentDate: { knownAt: true } } as const

/** Brings `customer.tags` to the union of the active follows' tags. */
export async function unionTags(models: Models, corpId: string, externalUserid: string): Promise<void> {
  const tags = await tagsOfCustomer(models, corpId, externalUserid)
  await models.customers.updateOne({ corpId, externalUserid }, { $set: { tags } })
}

/** The union of the active follows' tags. */
export async function tagsOfCustomer(
  models: Models,
  corpId: string,
  externalUserid: string,
): Promise<string[]> {
  const follows = await models.follows.find({ corpId, externalUserid, status: 'active' }, { tags: 1 }).lean()
  return [...new Set(follows.flatMap(follow => follow.tags))].sort()
}

/** Changes the remark of a pair (`path/92115`, at most 20 characters): platform, follow, trajectory. */
export async function writeRemark(context: WriteContext, pair: Pair, remark: string): Promise<void> {
  await calling(context, pair, () =>
    context.client.call(
      'externalcontact/remark',
      { userid: pair.userid, external_userid: pair.externalUserid, remark },
      { cause: context.key },
    ),
  )
  await context.models.follows.updateOne(followOf(context, pair), {
    $set: { remark },
    ...knownNow,
  })
  await writeTrajectory(context.models, { ...pair, ...rowOf(context), kind: 'remarked', text: remark })
}

/**
 * Writes a follow-up record on the pair's follow; it is ours alone, the platform knows nothing of it. The first one
 * begins the follow-up.
 *
 * @param author who wrote it, who may be a lead on a colleague's follow
 */
export async function writeNote(
  context: WriteContext,
  pair: Pair,
  author: string,
  text: string,
): Promise<void> {
  const { follows } = context.models
  const follow = followOf(context, pair)
  const row = { ...rowOf(context), userid: author, externalUserid: pair.externalUserid }
  await follows.updateOne(follow, { $set: { lastFollowUpAt: context.now } })
  if ((await follows.exists({ ...follow, stage: begin.from })) !== null) {
    // The row before the stage: whoever comes again after a failure in between still finds that both are due.
    const staged = { key: `${context.key}/staged`, text: movedText(begin.from, begin.to) } as const
    await writeTrajectory(context.models, { ...row, ...staged, kind: 'staged' })
    await follows.updateOne({ ...follow, stage: begin.from }, { $set: { stage: begin.to } })
  }
  await writeTrajectory(context.models, { ...row, kind: 'noted', text })
}

const begin = { from: '待跟进', to: '跟进中' } as const satisfies Record<string, Stage>

/**
 * Moves the pair's follow to another stage; it is ours alone.
 *
 * @param from where it was when that was asked for: what the row says when the stage is there already
 */
export async function writeStage(context: WriteContext, pair: Pair, from: Stage, to: Stage): Promise<void> {
  const before = await context.models.follows.findOneAndUpdate(
    { ...followOf(context, pair), stage: { $ne: to } },
    { $set: { stage: to } },
    { projection: { stage: 1 } },
  )
  const text = movedText(before?.stage ?? from, to)
  await writeTrajectory(context.models, { ...pair, ...rowOf(context), kind: 'staged', text })
}

export function movedText(from: Stage, to: Stage): string {
  return `${from} → ${to}`
}

/** A pair's follow, as a filter. */
export function followOf(
  context: WriteContext,
  pair: Pair,
): { corpId: string; useridKey: string; externalUserid: string } {
  const { userid, externalUserid } = pair
  return { corpId: context.corp.corpId, useridKey: useridKey(userid), externalUserid }
}

/** What every row that a step writes has in common. */
export function rowOf(context: WriteContext): { corpId: string; key: string; at: Date } {
  return { corpId: context.corp.corpId, key: context.key, at: context.now }
}

/** How long after its event a relation may still be unknown to parts of the platform, in milliseconds. */
const settleMs = 60_000

/**
 * 84061 (no relation) passes with the confirmation where the customer's request is unconfirmed, and by itself right
 * after the event; otherwise it is final.
 */
async function calling<T>(context: WriteContext, pair: Pair, call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (!(error instanceof WecomError)) throw error
    if (error.errcode === 84061) {
      if (await awaitsConfirmation(context, pair)) throw new AwaitsConfirmation({ cause: error })
      const { event } = context
      if (event?.externalUserid === pair.externalUserid && isYoung(context, event))
        throw new NotSettled({ cause: error })
    }
    if (error.reaction === 'give_up' || error.reaction === 'user') {
      throw new ActionRefused(`wecom_${error.errcode}`, texts.platformRefused(error.hint), { cause: error })
    }
    throw error
  }
}

/** The platform does not know the relation yet that it told of a moment ago; it is worth another try. */
export class NotSettled extends Error {
  readonly code = 'not_settled'
  constructor(options?: ErrorOptions) {
    super('the platform does not know the relation yet', options)
    this.name = 'NotSettled'
  }
}

/** An event of the last minute, by the database's time. */
export function isYoung({ clock }: Pick<WriteContext, 'clock'>, event: { createdAt: Date }): boolean {
  return clock.now() - event.createdAt.getTime() < settleMs
}

async function awaitsConfirmation(context: WriteContext, pair: Pair): Promise<boolean> {
  const follow = await context.models.follows.findOne(followOf(context, pair), { relation: 1 }).lean()
  return follow !== null && isUnconfirmed(follow)
}
