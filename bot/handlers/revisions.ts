import type { Model } from 'mongoose'
import type { HandlerRevision } from '../../models/handler.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'

/** Keeps a document as the key's next revision; of two publishers at the same time each gets its own. */
export async function keepRevision(models: Models, kept: Omit<HandlerRevision, 'revision'>): Promise<number> {
  for (;;) {
    const revision = await nextRevision(models, kept.corpId, kept.key)
    if (await insertUnlessThere(models.handlerRevisions, { ...kept, revision })) return revision
  }
}

/** One more than any revision that the key has had, also before it was removed. */
export async function nextRevision(models: Models, corpId: string, key: string): Promise<number> {
  const last = await models.handlerRevisions.findOne({ corpId, key }).sort({ revision: -1 }).lean()
  const live = await models.handlers.findOne({ corpId, key }, { revision: 1 }).lean()
  return Math.max(last?.revision ?? 0, live?.revision ?? 0) + 1
}

/** @returns false when one with the same unique key is there */
export async function insertUnlessThere<T>(model: Model<T>, document: T): Promise<boolean> {
  try {
    await model.create(document)
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}
