import type { Run } from '../../models/run.ts'
import { type CompiledHandler, compileHandler, HandlerInvalid } from '../handlers/compile.ts'
import { createKept } from '../kept.ts'
import type { DispatchDeps } from './deps.ts'

/** A former revision is wanted by the retries of a minute, and seldom after that. */
const formers = createKept<CompiledHandler | undefined>(60_000)

/**
 * The handler by which a run is finished: the revision with which it began, whatever was published since. Where that is
 * no longer kept, or cannot run any more, it is the handler as it is now.
 */
export async function begunHandler(
  { models, actions }: Pick<DispatchDeps, 'models' | 'actions'>,
  now: CompiledHandler,
  { corpId, handler: key, revision }: Run,
): Promise<CompiledHandler> {
  if (revision === now.revision) return now
  const former = await formers.get(models, `${corpId}/${key}/${revision}`, async () => {
    const kept = await models.handlerRevisions.findOne({ corpId, key, revision }, { document: 1 }).lean()
    return kept === null ? undefined : compiled(kept.document, revision, actions)
  })
  return former ?? now
}

function compiled(
  document: Record<string, unknown>,
  revision: number,
  actions: DispatchDeps['actions'],
): CompiledHandler | undefined {
  try {
    return compileHandler(document, revision, actions)
  } catch (error) {
    if (error instanceof HandlerInvalid) return undefined
    throw error
  }
}
