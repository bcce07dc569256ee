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

/**
 * Takes the lease on `name`, or prolongs it if `owner` holds it already.
 *
 * @returns false while somebody else's lease runs.
 */
export async function takeLock(
  locks: Model<Lock>,
  name: string,
  owner: string,
  ms: number,
): Promise<boolean> {
  const now = Date.now()
  try {
    await locks.updateOne(
      { _id: name, $or: [{ owner }, { until: { $lte: new Date(now) } }] },
      { $set: { owner, until: new Date(now + ms) } },
      { upsert: true },
    )
    return true
  } catch (error) {
    // The upsert found no lease that it may take and ran into the one that stands.
    if (isDuplicateKey(error)) return false
    throw error
  }
}

/**
 * Prolongs a lease that is held; one that was lost is not taken again.
 *
 * @returns false when it is no longer ours
 */
export async function renewLock(
  locks: Model<Lock>,
  name: string,
  owner: string,
  ms: number,
): Promise<boolean> {
  const { matchedCount } = await locks.updateOne(
    { _id: name, owner },
    { $set: { until: new Date(Date.now() + ms) } },
  )
  return matchedCount === 1
}

/** Gives a lease back; without effect when it is no longer ours. */
export async function releaseLock(locks: Model<Lock>, name: string, owner: string): Promise<void> {
  await locks.deleteOne({ _id: name, owner })
}

/** True for MongoDB's E11000. */
export function isDuplicateKey(error: unknown): boolean {
  return typeof error === 'object' && error !== null && (error as { code?: unknown }).code === 11000
}
