import type { Follow } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import { visibleAmong } from '../../models/scope.ts'
import { useridKey } from '../../models/userid.ts'
import { Refused } from './refusals.ts'
import type { Who } from './session.ts'

/** What somebody may see of a customer. */
export interface Sight {
  /** The follow that is shown: one's own, else the newest that a lead or an admin may see. */
  follow: Follow
  /** Of everybody. */
  follows: readonly Follow[]
  editable: boolean
  /** A staff member's own relation that has ended: what came after it is not shown. */
  past: boolean
}

/**
 * Opens a customer for the person who asks; the relation is looked at each time.
 *
 * @throws Refused `customer_not_synced` when no relation with anybody is held, `not_your_customer`
 */
export async function openCustomer(models: Models, who: Who, externalUserid: string): Promise<Sight> {
  const { corpId } = who.asker
  const follows = await models.follows.find({ corpId, externalUserid }).lean()
  if (follows.length === 0) throw new Refused('customer_not_synced')
  const visible = await visibleAmong(models, who.asker, follows)
  const own = visible.find(one => one.useridKey === useridKey(who.userid))
  const follow = own ?? visible.sort(newestFirst)[0]
  if (follow === undefined) throw new Refused('not_your_customer')
  const active = follow.status === 'active'
  return { follow, follows, editable: follow === own && active, past: who.asker.role === 'staff' && !active }
}

/** The asker's own, present relation. @throws Refused as `openCustomer`, and `read_only` */
export async function openOwnCustomer(models: Models, who: Who, externalUserid: string): Promise<Sight> {
  const sight = await openCustomer(models, who, externalUserid)
  if (!sight.editable) throw new Refused('read_only')
  return sight
}

/** A present relation before one that has ended, then the latest. */
function newestFirst(one: Follow, other: Follow): number {
  const active = Number(other.status === 'active') - Number(one.status === 'active')
  return active || (other.addedAt?.getTime() ?? 0) - (one.addedAt?.getTime() ?? 0)
}
