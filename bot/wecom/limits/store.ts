import type { Priority } from '../methods.ts'

/** A bucket that holds `burst` calls and refills by `perSecond`. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/** At most `most` within any `ms` milliseconds. */
export interface Window {
  readonly ms: number
  readonly most: number
}

export interface Ask {
  rate: Rate
  priority: Priority
  /** How many calls to take at most; 0 only says that this instance is still calling. */
  want: number
  /** How many calls must stay in the bucket. */
  keep: number
  /** How long this instance counts as calling, in milliseconds. */
  activeMs: number
}

export interface Grant {
  granted: number
  /** Calls in the bucket after that; not whole. */
  level: number
  /** Instances that are calling with this priority, the asking one among them. */
  instances: number
  /** The bucket rests, and nothing is granted. */
  rest?: Rest
}

/** Why an endpoint is left alone, for so many milliseconds. */
export interface Rest {
  ms: number
  errcode: number
  errmsg: string
}

/** A message to a member is counted as of `at`; or a window is full, and it is so many milliseconds since each was counted. */
export type Claim = { at: Date } | { ages: number[] }

/**
 * Where all instances count together what the platform counts. In memory a process counts for itself. All times go by
 * the store's own clock.
 */
export interface LimitStore {
  take(bucket: string, ask: Ask): Promise<Grant>
  /**
   * Lets the bucket rest; one that rests already goes on with that. The time is twice the last one, `mostMs` at most,
   * when that was over less than `mostMs` ago.
   */
  rest(bucket: string, rest: Rest, mostMs: number): Promise<Rest>
  /** Counts one message to the member, unless one of the windows is full. */
  claim(member: string, windows: readonly Window[]): Promise<Claim>
  /** Takes a claim back: nothing was sent. */
  unclaim(member: string, at: Date): Promise<void>
  /** Counts a claim as of now: what it stands for was sent later than it was claimed. */
  settle(member: string, at: Date): Promise<void>
  /** Takes the record for `ms`. @returns false while another instance has it */
  hold(record: string, ms: number): Promise<boolean>
  release(record: string): Promise<void>
}
