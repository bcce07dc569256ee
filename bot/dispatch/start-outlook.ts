import type { HandlerStart, Passed } from '../../models/inbox-event.ts'
import type { CompiledHandler } from '../handlers/compile.ts'
import { evaluate, reasonOf } from '../handlers/conditions.ts'
import { explainScope } from '../handlers/scope.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings, type Surroundings } from './load-facts.ts'
import { eventOf } from './stored-event.ts'

/** Why a start is none of the handler's; one about nobody is nobody's event, of which its scope says nothing. */
export function outsideScope(
  handler: CompiledHandler,
  { userid }: HandlerStart,
  around: Surroundings,
): string | undefined {
  return userid === undefined ? undefined : explainScope(handler, around)
}

/** What would keep a start from running if it were made now, so that whoever asks for it can be told. */
export async function startOutlook(
  deps: DispatchDeps,
  corpId: string,
  start: HandlerStart,
): Promise<Pick<Passed, 'stage' | 'why'> | undefined> {
  const handler = (await deps.live.of(corpId)).byKey.get(start.handler)
  if (handler === undefined) return undefined
  const createdAt = new Date(deps.clock.now())
  const event = eventOf({ _id: `${corpId}:outlook`, corpId, xml: '', createdAt, start })
  const around = await loadSurroundings(deps, event, event.name)
  const outside = outsideScope(handler, start, around)
  if (outside !== undefined) return { stage: 'scope', why: outside }
  const when = handler.when && evaluate(handler.when, { ...around.facts, args: start.args ?? {} })
  return when?.ok === false ? { stage: 'when', why: reasonOf(when) } : undefined
}
