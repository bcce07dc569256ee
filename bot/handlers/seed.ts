import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { compileHandler } from './compile.ts'
import { contentOf, digest } from './digest.ts'
import { insertUnlessThere, nextRevision } from './revisions.ts'

/**
 * Brings built-in documents into the database: new ones are added, those that nobody has edited follow the release,
 * edited ones are left alone. Of a key that has a draft only the draft stays a draft.
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
    const known = await models.handlers.findOne({ corpId, key }, { seed: 1, revision: 1 }).lean()
    const isDraft = known?.revision === 0
    if (known !== null && !isDraft && (known.seed === undefined || known.seed === seed)) continue
    const updatedAt = new Date()
    const revision = await nextRevision(models, corpId, key)
    const change = { document: contentOf(document), revision, seed, updatedAt }
    // Of several instances that start at the same time one does it; nobody edited it, so that it follows the release,
    // switched on or off as operations left it.
    const ours =
      known === null
        ? await insertUnlessThere(models.handlers, { corpId, key, enabled, ...change })
        : (
            await models.handlers.updateOne(
              { corpId, key, seed: known.seed ?? null, revision: known.revision },
              { $set: { ...change, ...(isDraft && { enabled }) } },
            )
          ).modifiedCount === 1
    if (ours)
      await insertUnlessThere(models.handlerRevisions, {
        corpId,
        key,
        revision,
        document: change.document,
        publishedAt: updatedAt,
      })
  }
}
