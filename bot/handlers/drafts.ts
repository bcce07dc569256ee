import type { HandlerDraft, StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import type { Coming } from './check-names.ts'
import { compileHandler, HandlerInvalid, keyOf } from './compile.ts'
import { saysTheSame } from './digest.ts'
import { checkHandler, dropDraft, inspectForm } from './publish.ts'
import { HandlerRefused } from './refusal.ts'
import { insertUnlessThere } from './revisions.ts'
import { handlerDocument } from './schema.ts'

/** What became of a draft: `draft` it is stored as one; `live` it says what is live already, and is not stored. */
export interface SavedDraft {
  key: string
  state: 'draft' | 'live'
  /** What keeps it from being published. */
  problems: HandlerInvalid['problems']
  /** Somebody else's draft that it took the place of. */
  replaced?: DraftSaved
  /** The draft that stays beside what is live. */
  kept?: DraftSaved
}

/** Whose a draft is, and since when. */
export type DraftSaved = Pick<HandlerDraft, 'by' | 'savedAt'>

/**
 * Stores what is being written, however wrong it is, in place of an earlier draft. What is live goes on as it is. A
 * document that says what is live is no draft, and leaves one that says something else alone.
 *
 * @param coming what it may name besides: those that are saved with it
 * @throws HandlerRefused `key`: by it a draft is found again
 */
export async function saveDraft(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
  by: string,
  coming?: Coming,
): Promise<SavedDraft> {
  const key = keyOf(document)
  if (!hasKey(document)) throw new HandlerRefused('key', key.slice(0, 80))
  const { problems, ...checked } = await checkDraft(models, corpId, document, actions, coming)
  const known = await models.handlers.findOne({ corpId, key }).lean()
  if (
    known?.document !== undefined &&
    known.enabled === (checked.enabled ?? known.enabled) &&
    saysTheSame(known.document, checked.content)
  ) {
    const kept = known.draft && (await dropIfSame(models, { ...known, draft: known.draft }, document))
    return { key, state: 'live', problems, ...(kept && { kept: saved(kept) }) }
  }
  const before = await putDraft(models, corpId, key, { document, savedAt: new Date(), by })
  const isOther = before !== undefined && before.by !== by && !saysTheSame(before.document, document)
  return { key, state: 'draft', problems, ...(isOther && { replaced: saved(before) }) }
}

/** Whether a document can be kept as a draft. */
export function hasKey({ key }: Record<string, unknown>): boolean {
  return handlerDocument.shape.key.safeParse(key).success
}

const saved = ({ by, savedAt }: HandlerDraft): DraftSaved => ({ by, savedAt })

/** A draft that says no more than what is live goes; any other stays and is returned. */
async function dropIfSame(
  models: Models,
  { draft, ...handler }: StoredHandler & { draft: HandlerDraft },
  live: Record<string, unknown>,
): Promise<HandlerDraft | undefined> {
  if (!saysTheSame(draft.document, live) || (draft.document.enabled ?? handler.enabled) !== handler.enabled)
    return draft
  await dropDraft(models, handler, draft)
  return undefined
}

/** @returns the draft that it took the place of */
async function putDraft(
  models: Models,
  corpId: string,
  key: string,
  draft: HandlerDraft,
): Promise<HandlerDraft | undefined> {
  for (;;) {
    // When it changes what runs tells `updatedAt`, and a draft does not.
    const there = await models.handlers
      .findOneAndUpdate({ corpId, key }, { $set: { draft } }, { projection: { draft: 1 } })
      .lean()
    if (there !== null) return there.draft
    const fresh = { corpId, key, revision: 0, enabled: false, draft, updatedAt: draft.savedAt }
    if (await insertUnlessThere(models.handlers, fresh)) return undefined
  }
}

/** A document as it would be published, and what keeps it from that. */
export async function checkDraft(
  models: Models,
  corpId: string,
  document: Record<string, unknown>,
  actions: ActionTable,
  coming?: Coming,
): Promise<{ problems: HandlerInvalid['problems']; content: Record<string, unknown>; enabled?: boolean }> {
  try {
    return { ...(await checkHandler(models, corpId, document, actions, coming)), problems: [] }
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return { problems: error.problems, content: document }
  }
}

/** What keeps a document from being published, whatever the corp. */
export function problemsOfForm(document: unknown, actions: ActionTable): HandlerInvalid['problems'] {
  return new HandlerInvalid(keyOf(document), inspectForm(document, actions).problems).problems
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
