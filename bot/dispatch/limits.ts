import type { Pool } from './queue.ts'

/** Keys of a pool that are worked on at once, and how many go on while many welcomes are under way. */
export type Places = Record<Pool, { atOnce: number; heldBack: number }>

/** The dispatcher's figures; those of time in milliseconds. They are told in docs/dispatch.md. */
export interface DispatchLimits {
  /** Lease of a key, renewed at a third of it: how long a key rests after a process died with it. */
  leaseMs: { fast: number; slow: number }
  /** A failing event holds its key for this long from its first failure; then the next ones go on before it. */
  holdMs: number
  /** Waits before the next attempts; the last one is repeated. */
  backoffMs: readonly number[]
  /** Attempts of an event whose handling throws, and processes that it may end. */
  attemptsMax: number
  /** When a key that another process holds is asked for again. */
  lookAgainMs: number
  /** An event as young as this is its receiver's. */
  graceMs: number
  places: Places
  /** Keys of one pool that wait in a process, and keys that rest in it. */
  waitingMax: number
}

export const dispatchLimits: DispatchLimits = {
  leaseMs: { fast: 3_000, slow: 30_000 },
  holdMs: 60_000,
  backoffMs: [1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000],
  attemptsMax: 8,
  lookAgainMs: 250,
  graceMs: 2_000,
  places: {
    staff: { atOnce: 48, heldBack: 48 },
    customers: { atOnce: 16, heldBack: 2 },
    others: { atOnce: 8, heldBack: 2 },
  },
  waitingMax: 1_000,
}
