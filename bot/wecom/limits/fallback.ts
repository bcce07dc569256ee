import { createMemoryLimits } from './memory.ts'
import type { LimitStore } from './store.ts'

/** What an instance allows itself while it cannot ask the others: so many of them stay within the rates together. */
const ALONE = 8
/** How long the shared store is left alone after it failed. */
const AWAY_MS = 5_000

/** Counts that can be waited for. */
export interface FallbackLimits extends LimitStore {
  /** Resolves when nothing is being asked of the shared store any more; the store may be closed then. */
  settled(): Promise<void>
}

/**
 * The counts that instances share; while their store does not answer, counts of this process alone with an eighth of each
 * rate, and as many calls at once as before. Calls neither hang nor run unlimited then. `note` is told once when that begins, with the error, and once when it
 * is over.
 */
export function withFallback(shared: LimitStore, note: (error: unknown) => void = () => {}): FallbackLimits {
  const alone = createMemoryLimits()
  let awayUntil = 0
  let away = false
  const asking = new Set<Promise<unknown>>()
  /** How many instances were calling when the store last said so, by bucket and priority. */
  const callers = new Map<string, number>()

  async function either<T>(from: (store: LimitStore) => Promise<T>, own: () => Promise<T>): Promise<T> {
    if (performance.now() < awayUntil) return own()
    const asked = from(shared)
    asking.add(asked)
    try {
      const answer = await asked
      if (away) note(undefined)
      away = false
      return answer
    } catch (error) {
      awayUntil = performance.now() + AWAY_MS
      if (!away) note(error)
      away = true
      return own()
    } finally {
      asking.delete(asked)
    }
  }

  return {
    async settled() {
      while (asking.size > 0) await Promise.allSettled(asking)
    },
    take: (bucket, ask) =>
      either(
        async store => {
          const grant = await store.take(bucket, ask)
          callers.set(`${bucket} ${ask.priority}`, grant.instances)
          return grant
        },
        async () => {
          const { perSecond, burst } = ask.rate
          const rate = { perSecond: perSecond / ALONE, burst: Math.max(1, burst / ALONE) }
          const grant = await alone.take(bucket, { ...ask, rate, keep: ask.keep / ALONE })
          return { ...grant, instances: callers.get(`${bucket} ${ask.priority}`) ?? ALONE }
        },
      ),
    rest: (bucket, rest, mostMs) =>
      either(
        store => store.rest(bucket, rest, mostMs),
        () => alone.rest(bucket, rest, mostMs),
      ),
    claim: (member, windows) =>
      either(
        store => store.claim(member, windows),
        () => {
          const own = windows.map(({ ms, most }) => ({ ms, most: Math.max(1, Math.floor(most / ALONE)) }))
          return alone.claim(member, own)
        },
      ),
    unclaim: (member, at) =>
      either(
        store => store.unclaim(member, at),
        () => alone.unclaim(member, at),
      ),
    settle: (member, at) =>
      either(
        store => store.settle(member, at),
        () => alone.settle(member, at),
      ),
    hold: (record, ms) =>
      either(
        store => store.hold(record, ms),
        () => alone.hold(record, ms),
      ),
    release: record =>
      either(
        store => store.release(record),
        () => alone.release(record),
      ),
  }
}
