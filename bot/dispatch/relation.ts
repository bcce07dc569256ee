import type { Relation } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'

/** What an announcement of an add means. */
export interface Announcement {
  name: 'customer.added' | 'customer.confirmed'
  /** The event that began the relation. */
  relation: string
}

/** What every follow has from its first moment. */
export const newFollow = {
  customerName: '',
  remark: '',
  description: '',
  remarkMobiles: [] as string[],
  tags: [] as string[],
  personalTags: [] as string[],
  stage: '待跟进',
} as const

/**
 * Decides what an add event is. One add is announced by one or both of `add_half_external_contact` and
 * `add_external_contact`, in any order and any number of deliveries: the first raises `customer.added`, the other one
 * `customer.confirmed`. A second announcement of the same kind begins a new relation, because each comes once per
 * relation. The same event always gets the same answer.
 */
export async function announce(models: Models, event: BotEvent<'customer.added'>): Promise<Announcement> {
  const pair = {
    corpId: event.corpId,
    useridKey: useridKey(event.userid ?? ''),
    externalUserid: event.externalUserid ?? '',
  }
  const slot = event.data.half ? 'half' : 'full'
  const other = event.data.half ? 'full' : 'half'
  await models.follows.updateOne(
    pair,
    { $setOnInsert: { ...newFollow, userid: event.userid, status: 'active' } },
    { upsert: true },
  )
  for (;;) {
    const { relation } = (await models.follows.findOne(pair, { relation: 1 }).lean()) ?? {}
    if (relation?.[slot] === event.id) return toAnnouncement(relation, event.id)
    const joins = relation !== undefined && relation[slot] === undefined && relation[other] !== undefined
    const next: Relation = joins
      ? { ...relation, [slot]: event.id }
      : { first: event.id, at: event.createdAt, [slot]: event.id }
    // Only where nobody else has decided in between; otherwise look again.
    const { matchedCount } = await models.follows.updateOne(
      relation === undefined
        ? { ...pair, relation: null }
        : { ...pair, 'relation.first': relation.first, [`relation.${slot}`]: relation[slot] ?? null },
      joins ? { $set: { [`relation.${slot}`]: event.id } } : { $set: { relation: next } },
    )
    if (matchedCount === 1) return toAnnouncement(next, event.id)
  }
}

function toAnnouncement(relation: Relation, id: string): Announcement {
  return { name: relation.first === id ? 'customer.added' : 'customer.confirmed', relation: relation.first }
}
