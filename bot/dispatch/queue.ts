import type { InboxEvent } from '../../models/inbox-event.ts'
import type { DispatchLimits } from './limits.ts'

type Lane = InboxEvent['lane']

/** A key that something is to be done for. */
export interface Turn {
  corpId: string
  key: string
  lane: Lane
}

/** Keys that share a number of places: whoever types, customers who bring a welcome code, and the rest. */
export type Pool = 'staff' | 'customers' | 'others'
/** In the order in which they are taken up. */
export const pools: readonly Pool[] = ['staff', 'customers', 'others']

export function poolOf({ key, lane }: Pick<Turn, 'key' | 'lane'>): Pool {
  if (lane === 'slow') return 'others'
  return key.startsWith('customer:') ? 'customers' : 'staff'
}

/** The same for every turn of a key. */
export function nameOf({ corpId, key }: Pick<Turn, 'corpId' | 'key'>): string {
  return `${corpId}:${key}`
}

/** Keys that wait for a place, are worked on, or rest until a moment; each is worked on once at a time. */
export interface KeyedQueue {
  /** Asks for a turn of the key. @returns false when too many wait; then nothing remembers it */
  offer(turn: Turn): boolean
  /** Asks for a turn in `ms` milliseconds, or sooner where that was asked for. @returns as `offer` */
  rest(turn: Turn, ms: number): boolean
  has(name: string): boolean
  /** Whether another turn was asked for while the key is being worked on. Asking takes it back. */
  askedAgain(turn: Turn): boolean
  /** How many more keys of the pool may wait. */
  room(pool: Pool): number
  /** Starts what may start now, after `heldBack` has changed. */
  start(): void
  /** Starts nothing any more. @returns when what is being worked on has ended */
  stop(): Promise<void>
}

/** When a key that has rested and finds its pool full asks again, in milliseconds. */
const fullMs = 1_000

interface Resting {
  at: number
  timer: NodeJS.Timeout
}

/**
 * @param work works on a key; it never rejects
 * @param heldBack whether many welcomes are under way or wait for it
 * @param overflow told of a turn that was taken and finds its pool full afterwards: the queue forgets it
 */
export function createKeyedQueue(
  work: (turn: Turn) => Promise<void>,
  heldBack: () => boolean,
  overflow: (turn: Turn) => void,
  { places, waitingMax }: Pick<DispatchLimits, 'places' | 'waitingMax'>,
): KeyedQueue {
  const waiting = { staff: new Map(), customers: new Map(), others: new Map() } as Record<
    Pool,
    Map<string, Turn>
  >
  const taken = { staff: 0, customers: 0, others: 0 } satisfies Record<Pool, number>
  /** Keys that are worked on, with the turn that was asked for meanwhile. */
  const working = new Map<string, Turn | undefined>()
  const resting = new Map<string, Resting>()
  let stopped = false
  let ended = (): void => undefined

  function start(): void {
    for (const pool of pools) {
      const most = heldBack() ? places[pool].heldBack : places[pool].atOnce
      for (const [name, turn] of waiting[pool]) {
        if (stopped || taken[pool] >= most) break
        waiting[pool].delete(name)
        taken[pool] += 1
        working.set(name, undefined)
        void work(turn).then(() => leave(pool, name))
      }
    }
  }

  function leave(pool: Pool, name: string): void {
    taken[pool] -= 1
    const again = working.get(name)
    working.delete(name)
    // Whoever waits comes first, which makes room as well.
    start()
    if (again !== undefined && !stopped && !offer(again)) overflow(again)
    if (working.size === 0) ended()
  }

  function offer(turn: Turn): boolean {
    const name = nameOf(turn)
    if (stopped) return false
    if (working.has(name)) {
      working.set(name, better(turn, working.get(name)))
      return true
    }
    const known = pools.find(pool => waiting[pool].has(name))
    const pool = poolOf(better(turn, known && waiting[known].get(name)))
    if (known === pool) return true
    // Whoever waits already only changes the pool.
    if (known === undefined && waiting[pool].size >= waitingMax) return false
    if (known !== undefined) waiting[known].delete(name)
    waiting[pool].set(name, turn)
    start()
    return true
  }

  function rest(turn: Turn, ms: number): boolean {
    const name = nameOf(turn)
    const known = resting.get(name)
    const at = performance.now() + ms
    if (stopped || (known === undefined && resting.size >= waitingMax)) return false
    if (known !== undefined && known.at <= at) return true
    clearTimeout(known?.timer)
    const timer = setTimeout(() => {
      resting.delete(name)
      // Where no more may wait it rests on.
      if (!offer(turn)) rest(turn, Math.max(ms, fullMs))
    }, ms)
    resting.set(name, { at, timer })
    return true
  }

  return {
    offer,
    rest,
    has: name => working.has(name) || resting.has(name) || pools.some(pool => waiting[pool].has(name)),
    askedAgain(turn) {
      const name = nameOf(turn)
      const again = working.get(name) !== undefined
      if (again) working.set(name, undefined)
      return again
    },
    room: pool => waitingMax - waiting[pool].size,
    start,
    async stop() {
      stopped = true
      for (const pool of pools) waiting[pool].clear()
      for (const { timer } of resting.values()) clearTimeout(timer)
      resting.clear()
      if (working.size === 0) return
      await new Promise<void>(resolve => {
        ended = resolve
      })
    },
  }
}

/** A key goes with the faster of what is asked for it. */
function better(turn: Turn, other: Turn | undefined): Turn {
  return other === undefined || turn.lane === 'fast' ? turn : other
}
