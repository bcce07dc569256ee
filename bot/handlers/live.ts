import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { type CompiledHandler, compileHandler, HandlerInvalid } from './compile.ts'

/** The handlers of one corp that can run, in their order, and those that cannot. Swapped whole, never changed. */
export interface HandlerSet {
  handlers: readonly CompiledHandler[]
  broken: readonly { key: string; problems: HandlerInvalid['problems'] }[]
  /** Since when, and by whose word, nothing but commands runs. */
  paused?: { at: Date; by: string }
}

export interface LiveHandlers {
  /** The corp's set, at most a second old. */
  of(corpId: string): Promise<HandlerSet>
}

interface Cached {
  set: HandlerSet
  version: string
  checkedAt: number
}

const checkEveryMs = 1_000

/** Keeps each corp's handlers compiled and looks once a second whether any has changed. */
export function createLiveHandlers(
  models: Models,
  actions: ActionTable,
  onBroken: (corpId: string, broken: HandlerSet['broken']) => void,
): LiveHandlers {
  const cache = new Map<string, Cached>()
  const loading = new Map<string, Promise<Cached>>()

  async function refresh(corpId: string): Promise<Cached> {
    const known = cache.get(corpId)
    const version = await versionOf(corpId)
    if (known?.version === version) {
      known.checkedAt = Date.now()
      return known
    }
    const stored = await models.handlers.find({ corpId, enabled: true }).lean()
    const handlers: CompiledHandler[] = []
    const broken: { key: string; problems: HandlerInvalid['problems'] }[] = []
    for (const one of stored) {
      try {
        handlers.push(compileHandler(one.document, one.revision, actions))
      } catch (error) {
        if (!(error instanceof HandlerInvalid)) throw error
        broken.push({ key: one.key, problems: error.problems })
      }
    }
    handlers.sort((a, b) => a.priority - b.priority || (a.key < b.key ? -1 : 1))
    if (broken.length > 0) onBroken(corpId, broken)
    const fresh = { set: { handlers, broken }, version, checkedAt: Date.now() }
    cache.set(corpId, fresh)
    return fresh
  }

  /** Clocks of instances differ, so that no time decides: every publish raises a revision. */
  async function versionOf(corpId: string): Promise<string> {
    const all = await models.handlers
      .find({ corpId }, { key: 1, revision: 1, enabled: 1 })
      .sort({ key: 1 })
      .lean()
    return all.map(one => `${one.key}/${one.revision}/${one.enabled}`).join()
  }

  return {
    async of(corpId) {
      const known = cache.get(corpId)
      if (known !== undefined && Date.now() - known.checkedAt < checkEveryMs) return known.set
      const running = loading.get(corpId) ?? refresh(corpId).finally(() => loading.delete(corpId))
      loading.set(corpId, running)
      return (await running).set
    },
  }
}
