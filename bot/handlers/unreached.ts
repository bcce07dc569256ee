import type { Models } from '../../models/models.ts'
import { comingHandlers } from './coming.ts'
import { coversScope, coversTrigger } from './covers.ts'
import { inOrder, toComeBefore } from './handler-set.ts'
import type { HandlerDocument } from './schema.ts'
import { resolveScope } from './scope-names.ts'

/**
 * Sentences about handlers that nothing reaches, because an earlier one stops each event that they are for. That is no
 * fault: whoever tries something out may mean it so.
 *
 * @param keys the handlers that are looked at; of others it is said where these alone keep them from being reached
 * @param documents what is to be published, where it is not yet, and has no problems
 */
export async function unreached(
  models: Models,
  corpId: string,
  keys: readonly unknown[],
  documents: readonly Record<string, unknown>[] = [],
): Promise<string[]> {
  const resolved = await Promise.all(documents.map(one => resolveScope(models, corpId, one)))
  const all = (await comingHandlers(models, corpId, resolved, ['event', 'message'])).sort(inOrder)
  return all.flatMap((handler, index) => {
    const stopping = all.slice(0, index).filter(one => stopsAllOf(one, handler))
    const [first] = stopping
    if (first === undefined) return []
    // Of another that nothing reached before there is nothing new to tell.
    if (!keys.includes(handler.key) && !stopping.every(one => keys.includes(one.key))) return []
    const { key, priority } = first
    return [
      `nothing would reach ${handler.key}: ${key} (priority ${priority}) stops each of its events before it; ${toComeBefore(priority)}`,
    ]
  })
}

/** Whether the first stops whatever would start the second, if nothing of it fails. */
function stopsAllOf(first: HandlerDocument, second: HandlerDocument): boolean {
  return (
    alwaysStops(first) &&
    coversTrigger(first.trigger, second.trigger) &&
    coversScope(first.scope, second.scope)
  )
}

function alwaysStops({ when, run, after, steps }: HandlerDocument): boolean {
  if (when !== undefined || run.dryRun || run.cooldown !== undefined) return false
  const stop = steps.find(step => step.action === 'stop')
  return after === 'stop' || (stop !== undefined && stop.if === undefined && stop.with.all === true)
}
