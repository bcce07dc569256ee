import { randomUUID } from 'node:crypto'
import type { Model, mongo, UpdateAggregationStage } from 'mongoose'
import type { LimitStore } from '../bot/wecom/limits/store.ts'
import { inTime } from './in-time.ts'
import type { Limit } from './limit.ts'
import { isDuplicateKey } from './lock.ts'

/** Long enough for a slow database, short enough for a call that waits. */
const patienceMs = 2_000
/** A document that nobody has touched for so long says nothing any more. */
const keepMs = 2 * 3_600_000

const later = (ms: number): object => ({ $add: ['$$NOW', ms] })
const listOf = (field: string): object => ({ $ifNull: [`$${field}`, []] })
const since = (ms: number): object => ({
  $filter: { input: '$sent', cond: { $gt: ['$$this', { $subtract: ['$$NOW', ms] }] } },
})
/** No two messages to a member count as of the same moment, so that each can be taken back. */
const nextMoment = { $max: ['$$NOW', { $add: [{ $max: '$sent' }, 1] }] }
const resting = { $gt: ['$restUntil', '$$NOW'] }

/**
 * The counts that instances share: each step is one atomic update, by the database's clock. It fits the `LimitStore`
 * that the platform client asks for. An operation that the database does not answer within two seconds fails.
 */
export function createLimitStore(limits: Model<Limit>): LimitStore {
  const me = randomUUID()

  async function update(_id: string, stages: UpdateAggregationStage[]): Promise<Limit> {
    const pipeline = [...stages, { $set: { at: '$$NOW', expireAt: later(keepMs) } }]
    const options = { upsert: true, returnDocument: 'after' } as const
    const run = () =>
      inTime(
        patienceMs,
        limits.collection.findOneAndUpdate({ _id } as never, pipeline as mongo.Document[], options),
      )
    try {
      return (await run()) as unknown as Limit
    } catch (error) {
      // Two instances began the document at the same moment: now it is there.
      if (isDuplicateKey(error)) return (await run()) as unknown as Limit
      throw error
    }
  }

  return {
    async take(bucket, { rate, priority, want, keep, activeMs }) {
      const { perSecond, burst } = rate
      const others = { $or: [{ $ne: ['$$this.by', me] }, { $ne: ['$$this.priority', priority] }] }
      const callers = {
        $filter: {
          input: listOf('callers'),
          cond: { $and: [others, { $gt: ['$$this.until', '$$NOW'] }] },
        },
      }
      const passedMs = { $max: [0, { $subtract: ['$$NOW', { $ifNull: ['$at', '$$NOW'] }] }] }
      const refill = { $multiply: [passedMs, perSecond / 1000] }
      const found = await update(`rate:${bucket}`, [
        {
          $set: {
            level: { $min: [burst, { $add: [{ $ifNull: ['$level', burst] }, refill] }] },
            callers: { $concatArrays: [callers, [{ by: me, priority, until: later(activeMs) }]] },
          },
        },
        {
          $set: {
            granted: {
              $cond: [
                resting,
                0,
                { $max: [0, { $min: [want, { $floor: { $subtract: ['$level', keep] } }] }] },
              ],
            },
          },
        },
        { $set: { level: { $subtract: ['$level', '$granted'] } } },
      ])
      const restMs = timeBetween(found.at, found.restUntil)
      const { errcode = 0, errmsg = '' } = found
      return {
        granted: Number(found.granted),
        level: Number(found.level),
        instances: (found.callers ?? []).filter(one => one.priority === priority).length,
        ...(restMs > 0 && { rest: { ms: restMs, errcode, errmsg } }),
      }
    },
    async rest(bucket, { ms, errcode, errmsg }, mostMs) {
      const again = { $gt: ['$restUntil', { $subtract: ['$$NOW', mostMs] }] }
      const restMs = { $cond: [again, { $min: [{ $multiply: ['$restMs', 2] }, mostMs] }, ms] }
      const found = await update(`rate:${bucket}`, [
        {
          $set: {
            restMs: { $cond: [resting, '$restMs', restMs] },
            errcode: { $cond: [resting, '$errcode', errcode] },
            errmsg: { $cond: [resting, '$errmsg', { $literal: errmsg }] },
          },
        },
        { $set: { restUntil: { $cond: [resting, '$restUntil', { $add: ['$$NOW', '$restMs'] }] } } },
      ])
      return {
        ms: timeBetween(found.at, found.restUntil),
        errcode: found.errcode ?? errcode,
        errmsg: found.errmsg ?? errmsg,
      }
    },
    async claim(member, windows) {
      const longest = Math.max(...windows.map(window => window.ms))
      const room = windows.map(({ ms, most }) => ({ $lt: [{ $size: since(ms) }, most] }))
      const found = await update(`member:${member}`, [
        { $set: { sent: listOf('sent') } },
        { $set: { sent: since(longest) } },
        { $set: { granted: { $cond: [{ $and: room }, nextMoment, null] } } },
        {
          $set: {
            sent: {
              $cond: [{ $eq: ['$granted', null] }, '$sent', { $concatArrays: ['$sent', ['$granted']] }],
            },
          },
        },
      ])
      if (found.granted instanceof Date) return { at: found.granted }
      return { ages: (found.sent ?? []).map(at => timeBetween(at, found.at)) }
    },
    async unclaim(member, at) {
      const change = { $pull: { sent: at } }
      await inTime(patienceMs, limits.updateOne({ _id: `member:${member}` }, change).exec())
    },
    async settle(member, at) {
      const moved = {
        $map: { input: '$sent', in: { $cond: [{ $eq: ['$$this', at] }, nextMoment, '$$this'] } },
      }
      await update(`member:${member}`, [{ $set: { sent: listOf('sent') } }, { $set: { sent: moved } }])
    },
    async hold(record, ms) {
      const free = { $or: [{ $eq: ['$owner', me] }, { $lte: ['$until', '$$NOW'] }] }
      const found = await update(`record:${record}`, [
        {
          $set: {
            owner: { $cond: [free, me, '$owner'] },
            until: { $cond: [free, later(ms), '$until'] },
          },
        },
      ])
      return found.owner === me
    },
    async release(record) {
      await inTime(patienceMs, limits.deleteOne({ _id: `record:${record}`, owner: me }).exec())
    },
  }
}

function timeBetween(from: Date | undefined, to: Date | undefined): number {
  return from === undefined || to === undefined ? 0 : to.getTime() - from.getTime()
}
