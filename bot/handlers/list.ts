import type { HandlerSwitch, StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import type { CompiledHandler } from './compile.ts'
import type { HandlerSet } from './handler-set.ts'
import { type HandlerState, isDryRun, stateOf } from './state.ts'

/** What works by itself first, what somebody has to type last. */
const kinds = ['event', 'message', 'schedule', 'manual', 'command'] as const

export type TriggerKind = (typeof kinds)[number]

/** A stored handler as people are shown it. */
export interface ListedHandler {
  /** Its place in the list, from 1. */
  number: number
  key: string
  title: string
  state: HandlerState
  /** What starts it; undefined where its document does not say. */
  trigger?: TriggerKind
  /** What is published does nothing, see `run.dryRun`. */
  dryRun: boolean
  /** Something is being written. */
  draft: boolean
  /** When it was switched last. */
  switched?: HandlerSwitch
}

type Listed = Omit<StoredHandler, 'corpId' | 'updatedAt'>

/**
 * All handlers of a corp, in an order that no switch changes: a place in the list means the same one until one comes or
 * goes.
 *
 * @param live what is compiled already, so that a long list holds nobody up; what it has not seen yet is compiled
 */
export async function listHandlers(
  models: Models,
  corpId: string,
  actions: ActionTable,
  live: HandlerSet,
): Promise<ListedHandler[]> {
  const broken = new Map(live.broken.map(one => [one.key, one.revision]))
  const stored = withTried(await models.handlers.find({ corpId }).lean(), live.tried)
  const stateIn = (one: Listed): HandlerState => {
    if (one.document === undefined) return 'draft'
    if (!one.enabled) return 'off'
    if (live.byKey.get(one.key)?.revision === one.revision) return 'on'
    return broken.get(one.key) === one.revision ? 'broken' : stateOf(one, actions).state
  }
  const placed = stored.map(one => {
    const document = one.document ?? one.draft?.document ?? {}
    const kind = kinds.findIndex(name => Object.hasOwn(Object(document.trigger), name))
    return {
      place: [kind < 0 ? kinds.length : kind, Number(document.priority ?? 1000)],
      key: one.key,
      title: typeof document.title === 'string' && document.title !== '' ? document.title : one.key,
      state: stateIn(one),
      trigger: kinds[kind],
      dryRun: isDryRun(one.document),
      draft: one.draft !== undefined,
      switched: one.switched?.at(-1),
    }
  })
  // Stable, so that equals stay in the order of their keys.
  placed.sort(({ place: [a = 0, b = 0] }, { place: [c = 0, d = 0] }) => a - c || b - d)
  return placed.map(({ place: _place, trigger, switched, ...one }, index) => {
    return { number: index + 1, ...one, ...(trigger && { trigger }), ...(switched && { switched }) }
  })
}

/** By their keys; what is tried as if it were published. */
function withTried(stored: readonly Listed[], tried: readonly CompiledHandler[] = []): Listed[] {
  const instead = tried.map(one => ({
    key: one.key,
    revision: one.revision,
    enabled: one.enabled,
    document: { ...one },
  }))
  const left = stored.filter(({ key }) => !tried.some(one => one.key === key))
  return [...left, ...instead].sort((a, b) => (a.key < b.key ? -1 : 1))
}
