import { createHash } from 'node:crypto'
import type { Model } from 'mongoose'
import type { HandlerRevision } from '../../models/handler.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { compileHandler, HandlerInvalid } from './compile.ts'

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
  document = await resolveScope(models, corpId, key, document)
  const known = await models.handlers.findOne({ corpId, key }).lean()
  if (known !== null && digest(known.document) === digest(document)) return { key, revision: known.revision }
  const now = new Date()
  const revision = await keepRevision(models, { corpId, key, document, publishedAt: now })
  const live = { revision, enabled, document, updatedAt: now }
  // Of two publishers the higher revision stays live.
  const { matchedCount } = await models.handlers.updateOne(
    { corpId, key, revision: { $lt: revision } },
    { $set: live, $unset: { seed: 1 } },
  )
  if (matchedCount === 0) await insertUnlessThere(models.handlers, { corpId, key, ...live })
  return { key, revision }
}

/**
 * Departments that a scope names as `name:销售部` become ids, so that a later renaming changes nothing.
 *
 * @throws HandlerInvalid naming every name that is not exactly one department's
 */
async function resolveScope(
  models: Models,
  corpId: string,
  key: string,
  document: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const scope = document.scope as Record<string, string[]> | undefined
  if (scope === undefined) return document
  const problems: { path: string; message: string }[] = []
  const resolved: Record<string, string[]> = {}
  for (const [list, values] of Object.entries(scope)) {
    resolved[list] = await Promise.all(
      values.map(async value => {
        if (!value.startsWith('name:')) return value
        const name = value.slice('name:'.length)
        const found = await models.departments
          .find({ corpId, name, removedAt: null }, { departmentId: 1 })
          .lean()
        if (found.length !== 1)
          problems.push({ path: `scope.${list}`, message: `"${name}" names ${found.length} departments` })
        return found[0]?.departmentId ?? value
      }),
    )
  }
  if (problems.length > 0) throw new HandlerInvalid(key, problems)
  return { ...document, scope: resolved }
}

/** Keeps a document as the key's next revision; of two publishers at the same time each gets its own. */
async function keepRevision(models: Models, kept: Omit<HandlerRevision, 'revision'>): Promise<number> {
  const { corpId, key } = kept
  for (;;) {
    const last = await models.handlerRevisions.findOne({ corpId, key }).sort({ revision: -1 }).lean()
    const live = await models.handlers.findOne({ corpId, key }, { revision: 1 }).lean()
    const revision = Math.max(last?.revision ?? 0, live?.revision ?? 0) + 1
    if (await insertUnlessThere(models.handlerRevisions, { ...kept, revision })) return revision
  }
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
    const known = await models.handlers.findOne({ corpId, key }, { seed: 1, revision: 1 }).lean()
    if (known !== null && (known.seed === undefined || known.seed === seed)) continue
    const updatedAt = new Date()
    const last = await models.handlerRevisions.findOne({ corpId, key }).sort({ revision: -1 }).lean()
    const revision = Math.max(known?.revision ?? 0, last?.revision ?? 0) + 1
    const change = { document, revision, seed, updatedAt }
    // Of several instances that start at the same time one does it; nobody edited it, so that it follows the release,
    // switched on or off as operations left it.
    const ours =
      known === null
        ? await insertUnlessThere(models.handlers, { corpId, key, enabled, ...change })
        : (
            await models.handlers.updateOne(
              { corpId, key, seed: known.seed ?? null, revision: known.revision },
              { $set: change },
            )
          ).modifiedCount === 1
    if (ours)
      await insertUnlessThere(models.handlerRevisions, {
        corpId,
        key,
        revision,
        document,
        publishedAt: updatedAt,
      })
  }
}

/** @returns false when one with the same unique key is there */
async function insertUnlessThere<T>(model: Model<T>, document: T): Promise<boolean> {
  try {
    await model.create(document)
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
