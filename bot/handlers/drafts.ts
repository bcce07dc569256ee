import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { compileHandler, HandlerInvalid } from './compile.ts'
import { saysTheSame } from './digest.ts'
import { checkHandler } from './publish.ts'
import { HandlerRefused } from './refusal.ts'
import { insertUnlessThere } from './revisions.ts'
import { handlerDocument } from './schema.ts'

/** What became of a draft: `draft` it is stored as one; `live` it says what is live already, and there is none. */
export interface SavedDraft {
  key: string
  state: 'draft' | 'live'
  /** What keeps it from being published. */
  problems: HandlerInvalid['problems']
}

/**
 * Stores what is being written, however wrong it is, in place of an earlier draft. What is live goes on as it is.
 *
 * @throws HandlerRefused `key`: by it a draft is found again
 */
export async function saveDraft(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
  by: string,
): Promise<SavedDraft> {
  const { key } = document
  if (typeof key !== 'string' || !handlerDocument.shape.key.safeParse(key).success)
    throw new HandlerRefused('key', String(key ?? 'handler').slice(0, 80))
  const { problems, ...checked } = await checkDraft(models, corpId, document, actions)
  const known = await models.handlers.findOne({ corpId, key }).lean()
  if (
    known?.document !== undefined &&
    known.enabled === checked.enabled &&
    saysTheSame(known.document, checked.content)
  ) {
    await models.handlers.updateOne({ corpId, key }, { $unset: { draft: 1 } })
    return { key, state: 'live', problems }
  }
  const draft = { document, savedAt: new Date(), by }
  for (;;) {
    // When it changes what runs tells `updatedAt`, and a draft does not.
    const { matchedCount } = await models.handlers.updateOne({ corpId, key }, { $set: { draft } })
    if (matchedCount > 0) break
    const fresh = { corpId, key, revision: 0, enabled: false, draft, updatedAt: draft.savedAt }
    if (await insertUnlessThere(models.handlers, fresh)) break
  }
  return { key, state: 'draft', problems }
}

/** A document as it would be published, and what keeps it from that. */
async function checkDraft(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
): Promise<{ problems: HandlerInvalid['problems']; content: Record<string, unknown>; enabled?: boolean }> {
  try {
    return { ...(await checkHandler(models, corpId, document, actions)), problems: [] }
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return { problems: error.problems, content: document }
  }
}

/** What keeps a document from running, whatever the corp. */
export function problemsOfShape(document: unknown, actions: ActionTable): HandlerInvalid['problems'] {
  try {
    compileHandler(document, 0, actions)
    return []
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return error.problems
  }
}
