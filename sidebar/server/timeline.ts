import { type QueryFilter, Types } from 'mongoose'
import type { Models } from '../../models/models.ts'
import type { Trajectory } from '../../models/trajectory.ts'
import { useridKey } from '../../models/userid.ts'
import type { TimelinePage } from '../api.ts'
import type { Sight } from './customer-access.ts'
import { Refused } from './refusals.ts'

const pageSize = 20

/**
 * A page of what happened between staff and the customer, newest first. Whoever's own relation has ended sees what
 * happened until then, and nothing where nobody knows when that was.
 *
 * @param before the `timelineNext` of the page above
 * @throws Refused `bad_request` for another `before`
 */
export async function timelineOf(
  models: Models,
  { follow, past }: Pick<Sight, 'follow' | 'past'>,
  before?: string,
): Promise<TimelinePage> {
  const { corpId, externalUserid, endedAt } = follow
  if (past && !endedAt) return { timeline: [], timelineNext: null }
  const filters: QueryFilter<Trajectory>[] = [
    { corpId, externalUserid },
    ...(past && endedAt ? [{ at: { $lte: endedAt } }] : []),
    ...(before === undefined ? [] : [olderThan(before)]),
  ]
  const rows = await models.trajectories
    .find({ $and: filters })
    .sort({ at: -1, _id: -1 })
    .limit(pageSize + 1)
    .lean()
  const page = rows.slice(0, pageSize)
  const names = await staffNames(
    models,
    corpId,
    page.map(row => row.useridKey),
  )
  const last = rows.length > pageSize ? page.at(-1) : undefined
  return {
    timeline: page.map(row => ({
      id: String(row._id),
      at: row.at.toISOString(),
      kind: row.kind,
      by: names.get(row.useridKey) ?? row.userid,
      text: row.text,
    })),
    timelineNext: last === undefined ? null : `${last.at.getTime()}-${last._id}`,
  }
}

function olderThan(cursor: string): QueryFilter<Trajectory> {
  const [, ms, id] = /^(\d{1,15})-([0-9a-f]{24})$/.exec(cursor) ?? []
  if (ms === undefined || id === undefined) throw new Refused('bad_request')
  const at = new Date(Number(ms))
  return { $or: [{ at: { $lt: at } }, { at, _id: { $lt: new Types.ObjectId(id) } }] }
}

/** Names by userid key. */
export async function staffNames(
  models: Models,
  corpId: string,
  userids: readonly string[],
): Promise<Map<string, string>> {
  const keys = [...new Set(userids.map(useridKey))]
  if (keys.length === 0) return new Map()
  const rows = await models.staff.find({ corpId, useridKey: { $in: keys } }, { useridKey: 1, name: 1 }).lean()
  return new Map(rows.map(row => [row.useridKey, row.name]))
}
