import { type Model, Schema } from 'mongoose'
import { durable } from './schema-options.ts'

/** A lease on a name, held by one process of all instances at a time. */
export interface Lock {
  _id: string
  owner: string
  until: Date
}

export const lockSchema = new Schema<Lock>(
  {
    _id: { type: String, required: true },
    owner: { type: String, required: true },
    until: { type: Date, required: true },
  },
  { ...durable, collection: 'locks' },
)

/** Pipelines go past mongoose, which would cast their expressions; so the schema's promise is repeated here. */
const answered = { returnDocument: 'after', writeConcern: { w: 'majority', journal: true } } as const

/**
 * Asks for the lease on `name`: had by whoever holds it already, or when nobody's runs. Time is the database's, because
 * clocks of instances differ.
 *
 * @returns the lease as it stands now, `owner`'s or somebody else's
 */
export async function askLock(locks: Model<Lock>, name: string, owner: string, ms: number): Promise<Lock> {
  const asker = { $literal: owner }
  // An upsert can't have an expression in its filter, so it is decided here who has it.
  const free = { $or: [{ $eq: ['$owner', asker] }, { $not: { $gt: ['$until', '$$NOW'] } }] }
  for (;;) {
    try {
      const lock = await locks.collection.findOneAndUpdate(
        { _id: name as never },
        [
          {
            $set: {
              owner: { $cond: [free, asker, '$owner'] },
              until: { $cond: [free, { $add: ['$$NOW', ms] }, '$until'] },
            },
          },
        ],
        { ...answered, upsert: true },
      )
      return lock as unknown as Lock
    } catch (error) {
      // Somebody else's upsert came first: the lease is there now.
      if (!isDuplicateKey(error)) throw error
    }
  }
}

/** As `askLock`. @returns false while somebody else's lease runs */
export async function takeLock(
  locks: Model<Lock>,
  name: string,
  owner: string,
  ms: number,
): Promise<boolean> {
  return (await askLock(locks, name, owner, ms)).owner === owner
}

/**
 * Prolongs a lease that is held; one that was lost is not taken again.
 *
 * @returns until when, by the database's clock; undefined when it is no longer ours
 */
export async function renewLock(
  locks: Model<Lock>,
  name: string,
  owner: string,
  ms: number,
): Promise<Date | undefined> {
  const lock = await locks.collection.findOneAndUpdate(
    { _id: name as never, owner },
    [{ $set: { until: { $add: ['$$NOW', ms] } } }],
    answered,
  )
  return lock?.until
}

/** Gives a lease back; without effect when it is no longer ours. */
export async function releaseLock(locks: Model<Lock>, name: string, owner: string): Promise<void> {
  await locks.deleteOne({ _id: name, owner })
}

/** True for MongoDB's E11000. */
export function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 11000
}
