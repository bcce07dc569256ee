import { hash } from 'node:crypto'
import { mongo } from 'mongoose'
import type { StoredHandler } from '../../models/handler.ts'
import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { type CompiledHandler, compileHandler, HandlerInvalid } from './compile.ts'
import { type BrokenHandler, createHandlerSet, type HandlerSet, type OffHandler } from './handler-set.ts'
import { pauseOf } from './pause.ts'

export interface LiveHandlers {
  /** The corp's set, at most 2 s old; older only while the database is away. */
  of(corpId: string): Promise<HandlerSet>
  /** Looks no more for changes. */
  close(): void
}

/** What became of a stored handler. */
type Kept =
  | { is: 'live'; handler: CompiledHandler }
  | { is: 'broken'; handler: BrokenHandler }
  | { is: 'off'; handler: OffHandler }
  | { is: 'draft' }

interface Corp {
  set: HandlerSet
  /** By the digest of what is stored: as long as that is the same nothing is compiled again. */
  kept: ReadonlyMap<string, Kept>
  /** When the look that made it began, and when somebody last asked, both of this process's steady clock. */
  seenAt: number
  usedAt: number
}

const lookEveryMs = 1_000
/** An event waits for a look only where the last one is longer ago. */
const staleMs = 2_000
/** A corp that nobody asks for is not looked at; what was compiled is kept, for the look of whoever asks again. */
const idleMs = 60_000

/**
 * Keeps each corp's handlers compiled, and looks once a second whether anything stored has changed, byte for byte: by
 * whatever hand, and whatever the clocks say. Begins to look with the first question.
 *
 * @param onBroken told of the broken ones of a corp when they are others than before; an empty list: all are mended
 * @param onFailed told of the first of looks that fail, one after the other; the set that is held goes on meanwhile
 */
export function createLiveHandlers(
  models: Models,
  actions: ActionTable,
  onBroken: (corpId: string, broken: HandlerSet['broken']) => void,
  onFailed: (corpId: string, error: unknown) => void = () => undefined,
): LiveHandlers {
  const corps = new Map<string, Corp>()
  const looking = new Map<string, Promise<Corp>>()
  const failing = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let closed = false

  async function lookAt(corpId: string): Promise<Corp> {
    const seenAt = performance.now()
    const before = corps.get(corpId)
    const [rows, { paused }] = await Promise.all([rowsOf(models, corpId), pauseOf(models, corpId)])
    const kept = new Map<string, Kept>()
    for (const bytes of rows) {
      const digest = hash('sha256', bytes, 'base64url')
      kept.set(digest, before?.kept.get(digest) ?? keep(bytes, actions))
    }
    const same =
      before !== undefined &&
      before.kept.size === kept.size &&
      [...kept.keys()].every(digest => before.kept.has(digest)) &&
      before.set.paused?.at.getTime() === paused?.at.getTime()
    const set = same ? before.set : setOf([...kept.values()], paused)
    if (JSON.stringify(set.broken) !== JSON.stringify(before?.set.broken ?? [])) onBroken(corpId, set.broken)
    const corp = { set, kept, seenAt, usedAt: corps.get(corpId)?.usedAt ?? seenAt }
    corps.set(corpId, corp)
    failing.delete(corpId)
    return corp
  }

  function look(corpId: string): Promise<Corp> {
    const running = looking.get(corpId) ?? tellingOfFailure(corpId).finally(() => looking.delete(corpId))
    looking.set(corpId, running)
    return running
  }

  async function tellingOfFailure(corpId: string): Promise<Corp> {
    try {
      return await lookAt(corpId)
    } catch (error) {
      if (!failing.has(corpId)) onFailed(corpId, error)
      failing.add(corpId)
      throw error
    }
  }

  function lookAtAll(): void {
    for (const [corpId, corp] of corps) {
      if (performance.now() - corp.usedAt > idleMs) continue
      // A database that is away leaves the set as it is, and is told of once.
      look(corpId).catch(() => undefined)
    }
  }

  return {
    async of(corpId) {
      if (timer === undefined && !closed) timer = setInterval(lookAtAll, lookEveryMs).unref()
      const known = corps.get(corpId)
      if (known === undefined) return (await look(corpId)).set
      known.usedAt = performance.now()
      if (known.usedAt - known.seenAt < staleMs) return known.set
      return (await look(corpId).catch(() => known)).set
    },
    close() {
      closed = true
      clearInterval(timer)
    },
  }
}

/** Every handler of a corp as it lies in the database. */
async function rowsOf(models: Models, corpId: string): Promise<Uint8Array[]> {
  const projection = { key: 1, revision: 1, enabled: 1, document: 1 }
  const found = models.handlers.collection.find({ corpId }, { projection, sort: { key: 1 }, raw: true })
  return (await found.toArray()) as unknown as Uint8Array[]
}

function keep(bytes: Uint8Array, actions: ActionTable): Kept {
  const { key, revision, enabled, document } = mongo.BSON.deserialize(bytes) as StoredHandler
  if (document === undefined) return { is: 'draft' }
  // Whatever somebody has stored by hand, and be it null.
  const { title, trigger } = Object(document) as { title?: unknown; trigger?: unknown }
  if (!enabled) {
    return { is: 'off', handler: { key, revision, title: typeof title === 'string' ? title : key, trigger } }
  }
  try {
    return { is: 'live', handler: compileStored(document, key, revision, actions) }
  } catch (error) {
    return { is: 'broken', handler: { key, revision, problems: problemsOf(error), trigger } }
  }
}

function compileStored(
  document: unknown,
  key: string,
  revision: number,
  actions: ActionTable,
): CompiledHandler {
  const handler = compileHandler(document, revision, actions)
  if (handler.key === key) return handler
  throw new HandlerInvalid(key, [
    { path: 'key', message: `is "${handler.key}", and it is stored as "${key}"` },
  ])
}

/** Whatever one document does to the compiler, the others run. */
function problemsOf(error: unknown): BrokenHandler['problems'] {
  if (error instanceof HandlerInvalid) return error.problems
  return [{ path: 'document', message: `cannot be read by this release: ${String(error)}` }]
}

function setOf(kept: readonly Kept[], paused: HandlerSet['paused']): HandlerSet {
  return createHandlerSet({
    handlers: kept.flatMap(one => (one.is === 'live' ? [one.handler] : [])),
    broken: kept.flatMap(one => (one.is === 'broken' ? [one.handler] : [])),
    off: kept.flatMap(one => (one.is === 'off' ? [one.handler] : [])),
    ...(paused && { paused }),
  })
}
