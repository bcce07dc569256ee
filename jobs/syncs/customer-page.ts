import type { AnyBulkWriteOperation } from 'mongoose'
import type { WireCustomer, WireFollowInfo } from '../../bot/wecom/wire/customer.ts'
import type { Customer } from '../../models/customer.ts'
import { difference, present, type Wanted } from '../../models/difference.ts'
import { type Follow, isRevived } from '../../models/follow.ts'
import { customerFields, followFields } from '../../models/from-wecom.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import { useridKey } from '../../models/userid.ts'
import type { SyncPass } from './pass.ts'

/** One row of `externalcontact/batch/get_by_user`: one staff member × one customer. */
export interface Row {
  external_contact: WireCustomer
  follow_info: WireFollowInfo
}

type Stored<T> = T & { _id: unknown }

/**
 * Writes one page: what is new and what differs, in two bulk writes, and nothing where nothing differs. What belongs to
 * the product (stage, notes, the relation, personal tags) is not touched.
 *
 * @param askedAt when the page was asked for, by the database's time: what ended later is not revived by it.
 */
export async function writePage(pass: SyncPass, rows: readonly Row[], askedAt: Date): Promise<void> {
  if (rows.length === 0) return
  pass.counts.seen += rows.length
  try {
    await writeDifferences(pass, rows, askedAt)
  } catch (error) {
    // An event has made the same document in this moment; now it is there to be compared with.
    if (!isDuplicateKey(error)) throw error
    await writeDifferences(pass, rows, askedAt)
  }
}

async function writeDifferences(pass: SyncPass, rows: readonly Row[], askedAt: Date): Promise<void> {
  const { corpId, models, counts } = pass
  const externalUserids = [...new Set(rows.map(row => row.external_contact.external_userid))]
  const ofPage = { corpId, externalUserid: { $in: externalUserids } }
  const [customers, follows] = await Promise.all([
    models.customers.find(ofPage).lean<Stored<Customer>[]>(),
    models.follows.find(ofPage).lean<Stored<Follow>[]>(),
  ])
  const tally = { created: 0, updated: 0 }
  const known = new Map(follows.map(follow => [pairKey(follow.useridKey, follow.externalUserid), follow]))
  /** The follows as they will be, for the union of tags. */
  const after = new Map<string, Pick<Follow, 'externalUserid' | 'status' | 'tags'>>(known)

  const followWrites: AnyBulkWriteOperation<Follow>[] = []
  for (const row of rows) {
    const { external_userid: externalUserid } = row.external_contact
    const identity = { corpId, useridKey: useridKey(row.follow_info.userid), externalUserid }
    const key = pairKey(identity.useridKey, externalUserid)
    const stored = known.get(key)
    const wanted = {
      ...followFields(row.external_contact, row.follow_info),
      // The letter case may differ between answers; what is kept is what was given first.
      userid: stored?.userid ?? row.follow_info.userid,
    }
    const revived = stored !== undefined && isRevived(stored, row.follow_info.createtime, askedAt)
    const all: Wanted<Follow> = revived ? { ...wanted, status: 'active', endedAt: undefined } : wanted
    after.set(key, {
      externalUserid,
      status: all.status ?? stored?.status ?? 'active',
      tags: wanted.tags ?? [],
    })
    if (stored === undefined) {
      tally.created += 1
      const $setOnInsert = { status: 'active', stage: '待跟进', personalTags: [] } as const
      const update = { $set: { ...present(all), knownAt: askedAt }, $setOnInsert }
      // Fails where an event has made it meanwhile and knows more: it is compared with then.
      followWrites.push({ updateOne: { filter: { ...identity, knownAt: null }, update, upsert: true } })
      continue
    }
    const isNewer = stored.knownAt === undefined || stored.knownAt < askedAt
    const { tags: _tags, remark: _remark, ...others } = all
    // What was changed by us or read after the page was asked for, the page does not know.
    const change = difference<Follow>(stored, isNewer ? all : others)
    if (change === undefined) continue
    tally.updated += 1
    const filter = { _id: stored._id, knownAt: stored.knownAt ?? null }
    const update = isNewer ? { ...change, $set: { ...change.$set, knownAt: askedAt } } : change
    followWrites.push({ updateOne: { filter, update } } as never)
  }

  const unions = tagUnions(after.values())
  const customerWrites: AnyBulkWriteOperation<Customer>[] = []
  const knownCustomers = new Map(customers.map(customer => [customer.externalUserid, customer]))
  const wires = new Map(rows.map(row => [row.external_contact.external_userid, row.external_contact]))
  for (const [externalUserid, wire] of wires) {
    const stored = knownCustomers.get(externalUserid)
    const wanted = { ...customerFields(wire), tags: unions.get(externalUserid) ?? [] }
    if (stored === undefined) {
      tally.created += 1
      const update = { $set: { ...present<Customer>(wanted), readAt: askedAt } }
      customerWrites.push({ updateOne: { filter: { corpId, externalUserid }, update, upsert: true } })
      continue
    }
    const change = difference<Customer>(stored, wanted)
    if (change === undefined) continue
    tally.updated += 1
    const update = { ...change, $set: { ...change.$set, readAt: askedAt } }
    customerWrites.push({ updateOne: { filter: { _id: stored._id }, update } } as never)
  }

  if (customerWrites.length > 0) await models.customers.bulkWrite(customerWrites, { ordered: false })
  if (followWrites.length > 0) await models.follows.bulkWrite(followWrites, { ordered: false })
  counts.created += tally.created
  counts.updated += tally.updated
}

/** Brings `customer.tags` in line with the follows of these customers, after some of them have ended. */
export async function writeTagUnions(pass: SyncPass, externalUserids: readonly string[]): Promise<void> {
  const { corpId, models } = pass
  const ofThese = { corpId, externalUserid: { $in: externalUserids } }
  const unions = tagUnions(await models.follows.find(ofThese).lean<Follow[]>())
  for (const customer of await models.customers.find(ofThese).lean<Stored<Customer>[]>()) {
    const change = difference<Customer>(customer, { tags: unions.get(customer.externalUserid) ?? [] })
    if (change) await models.customers.updateOne({ _id: customer._id } as object, change)
  }
}

function pairKey(staffKey: string, externalUserid: string): string {
  return `${staffKey}\n${externalUserid}`
}

/** The union of the tags of each customer's active follows. */
function tagUnions(
  follows: Iterable<Pick<Follow, 'externalUserid' | 'status' | 'tags'>>,
): Map<string, string[]> {
  const unions = new Map<string, Set<string>>()
  for (const { externalUserid, status, tags } of follows) {
    if (status !== 'active') continue
    const union = unions.get(externalUserid) ?? new Set()
    for (const tag of tags) union.add(tag)
    unions.set(externalUserid, union)
  }
  return new Map([...unions].map(([externalUserid, union]) => [externalUserid, [...union].sort()]))
}
