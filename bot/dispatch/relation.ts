import type { UpdateQuery } from 'mongoose'
import type { Follow, Relation } from '../../models/follow.ts'
import type { Models } from '../../models/models.ts'
import { useridKey } from '../../models/userid.ts'
import type { BotEvent } from '../events/parse.ts'

/** What an announcement of an add means. */
export interface Announcement {
  name: 'customer.added' | 'customer.confirmed'
  /** The event that began the relation. */
  relation: string
  /** It has ended, or a newer one has begun: nothing is to be done for it any more. */
  over: boolean
  /** The staff member had this customer before: the chat may have begun then. */
  again?: true
  /** What is held of the pair says that it goes on, and since when. */
  isHeld?: true
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
  await models.follows.updateOne(
    pairOf(event),
    { $setOnInsert: { ...newFollow, userid: event.userid ?? '', status: 'active' } },
    { upsert: true },
  )
}

/**
 * Begins a relation by the consent to chat archiving where no add has been heard of: its code is worth a welcome. An
 * add that comes later takes the relation over.
 */
export async function beginByConsent(models: Models, event: BotEvent): Promise<void> {
  await ensureFollow(models, event)
  await models.follows.updateOne(
    { ...pairOf(event), relation: null },
    { $set: { relation: { first: event.id, at: event.createdAt } } },
  )
}

/**
 * Decides what an add event is. One add is announced by one or both of `add_half_external_contact` and
 * `add_external_contact`, in any order and any number of deliveries: the first raises `customer.added`, the other one
 * `customer.confirmed`. A second announcement of the same kind begins a new relation, because each comes once per
 * relation. The same event always gets the same answer; one that is older than what has happened since changes nothing.
 *
 * @param isBegun it has most likely been announced before, so that looking is enough
 */
export async function announce(
  models: Models,
  event: BotEvent<'customer.added'>,
  { isBegun = false }: { isBegun?: boolean } = {},
): Promise<Announcement> {
  const pair = pairOf(event)
  const slot = event.data.half ? 'half' : 'full'
  const first: Relation = { first: event.id, at: event.createdAt, [slot]: event.id }
  for (;;) {
    const seen = isBegun ? await models.follows.findOne(pair, announced).lean() : null
    const { relation, past = [], addedAt, status } = seen ?? (await beginOrFind(models, event, first)) ?? {}
    const held = { ...(status === 'active' && addedAt !== undefined && { isHeld: true as const }) }
    const known = [relation, ...past].find(one => one?.half === event.id || one?.full === event.id)
    if (known !== undefined) return { ...toAnnouncement(known, event.id, known !== relation), ...held }
    const joins = relation !== undefined && isJoinable(relation, event)
    const overtaken = joins ? undefined : overtaking(relation, past, event)
    if (overtaken !== undefined) return { name: 'customer.confirmed', relation: overtaken.first, over: true }
    const again = past.length > 0 || isAnnounced(relation) || wasThere(addedAt, event)
    const next: Relation = joins
      ? { ...relation, [slot]: event.id }
      : { ...first, ...consented(relation), ...(again && { again }) }
    const ended =
      !joins && relation !== undefined && isAnnounced(relation)
        ? { ...relation, endedAt: event.createdAt }
        : undefined
    // Only where nobody else has decided in between; otherwise look again.
    const { matchedCount } = await models.follows.updateOne(
      relation === undefined
        ? { ...pair, relation: null }
        : { ...pair, 'relation.first': relation.first, [`relation.${slot}`]: relation[slot] ?? null },
      joins
        ? { $set: { [`relation.${slot}`]: event.id } }
        : { $set: { relation: next }, ...(ended !== undefined && keep(ended)) },
    )
    if (matchedCount === 1) return { ...toAnnouncement(next, event.id, false), ...held }
  }
}

/** What of a follow decides about an announcement. */
const announced = { relation: 1, past: 1, addedAt: 1, status: 1 } as const

/** What is held of a pair; where nothing is, it begins with this add. One command, for most who add are new. */
function beginOrFind(
  models: Models,
  event: BotEvent<'customer.added'>,
  relation: Relation,
): Promise<Pick<Follow, 'relation' | 'past' | 'addedAt' | 'status'> | null> {
  const { state } = event.data
  const begun = { relation, addedAt: event.createdAt, ...(state !== '' && { state }) }
  return models.follows
    .findOneAndUpdate(
      pairOf(event),
      { $setOnInsert: { ...newFollow, ...begun, userid: event.userid ?? '', status: 'active' } },
      { upsert: true, returnDocument: 'after', projection: announced },
    )
    .lean()
}

/**
 * Ends the relation of a pair, unless a newer one has begun since the event.
 *
 * @returns false when the event is older than the relation
 */
export async function endRelation(
  models: Models,
  event: BotEvent,
  change: UpdateQuery<Follow>['$set'],
): Promise<boolean> {
  const pair = pairOf(event)
  const endedAt = event.createdAt
  for (;;) {
    const { relation } = (await models.follows.findOne(pair, { relation: 1 }).lean()) ?? {}
    if (relation !== undefined && relation.at > endedAt) return false
    const { matchedCount } = await models.follows.updateOne(
      relation === undefined
        ? { ...pair, relation: null, $or: [{ addedAt: null }, { addedAt: { $lte: endedAt } }] }
        : { ...pair, 'relation.first': relation.first },
      {
        $set: { ...change, endedAt },
        ...(relation !== undefined && { $unset: { relation: 1 }, ...keep({ ...relation, endedAt }) }),
      },
    )
    if (matchedCount === 1) return true
    if (relation === undefined) return false
  }
}

/** Whether the relation in which an event of the pair happened is over, or a newer one has begun. Changes nothing. */
export async function isOfPast(models: Models, event: BotEvent): Promise<boolean> {
  const { relation, past = [] } =
    (await models.follows.findOne(pairOf(event), { relation: 1, past: 1 }).lean()) ?? {}
  // The platform's time has seconds: by it alone an add of the same second would be of the newer one.
  if (relation === undefined || past.some(one => one.half === event.id || one.full === event.id)) return true
  return event.createdAt < relation.at
}

/** Relations that are kept after their end. */
const pastMax = 5

function keep(relation: Relation & { endedAt: Date }) {
  return { $push: { past: { $each: [relation], $slice: -pastMax } } }
}

function pairOf(event: BotEvent): { corpId: string; useridKey: string; externalUserid: string } {
  const { corpId, userid = '', externalUserid = '' } = event
  return { corpId, useridKey: useridKey(userid), externalUserid }
}

/** How much later than the full announcement a half one of the same add may come, in milliseconds. */
const halfLateMs = 60_000

/** The other announcement of the same add: a confirmation may take weeks, a half one never follows a full one by much. */
function isJoinable(relation: Relation, { data, createdAt }: BotEvent<'customer.added'>): boolean {
  const later = createdAt.getTime() - relation.at.getTime()
  if (data.half) return relation.half === undefined && relation.full !== undefined && later <= halfLateMs
  return relation.full === undefined && relation.half !== undefined && later >= 0
}

/** The relation that an event of the past belonged to, or that has begun since. */
function overtaking(
  relation: Relation | undefined,
  past: readonly (Relation & { endedAt: Date })[],
  { createdAt }: BotEvent,
): Relation | undefined {
  if (relation !== undefined && isAnnounced(relation) && createdAt < relation.at) return relation
  return past.find(one => one.at <= createdAt && createdAt < one.endedAt)
}

/** Begun by an add, and not merely by a consent that came before it. */
function isAnnounced(relation: Relation | undefined): boolean {
  return relation?.half !== undefined || relation?.full !== undefined
}

/** Held before the add, and not because a sync has just seen this very one. */
function wasThere(addedAt: Date | undefined, { createdAt }: BotEvent): boolean {
  return addedAt !== undefined && createdAt.getTime() - addedAt.getTime() > halfLateMs
}

/** A consent that came before its add has begun the relation; its code counts. */
function consented(relation: Relation | undefined): { welcomeCode?: string } {
  return isAnnounced(relation) || relation?.welcomeCode === undefined
    ? {}
    : { welcomeCode: relation.welcomeCode }
}

function toAnnouncement(relation: Relation, id: string, over: boolean): Announcement {
  const name = relation.first === id ? 'customer.added' : 'customer.confirmed'
  return { name, relation: relation.first, over, ...(relation.again && { again: true }) }
}
