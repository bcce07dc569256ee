import type { Collection } from './catalog.ts'
import type { Engine } from './engine.ts'
import { prepareQuery } from './find.ts'
import type { Index } from './index-definition.ts'
import type { Stored } from './records.ts'
import { targets } from './update-one.ts'

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
  let running: Promise<void> | undefined
  const timer = setInterval(() => {
    engine.cursors.expire()
    running ??= removeExpired(engine, Date.now())
      .catch((error: unknown) => {
        if (!engine.store.failure()) onFault(error)
      })
      .finally(() => {
        running = undefined
      })
  }, everyMs).unref()
  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}

async function removeExpired(engine: Engine, now: number): Promise<void> {
  for (const collection of engine.catalog.all()) {
    for (const index of collection.indexes) {
      let removed = true
      // Looked for before they are removed, so that nothing is written where none has expired.
      while (removed && !expired(engine, collection, index, now).next().done) {
        removed = await engine.store.write(() => {
          const current = engine.catalog.find(collection.db, collection.name)
          if (!current?.indexes.some(({ id }) => id === index.id)) return false
          for (const document of expired(engine, current, index, now))
            engine.records.remove(current, document)
          return true
        })
      }
    }
  }
}

/** The first documents of a TTL index whose time is over at `now`. */
function* expired(engine: Engine, collection: Collection, index: Index, now: number): Generator<Stored> {
  const { expireAfterSeconds, fields, name: hint } = index
  if (expireAfterSeconds === undefined) return
  const filter = { [String(fields[0]?.path)]: { $lte: new Date(now - expireAfterSeconds * 1000) } }
  yield* targets(engine, collection, prepareQuery(engine.store, collection, { filter, hint, limit: CHUNK }))
}
