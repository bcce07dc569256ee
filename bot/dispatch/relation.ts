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

/** Makes the follow of an event's pair where none is held yet. */
async function ensureFollow(models: Models, event: BotEvent): Promise<void> {
  const { corpId, userid = '', externalUserid = '' } = event
  await models.follows.updateOne(
    { corpId, useridKey: useridKey(userid), externalUserid },
    { $setOnInsert: { ...newFollow, userid, status: 'active' } },
    { upsert: true },
  )
}

/**
 * Begins a relation by the consent to chat archiving where no add has been heard of: its code is worth a welcome. An
 * add that comes later takes the relation over.
 */
export async function beginByConsent(models: Models, event: BotEvent): Promise<void> {
  const { corpId, userid = '', externalUserid = '' } = event
  await ensureFollow(models, event)
  await models.follows.updateOne(
    { corpId, useridKey: useridKey(userid), externalUserid, relation: null },
    { $set: { relation: { first: event.id, at: event.createdAt } } },
  )
}

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
  await ensureFollow(models, event)
  for (;;) {
    const { relation } = (await models.follows.findOne(pair, { relation: 1 }).lean()) ?? {}
    if (relation?.[slot] === event.id) return toAnnouncement(relation, event.id)
    const joins = relation !== undefined && joinable(relation, event, slot, other)
    const next: Relation = joins
      ? { ...relation, [slot]: event.id }
      : {
          first: event.id,
          at: event.createdAt,
          [slot]: event.id,
          // A consent that came before its add has begun the relation; its code counts.
          ...(isAnnounced(relation) ? {} : relation?.welcomeCode && { welcomeCode: relation.welcomeCode }),
        }
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

/** How much later than the full announcement a half one of the same add may come, in milliseconds. */
const halfLateMs = 60_000

/** The other announcement of the same add: a confirmation may take weeks, a half one never follows a full one by much. */
function joinable(
  relation: Relation,
  event: BotEvent<'customer.added'>,
  slot: 'half' | 'full',
  other: 'half' | 'full',
): boolean {
  if (relation[slot] !== undefined || relation[other] === undefined) return false
  return slot === 'full' || event.createdAt.getTime() - relation.at.getTime() <= halfLateMs
}

function isAnnounced(relation: Relation | undefined): boolean {
  return relation === undefined || relation.half !== undefined || relation.full !== undefined
}

function toAnnouncement(relation: Relation, id: string): Announcement {
  return { name: relation.first === id ? 'customer.added' : 'customer.confirmed', relation: relation.first }
}
