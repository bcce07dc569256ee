import type { Collection } from './catalog.ts'
import type { Engine } from './engine.ts'
import { type Index, indexPrefix } from './index-definition.ts'
import { afterPrefix, encodeKey, typeBounds } from './keys.ts'
import { documentKey, idKeyOf } from './records.ts'
import { Found } from './scan.ts'
import type { Entry } from './store.ts'

/** Documents removed in one go, so that other commands get their turn in between. */
const CHUNK = 500

/**
 * Looks every `everyMs` milliseconds for documents that a TTL index has expired, and for cursors at rest for too
 * long. Nothing is removed while the store cannot be written. `onFault` is told of any other error; the next turn
 * tries again.
 */
export function startUpkeep(
  engine: Engine,
  everyMs: number,
  onFault: (error: unknown) => void,
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve()
  let stopped = false
  const timer = setInterval(() => {
    running = running.then(async () => {
      if (stopped) return
      try {
        engine.cursors.expire()
        await removeExpired(engine, new Date())
      } catch (error) {
        if (!engine.store.failure() && !stopped) onFault(error)
      }
    })
  }, everyMs)
  timer.unref()
  return {
    stop() {
      stopped = true
      clearInterval(timer)
      return running
    },
  }
}

/** Removes the documents that have expired at `now`. Returns how many. */
export async function removeExpired(engine: Engine, now: Date): Promise<number> {
  let removed = 0
  for (const collection of engine.catalog.all()) {
    for (const index of collection.indexes) {
      if (index.expireAfterSeconds !== undefined) removed += await expireIndex(engine, collection, index, now)
    }
  }
  return removed
}

async function expireIndex(engine: Engine, collection: Collection, index: Index, now: Date): Promise<number> {
  const limit = new Date(now.getTime() - (index.expireAfterSeconds ?? 0) * 1000)
  let total = 0
  for (;;) {
    if (expiredEntries(engine, index, limit).length === 0) return total
    const removed = await engine.store.write(() => {
      const current = engine.catalog.find(collection.db, collection.name)
      const same = current?.indexes.find(other => other.id === index.id)
      if (!current || !same) return 0
      let n = 0
      for (const entry of expiredEntries(engine, index, limit)) {
        const idKey = idKeyOf(entry)
        const bytes = engine.store.get(documentKey(current, idKey))
        if (!bytes) continue
        engine.records.remove(current, new Found(idKey, bytes))
        n += 1
      }
      return n
    })
    if (removed === 0) return total
    total += removed
  }
}

function expiredEntries(engine: Engine, index: Index, limit: Date): Entry[] {
  const direction = index.directions[0] ?? 1
  const prefix = indexPrefix(index)
  const dates = typeBounds(limit, direction)
  const edge = encodeKey([limit], [direction])
  const at = (bytes: Buffer) => Buffer.concat([prefix, bytes])
  const range =
    direction === 1
      ? { start: at(dates.lower), end: at(afterPrefix(edge)) }
      : { start: at(edge), end: at(dates.upper) }
  return engine.store.entries(range, CHUNK)
}
