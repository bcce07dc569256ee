import { createHash } from 'node:crypto'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { compileHandler } from './compile.ts'

/**
 * Checks a document strictly and makes it the live revision of its key; the one before is kept.
 *
 * @returns the revision, which stays the same where nothing changed
 * @throws HandlerInvalid
 */
export async function publishHandler(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
): Promise<{ key: string; revision: number }> {
  const { key, enabled } = compileHandler(document, 0, actions)
  const known = await models.handlers.findOne({ corpId, key }).lean()
  if (known !== null && digest(known.document) === digest(document)) return { key, revision: known.revision }
  const revision = (known?.revision ?? 0) + 1
  const now = new Date()
  await models.handlerRevisions.updateOne(
    { corpId, key, revision },
    { $set: { document, publishedAt: now } },
    { upsert: true },
  )
  await models.handlers.updateOne(
    { corpId, key },
    { $set: { revision, enabled, document, updatedAt: now }, $unset: { seed: 1 } },
    { upsert: true },
  )
  return { key, revision }
}

/**
 * Brings built-in documents into the database: new ones are added, those that nobody has edited follow the release,
 * edited ones are left alone.
 */
export async function seedHandlers(
  models: Models,
  corpId: string,
  documents: readonly Record<string, unknown>[],
  actions: ActionTable,
): Promise<void> {
  for (const document of documents) {
    const { key, enabled } = compileHandler(document, 0, actions)
    const seed = digest(document)
    const now = new Date()
    const added = await insertOnce(models, {
      corpId,
      key,
      revision: 1,
      enabled,
      document,
      seed,
      updatedAt: now,
    })
    if (added) continue
    await models.handlers.updateOne(
      { corpId, key, seed: { $nin: [seed, null] } },
      { $set: { document, seed, updatedAt: now }, $inc: { revision: 1 } },
    )
  }
}

async function insertOnce(
  models: Models,
  handler: Parameters<Models['handlers']['create']>[0],
): Promise<boolean> {
  try {
    await models.handlers.create(handler)
    return true
  } catch (error) {
    if (isDuplicateKey(error)) return false
    throw error
  }
}

function digest(document: unknown): string {
  return createHash('sha256').update(sorted(document)).digest('base64url')
}

/** JSON with sorted names: the database need not keep the order. */
function sorted(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  )
}
