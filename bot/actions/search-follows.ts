import type { Follow } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import { type Asker, visibleFollows } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'

/** How many rows are looked at before a name counts as too general. */
const looked = 200

/**
 * The follows that a name fits, among those that the asker may see: best first, one per customer.
 *
 * @param query a remark, a nickname, a part of either in any case, or an external user id
 */
export async function searchFollows(models: Models, asker: Asker, query: string): Promise<Follow[]> {
  const pattern = new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
  const rows = await models.follows
    .find({
      ...(await visibleFollows(models, asker)),
      status: { $ne: 'removed' },
      $or: [{ remark: pattern }, { customerName: pattern }, { externalUserid: query }],
    })
    .sort({ addedAt: -1 })
    .limit(looked)
    .lean()
  const wanted = query.toLowerCase()
  const found = onePerCustomer(rows, useridKey(asker.userid))
  return found.sort((a, b) => rank(a, wanted) - rank(b, wanted) || byAge(b, a))
}

/** The one of the hits that is meant: the only one, or the only one that is called so as a whole. */
export function theOne(found: readonly Follow[], query: string): Follow | undefined {
  const exact = found.filter(follow => rank(follow, query.toLowerCase()) === 0)
  return found.length === 1 || exact.length === 1 ? found[0] : undefined
}

/** Orders hits: the whole name first, then beginnings, then anything that contains it; newest first among equals. */
function rank(follow: Follow, wanted: string): number {
  const names = [follow.remark.toLowerCase(), follow.customerName.toLowerCase()]
  if (names.includes(wanted) || follow.externalUserid.toLowerCase() === wanted) return 0
  return names.some(name => name.startsWith(wanted)) ? 1 : 2
}

/** The oldest first; of one moment by their ids, so that the order is total. */
export function byAge(a: Follow, b: Follow): number {
  const [one, other] = [a, b].map(follow => follow.addedAt?.getTime() ?? 0) as [number, number]
  if (one !== other) return one - other
  return a.externalUserid < b.externalUserid ? -1 : Number(a.externalUserid > b.externalUserid)
}

/** A customer whom several visible colleagues follow is one hit: the asker's own follow where there is one. */
function onePerCustomer(rows: Follow[], asker: string): Follow[] {
  const best = new Map<string, Follow>()
  for (const row of rows) {
    const known = best.get(row.externalUserid)
    if (known === undefined || (known.useridKey !== asker && row.useridKey === asker))
      best.set(row.externalUserid, row)
  }
  return [...best.values()]
}
