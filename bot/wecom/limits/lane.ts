import type { WecomError } from '../errors.ts'
import type { Priority } from '../methods.ts'
import { lateError, type Patience } from '../pipeline.ts'
import { pause } from '../signals.ts'
import type { Grant, LimitStore, Rate, Rest } from './store.ts'

/** Calls of one endpoint, one priority and one corp, as far as this instance makes them. */
export interface Lane {
  /** Waits for the call's turn; undefined when it is now. Each call that had its turn must `leave`. */
  enter(call: Patience): Promise<void> | undefined
  leave(succeeded: boolean): void
  /** Changes whenever fewer calls may run at once. */
  readonly epoch: number
  /** The platform found too many calls at once (45033) when a call of this epoch began: half as many may run now. */
  lower(epoch: number): void
  /** Starts nothing until the rest is over; a call that has less time fails with what is behind it. */
  rest(ms: number, because: WecomError): void
}

/** What an instance has taken and not used is lost after this time. */
const STALE_MS = 1_000
/** A level says little for long: it may be that of this instance's part, while the shared counts are away. */
const LOOK_AGAIN_MS = 1_000
/** How long an instance counts as calling after it asked; it asks again in half of it while calls run. */
const ACTIVE_MS = 5_000
const LARGEST_CHUNK = 200
/** One chunk takes no more than this share of a bucket. */
const CHUNKS_IN_BURST = 30

interface Waiter {
  endsAt: number
  start(): void
  fail(reason: unknown): void
}

/**
 * Calls wait here for a place and for a call out of the bucket that the instances share. Calls are taken in chunks,
 * larger ones while they are used up quickly, so that a busy lane seldom waits for the store, and an idle one asks once
 * per call. `atOnce` bounds the calls that run at the same time on all instances; each takes its share of it.
 */
export function createLane(deps: {
  store: LimitStore
  bucket: string
  rate: Rate
  priority: Priority
  atOnce: number
  /** Another instance let the endpoint rest. */
  onRest: (rest: Rest) => void
  closed: AbortSignal
}): Lane {
  const { store, bucket, rate, priority, atOnce, closed } = deps
  const waiting: Waiter[] = []
  // Half of the bucket is for those somebody waits for.
  const keep = priority === 'bulk' ? rate.burst / 2 : 0
  const largest = Math.max(1, Math.min(LARGEST_CHUNK, Math.floor(rate.burst / CHUNKS_IN_BURST)))
  let running = 0
  let share = atOnce
  /** Below `share` after the platform found too many calls at once. */
  let ceiling = atOnce
  let epoch = 0
  let stock = 0
  let staleAt = Number.NEGATIVE_INFINITY
  let chunk = 1
  let resting: { until: number; because: WecomError } | undefined
  let serving = false
  let restocking: Promise<Grant> | undefined
  let reminder: NodeJS.Timeout | undefined

  return {
    get epoch() {
      return epoch
    },
    enter(call) {
      const now = performance.now()
      if (waiting.length === 0 && restMs(now) <= 0 && hasPlace() && takeFromStock(now)) {
        running += 1
        return undefined
      }
      if (resting !== undefined && resting.until > call.endsAt) return Promise.reject(resting.because)
      return queueUp(call, now)
    },
    leave(succeeded) {
      running -= 1
      // One more after each round of calls that went well.
      if (succeeded && ceiling < atOnce) ceiling = Math.min(atOnce, ceiling + 1 / ceiling)
      if (waiting.length > 0) serve()
    },
    lower(of) {
      if (of !== epoch) return
      epoch += 1
      ceiling = Math.max(1, Math.floor((running + 1) / 2))
    },
    rest(ms, because) {
      const until = performance.now() + ms
      if (resting !== undefined && resting.until > until) return
      resting = { until, because }
      stock = 0
      for (const waiter of waiting.filter(one => one.endsAt < until)) waiter.fail(because)
    },
  }

  function restMs(now: number): number {
    return resting === undefined ? 0 : resting.until - now
  }

  function hasPlace(): boolean {
    return running < Math.min(share, Math.floor(ceiling))
  }

  function takeFromStock(now: number): boolean {
    if (stock === 0 || now > staleAt) return false
    stock -= 1
    // So busy that the next chunk is wanted before this one is used up.
    if (chunk === largest && stock < largest / 2 && largest > 1) void (restocking ?? restock(now))
    return true
  }

  function queueUp({ endsAt, cancel, path }: Patience, now: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (cancel.given) {
        reject(cancel.reason)
        return
      }
      const settle = (): void => {
        clearTimeout(timer)
        cancel.onGiveUp = undefined
      }
      const waiter: Waiter = {
        endsAt,
        start() {
          settle()
          running += 1
          resolve()
        },
        fail(reason) {
          settle()
          const at = waiting.indexOf(waiter)
          if (at >= 0) waiting.splice(at, 1)
          reject(reason)
        },
      }
      const timer = setTimeout(() => waiter.fail(lateError({ path })), Math.max(0, endsAt - now))
      cancel.onGiveUp = waiter.fail
      waiting.push(waiter)
      serve()
    })
  }

  function serve(): void {
    if (serving) return
    serving = true
    startWaiting()
      .catch(reason => {
        for (const waiter of [...waiting]) waiter.fail(reason)
      })
      .finally(() => {
        serving = false
        if (waiting.length > 0 && hasPlace()) serve()
      })
  }

  async function startWaiting(): Promise<void> {
    // Whoever comes in the same moment is counted in what is asked for.
    await Promise.resolve()
    while (waiting.length > 0 && hasPlace()) {
      const now = performance.now()
      if (restMs(now) > 0) await pause(restMs(now), closed)
      else if (takeFromStock(now)) waiting.shift()?.start()
      else await waitForStock(now)
    }
  }

  async function waitForStock(now: number): Promise<void> {
    const { granted, level, rest } = await (restocking ?? restock(now))
    if (granted > 0 || rest !== undefined) return
    const fullMs = Math.ceil(((keep + 1 - level) / rate.perSecond) * 1000)
    await pause(Math.min(fullMs, LOOK_AGAIN_MS), closed)
  }

  function restock(now: number): Promise<Grant> {
    const usedUp = now <= staleAt
    // Used up in good time: there will be more. Idle, or left lying: less.
    chunk = usedUp ? Math.min(largest, 2 * chunk) : Math.max(1, Math.floor(chunk / 2))
    if (!usedUp) stock = 0
    restocking = ask(Math.min(largest, Math.max(chunk, waiting.length)))
      .then(grant => {
        stock = grant.rest === undefined ? stock + grant.granted : 0
        staleAt = performance.now() + STALE_MS
        return grant
      })
      .finally(() => {
        restocking = undefined
      })
    return restocking
  }

  async function ask(want: number): Promise<Grant> {
    const grant = await store.take(bucket, { rate, priority, want, keep, activeMs: ACTIVE_MS })
    share = Math.max(1, Math.floor(atOnce / grant.instances))
    if (grant.rest !== undefined) deps.onRest(grant.rest)
    clearTimeout(reminder)
    reminder = setTimeout(remind, ACTIVE_MS / 2)
    reminder.unref()
    return grant
  }

  /** Calls that take long are no reason for the other instances to think that nobody else calls. */
  function remind(): void {
    if (running > 0 && !closed.aborted) void ask(0)
  }
}
