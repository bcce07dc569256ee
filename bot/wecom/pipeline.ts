import { type Cancel, unlessGivenUp } from './cancel.ts'
import { WecomNetworkError } from './errors.ts'
import type { MethodPath, MethodSpec, Priority } from './methods.ts'
import type { AppCredentials } from './tokens.ts'

/** A file for `media/upload`. */
export interface Upload {
  filename: string
  bytes: Uint8Array
  contentType: string
}

/** One call on its way through the transformers, each of which hands a changed copy on. */
export interface Call {
  readonly app: AppCredentials
  readonly path: MethodPath
  readonly spec: MethodSpec
  readonly params: Readonly<Record<string, unknown>>
  readonly file: Upload | undefined
  /** What made us call, as the id of an event; only recorded. */
  readonly cause: string | undefined
  /** Calls with the same one run one after the other. */
  readonly record: string | undefined
  readonly priority: Priority
  /** Further tries after the first. */
  readonly retries: number
  /** When all tries, waiting included, must be over: milliseconds of `performance.now()`. */
  readonly endsAt: number
  /** Milliseconds for one try, from connecting to the last byte. */
  readonly timeoutMs: number
  readonly cancel: Cancel
  /** Told when a request begins to be sent. */
  readonly onSending: (() => void) | undefined
  /** Counts from 1. */
  readonly attempt: number
  readonly token: string | undefined
}

/** What the platform answered, with an `errcode` of 0 or none. */
export type Answer = Record<string, unknown>

export type Send = (call: Call) => Promise<Answer>

/** A step around the sending of a call; it may send several times, or not at all. */
export type Transformer = (call: Call, next: Send) => Promise<Answer>

/** One function of the transformers, the first outermost, around `send`. */
export function compose(transformers: readonly Transformer[], send: Send): Send {
  return transformers.reduceRight<Send>((next, transformer) => call => transformer(call, next), send)
}

/** Nothing was sent: the call's turn did not come before its time was over. */
export function lateError({ path }: Pick<Call, 'path'>): WecomNetworkError {
  return new WecomNetworkError({ path, failure: 'queue', reason: 'its turn did not come in time' })
}

/** What a call says of how long it may wait. */
export type Patience = Pick<Call, 'path' | 'endsAt' | 'cancel'>

/**
 * Waits for something that has nothing to do with the call's own work, such as its turn.
 *
 * @throws WecomNetworkError `queue` when the call's time is over first; the reason when it is given up
 */
export async function waitInTime<T>(call: Patience, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(lateError(call)), Math.max(0, call.endsAt - performance.now()))
  })
  try {
    return await unlessGivenUp(call.cancel, Promise.race([promise, late]))
  } finally {
    clearTimeout(timer)
  }
}

/** Waits `ms`. @throws at once when the call has not so much time left; the reason when it is given up */
export async function pauseCall(call: Patience, ms: number): Promise<void> {
  if (performance.now() + ms > call.endsAt) throw lateError(call)
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<void>(resolve => {
    timer = setTimeout(resolve, ms)
  })
  try {
    await unlessGivenUp(call.cancel, over)
  } finally {
    clearTimeout(timer)
  }
}
