import type { StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import { type HandlerDocument, handlerDocument } from './schema.ts'

/**
 * The handlers of a corp that are switched on, as they will be once documents are published: one takes the place of what
 * is stored under its key. What is not as it should be is left out.
 *
 * @param kinds the fields of their triggers, such as `command`: of hundreds few are looked at
 */
export async function comingHandlers(
  models: Models,
  corpId: string,
  documents: readonly Record<string, unknown>[],
  kinds: readonly string[],
): Promise<HandlerDocument[]> {
  const stored = await models.handlers
    .find({ corpId, revision: { $gt: 0 } }, { key: 1, enabled: 1, document: 1 })
    .lean<Pick<StoredHandler, 'key' | 'enabled' | 'document'>[]>()
  const all = new Map<unknown, Record<string, unknown>>(
    stored.map(({ key, enabled, document }) => [key, { ...document, enabled }] as const),
  )
  // The switch stays as it is, unless a document throws it.
  for (const one of documents) {
    const { enabled = true } = all.get(one.key) ?? {}
    all.set(one.key, { enabled, ...one })
  }
  return [...all.values()].flatMap(one => {
    if (!kinds.some(kind => Object.hasOwn(Object(one.trigger), kind))) return []
    const { data } = handlerDocument.safeParse(one)
    return data?.enabled ? [data] : []
  })
}
