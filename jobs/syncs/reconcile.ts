import type { Model } from 'mongoose'
import { chunks, difference, present, type Wanted } from '../../models/difference.ts'
import type { SyncCounts } from '../../models/sync-state.ts'

/** What a document must have to be kept in step with a list of the platform that is read whole. */
interface Listed {
  corpId: string
  removedAt?: Date
}

const batchSize = 500

/**
 * Makes the documents of one corp as the platform's list says: creates what is new, writes what differs, and marks what
 * has gone with `removedAt`. Writes nothing where nothing differs.
 *
 * @param key the field that names a document within its corp.
 * @param wanted every document of the list, by that key.
 * @param complete false when part of the list could not be read: then nothing is marked as gone.
 */
export async function reconcile<T extends Listed>(options: {
  model: Model<T>
  corpId: string
  key: keyof T & string
  wanted: ReadonlyMap<string, Wanted<T>>
  complete: boolean
  counts: SyncCounts
}): Promise<void> {
  const { model, corpId, key, wanted, complete, counts } = options
  const stored = (await model.find({ corpId } as object).lean()) as unknown as (T & { _id: unknown })[]
  const byKey = new Map(stored.map(document => [String(document[key]), document]))
  const operations: object[] = []
  for (const [value, fields] of wanted) {
    const document = byKey.get(value)
    const all: Wanted<T> = { ...fields, removedAt: undefined } as Wanted<T>
    if (document === undefined) {
      counts.created += 1
      operations.push({
        updateOne: { filter: { corpId, [key]: value }, update: { $set: present(all) }, upsert: true },
      })
      continue
    }
    const change = difference<T>(document, all)
    if (change === undefined) continue
    counts.updated += 1
    operations.push({ updateOne: { filter: { _id: document._id }, update: change } })
  }
  if (complete) {
    const removedAt = new Date()
    for (const document of stored) {
      // A field that was never written may come back as null.
      if ((document.removedAt ?? undefined) !== undefined || wanted.has(String(document[key]))) continue
      counts.removed += 1
      operations.push({ updateOne: { filter: { _id: document._id }, update: { $set: { removedAt } } } })
    }
  }
  for (const batch of chunks(operations, batchSize)) {
    await model.bulkWrite(batch as Parameters<typeof model.bulkWrite>[0], { ordered: false })
  }
}
