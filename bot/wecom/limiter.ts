import type { WecomError } from './errors.ts'
import type { Priority } from './methods.ts'
import { pause, untilAborted } from './signals.ts'

/** How fast a bucket refills, and how many it holds. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/**
 * Where calls are counted. In memory each process counts its own; a store that instances share makes the limit theirs
 * together. `take` takes one from the bucket and answers 0, or takes none and answers the milliseconds until one is there.
 */
export interface RateStore {
  take(bucket: string, rate: Rate): Promise<number>
}

export interface Slot {
  /** What is counted together: one endpoint of one corp. */
  bucket: string
  rate?: Rate
  priority: Priority
  /** How long a pause of the endpoint is worth waiting for; a longer one fails the call with the error behind it. */
  patienceMs: number
  signal: AbortSignal
}

export interface Limiter {
  /** Runs when the bucket has room, those somebody waits for first. @throws the signal's reason, or what paused it */
  run<T>(slot: Slot, task: () => Promise<T>): Promise<T>
  /** Runs tasks of one record one after the other, in the order they came. */
  inOrder<T>(record: string, signal: AbortSignal, task: () => Promise<T>): Promise<T>
  /** Starts nothing in the bucket for a while. */
  pause(bucket: string, ms: number, because: WecomError): void
}

/** 150 000 an hour per corp and endpoint is 41 a second; 10 000 a minute bounds the burst (`path/90312`). */
export const STANDARD_RATE: Rate = { perSecond: 40, burst: 150 }

/** More syncs than this at once would meet the platform's own limit on parallel calls (45033). */
const BULK_AT_ONCE = 8

interface Waiter {
  slot: Slot
  started: boolean
  start: () => void
  fail: (reason: unknown) => void
}

interface Lane {
  waiting: Record<Priority, Waiter[]>
  bulkRunning: number
  pause: { until: number; because: WecomError } | undefined
  pumping: boolean
}

/** Keeps calls within the platform's limits, so that an error 45009, which blocks for a minute or more, stays rare. */
export function createLimiter(deps: { rates?: RateStore; closed: AbortSignal }): Limiter {
  const rates = deps.rates ?? createMemoryRates()
  const lanes = new Map<string, Lane>()
  const tails = new Map<string, Promise<void>>()

  return {
    async run(slot, task) {
      const lane = laneOf(slot.bucket)
      const pausedMs = (lane.pause?.until ?? 0) - Date.now()
      if (lane.pause && pausedMs > slot.patienceMs) throw lane.pause.because
      const { waiter, turn } = queueUp(lane, slot)
      pump(slot.bucket, lane)
      try {
        await untilAborted(turn, slot.signal)
        return await task()
      } finally {
        leave(lane, waiter)
        pump(slot.bucket, lane)
      }
    },
    async inOrder(record, signal, task) {
      const before = tails.get(record) ?? Promise.resolve()
      let done = () => {}
      const finished = new Promise<void>(resolve => {
        done = resolve
      })
      const tail = before.then(() => finished)
      tails.set(record, tail)
      try {
        await untilAborted(before, signal)
        return await task()
      } finally {
        done()
        void tail.then(() => tails.get(record) === tail && tails.delete(record))
      }
    },
    pause(bucket, ms, because) {
      const lane = laneOf(bucket)
      const until = Date.now() + ms
      if (lane.pause && lane.pause.until > until) return
      lane.pause = { until, because }
      for (const { slot, fail } of [...lane.waiting.interactive, ...lane.waiting.bulk]) {
        if (slot.patienceMs < ms) fail(because)
      }
    },
  }

  function laneOf(bucket: string): Lane {
    const lane = lanes.get(bucket) ?? {
      waiting: { interactive: [], bulk: [] },
      bulkRunning: 0,
      pause: undefined,
      pumping: false,
    }
    lanes.set(bucket, lane)
    return lane
  }

  function pump(bucket: string, lane: Lane): void {
    if (lane.pumping) return
    lane.pumping = true
    startWaiting(bucket, lane)
      .catch(reason => {
        for (const waiter of [...lane.waiting.interactive, ...lane.waiting.bulk]) waiter.fail(reason)
      })
      .finally(() => {
        lane.pumping = false
        if (next(lane)) pump(bucket, lane)
      })
  }

  async function startWaiting(bucket: string, lane: Lane): Promise<void> {
    for (let waiter = next(lane); waiter; waiter = next(lane)) {
      const paused = (lane.pause?.until ?? 0) - Date.now()
      const ms = paused > 0 ? paused : await rates.take(bucket, waiter.slot.rate ?? STANDARD_RATE)
      if (ms > 0) await pause(ms, deps.closed)
      else start(lane)
    }
  }
}

function queueUp(lane: Lane, slot: Slot): { waiter: Waiter; turn: Promise<void> } {
  const waiter: Waiter = { slot, started: false, start: () => {}, fail: () => {} }
  const turn = new Promise<void>((start, fail) => {
    waiter.start = start
    waiter.fail = fail
  })
  lane.waiting[slot.priority].push(waiter)
  return { waiter, turn }
}

function leave(lane: Lane, waiter: Waiter): void {
  const { priority } = waiter.slot
  if (!waiter.started) lane.waiting[priority] = lane.waiting[priority].filter(other => other !== waiter)
  else if (priority === 'bulk') lane.bulkRunning -= 1
}

function start(lane: Lane): void {
  const waiter = next(lane)
  if (waiter === undefined) return
  const { priority } = waiter.slot
  lane.waiting[priority].shift()
  if (priority === 'bulk') lane.bulkRunning += 1
  waiter.started = true
  waiter.start()
}

function next(lane: Lane): Waiter | undefined {
  const { interactive, bulk } = lane.waiting
  return interactive[0] ?? (lane.bulkRunning < BULK_AT_ONCE ? bulk[0] : undefined)
}

/** Counts in this process. A bucket starts full. */
export function createMemoryRates(): RateStore {
  const buckets = new Map<string, { level: number; at: number }>()
  return {
    async take(bucket, { perSecond, burst }) {
      const now = performance.now()
      const last = buckets.get(bucket) ?? { level: burst, at: now }
      const level = Math.min(burst, last.level + ((now - last.at) / 1000) * perSecond)
      const enough = level >= 1
      buckets.set(bucket, { level: enough ? level - 1 : level, at: now })
      return enough ? 0 : ((1 - level) / perSecond) * 1000
    },
  }
}
