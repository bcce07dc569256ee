import type { Follow } from '../../models/follow.ts'
import { visibleFollows } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { texts } from './texts.ts'

/** How many are listed when a name fits several. */
const listMax = 6
/** How many rows are looked at before a name counts as too general. */
const looked = 200

/** Orders hits: the whole name first, then beginnings, then anything that contains it; newest first among equals. */
function rank(follow: Follow, wanted: string): number {
  const names = [follow.remark.toLowerCase(), follow.customerName.toLowerCase()]
  if (names.includes(wanted) || follow.externalUserid.toLowerCase() === wanted) return 0
  return names.some(name => name.startsWith(wanted)) ? 1 : 2
}

/**
 * The one follow that a name means, among those that the asker may see. A name is a remark, a nickname, a part of
 * either, an external user id, or any of these with `#2` for the second one of a list that was shown.
 *
 * @param command as it was typed before the name, for the answer
 * @throws ActionRefused `customer_unknown` or `customer_ambiguous`, with an answer that says what to type next
 */
export async function findFollow(context: ActionContext, name: string, command?: string): Promise<Follow> {
  const query = name.trim()
  if (query === '') throw new ActionRefused('customer_unnamed', texts.customerUnnamed)
  const found = await search(context, query)
  const [, listed, ordinal] = /^(.+?)\s*[#＃](\d{1,2})$/s.exec(query) ?? []
  // A remark may hold `3栋#12` itself; only where nothing is called so is the end a place in a list.
  if (found.length === 0 && listed !== undefined) {
    const several = await search(context, listed)
    const chosen = several[Number(ordinal) - 1]
    if (chosen === undefined)
      throw new ActionRefused('customer_unknown', texts.noSuchOrdinal(listed, several.length))
    return chosen
  }
  const [first] = found
  if (first === undefined) throw new ActionRefused('customer_unknown', texts.customerUnknown(query, command))
  const exact = found.filter(follow => rank(follow, query.toLowerCase()) === 0)
  if (found.length === 1 || exact.length === 1) return first
  throw new ActionRefused(
    'customer_ambiguous',
    texts.customerAmbiguous(query, found.slice(0, listMax), found.length, command),
  )
}

/** The follows that a name fits, best first, one per customer. */
async function search(context: ActionContext, query: string): Promise<Follow[]> {
  const pattern = new RegExp(query.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'), 'i')
  const rows = await context.models.follows
    .find({
      ...(await visibleFollows(context.models, context.asker)),
      status: { $ne: 'removed' },
      $or: [{ remark: pattern }, { customerName: pattern }, { externalUserid: query }],
    })
    .sort({ addedAt: -1 })
    .limit(looked)
    .lean()
  const wanted = query.toLowerCase()
  return onePerCustomer(rows, useridKey(context.asker.userid)).sort(
    (a, b) => rank(a, wanted) - rank(b, wanted),
  )
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

/**
 * The pair that a step works on: the one that a command names, else the one of the event.
 *
 * @throws ActionRefused when the event has no customer and none is named
 */
export async function pairOf(
  context: ActionContext,
  customer: string | undefined,
): Promise<{ userid: string; externalUserid: string; name: string }> {
  if (customer !== undefined) {
    const follow = await findFollow(context, customer)
    return {
      userid: follow.userid,
      externalUserid: follow.externalUserid,
      name: follow.remark || follow.customerName || texts.nameless,
    }
  }
  const { userid, externalUserid } = context.event
  if (userid === undefined || externalUserid === undefined) {
    throw new ActionRefused('no_customer', texts.customerUnnamed)
  }
  return {
    userid,
    externalUserid,
    name: (context.facts.customer.name as string | undefined) || texts.nameless,
  }
}
