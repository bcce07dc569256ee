import { boundRanges } from './bounds.ts'
import type { Collection } from './catalog.ts'
import type { Engine } from './engine.ts'
import { lazyDocument } from './find.ts'
import { type Index, indexPrefix } from './index-definition.ts'
import { documentKey, idKeyOf } from './records.ts'
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
  let running: Promise<unknown> = Promise.resolve()
  let stopped = false
  const turn = async (): Promise<void> => {
    if (stopped) return
    engine.cursors.expire()
    await removeExpired(engine, new Date())
  }
  const timer = setInterval(() => {
    running = running.then(turn).catch((error: unknown) => {
      if (!engine.store.failure() && !stopped) onFault(error)
    })
  }, everyMs)
  timer.unref()
  return {
    async stop() {
      stopped = true
      clearInterval(timer)
      await running
    },
  }
}

/** Removes the documents that have expired at `now`. Returns how many. */
export async function removeExpired(engine: Engine, now: Date): Promise<number> {
  let removed = 0
  for (const collection of engine.catalog.all()) {
    for (const index of collection.indexes) removed += await expireIndex(engine, collection, index, now)
  }
  return removed
}

async function expireIndex(
  engine: Engine,
  { db, name }: Collection,
  index: Index,
  now: Date,
): Promise<number> {
  const { store, catalog, records } = engine
  let total = 0
  while (expired(engine, index, now).length > 0) {
    const removed = await store.write(() => {
      const current = catalog.find(db, name)
      if (!current?.indexes.some(({ id }) => id === index.id)) return 0
      let n = 0
      for (const entry of expired(engine, index, now)) {
        const idKey = idKeyOf(entry)
        const bytes = store.get(documentKey(current, idKey))
        if (!bytes) continue
        records.remove(current, lazyDocument(idKey, bytes))
        n += 1
      }
      return n
    })
    if (removed === 0) return total
    total += removed
  }
  return total
}

/** The first entries of a TTL index whose time is over. */
function expired({ store }: Engine, index: Index, now: Date): Entry[] {
  const [field] = index.fields
  if (index.expireAfterSeconds === undefined || field === undefined) return []
  const limit = new Date(now.getTime() - index.expireAfterSeconds * 1000)
  const predicate = { upper: { value: limit, inclusive: true }, present: true }
  const [range] = boundRanges(indexPrefix(index), { points: [], range: { field, predicate }, fields: {} })
  return range ? store.entries(range, CHUNK) : []
}
