import { extname } from 'node:path'
import { actions } from '../../bot/actions/registry.ts'
import { type CompiledHandler, compileHandler } from '../../bot/handlers/compile.ts'
import { createHandlerSet, type HandlerSet } from '../../bot/handlers/handler-set.ts'
import { createLiveHandlers } from '../../bot/handlers/live.ts'
import { readHandlerFile } from '../../bot/handlers/read-file.ts'
import { resolveScope } from '../../bot/handlers/scope-names.ts'
import type { Models } from '../../models/models.ts'
import { UsageError } from './verb.ts'

/** What is tried, and beside what. */
export interface Tried {
  /** Those of the file, or the one of the key; `enabled` tells how the switch would stand. */
  handlers: CompiledHandler[]
  /** The corp's handlers as they would be with these. */
  set: HandlerSet
}

/**
 * The handlers of a file, or the stored one of a key, and the corp's handlers as they would be with them.
 *
 * @param draft what is being written of the key instead of what is live
 * @throws UsageError where there is none; HandlerInvalid and HandlerFileError of one that cannot run
 */
export async function handlersToTry(
  models: Models,
  corpId: string,
  handler: string,
  draft: boolean,
): Promise<Tried> {
  const documents = await documentsOf(models, corpId, handler, draft)
  const compile = (document: unknown): CompiledHandler => compileHandler(document, 0, actions)
  documents.forEach(compile)
  // Only of a document that is as it should be.
  const resolved = await Promise.all(documents.map(one => resolveScope(models, corpId, one)))
  const compiled = resolved.map(compile)
  const live = await liveSet(models, corpId)
  const isOff = new Set(live.off.map(({ key }) => key))
  const handlers = compiled.map((one, index) => {
    const written = Object.hasOwn(documents[index] ?? {}, 'enabled')
    return { ...one, enabled: written ? one.enabled : !isOff.has(one.key) }
  })
  const isLeft = ({ key }: { key: string }): boolean => !handlers.some(one => one.key === key)
  const set = createHandlerSet({
    ...live,
    handlers: [...live.handlers.filter(isLeft), ...handlers.filter(one => one.enabled)],
    broken: live.broken.filter(isLeft),
    off: live.off.filter(isLeft),
    tried: handlers,
  })
  return { handlers, set }
}

async function liveSet(models: Models, corpId: string): Promise<HandlerSet> {
  const live = createLiveHandlers(models, actions, () => undefined)
  try {
    return await live.of(corpId)
  } finally {
    live.close()
  }
}

async function documentsOf(
  models: Models,
  corpId: string,
  handler: string,
  draft: boolean,
): Promise<Record<string, unknown>[]> {
  if (extname(handler) !== '') {
    const sources = await readHandlerFile(handler)
    return sources.map(({ document, fault }) => {
      if (document === undefined || fault !== undefined) throw fault
      return document
    })
  }
  const stored = await models.handlers.findOne({ corpId, key: handler }).lean()
  if (stored === null) throw new UsageError(`there is no handler ${handler}; handlers list names all`)
  const document = draft ? stored.draft?.document : stored.document
  if (document === undefined)
    throw new UsageError(
      draft ? `${handler} has no draft` : `${handler} was never published; --draft takes its draft`,
    )
  return [document]
}

/** What else would keep all of it, or one, from starting, though a dry run does not. */
export function standstill({ handlers, set }: Tried): string[] {
  const off = handlers.filter(one => !one.enabled)
  return [
    ...off.map(({ key }) => `${key} is switched off: until handlers on ${key} it does nothing`),
    ...(set.paused === undefined ? [] : ['all handlers are paused: until handlers resume only commands run']),
  ]
}
