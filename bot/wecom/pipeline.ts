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
  readonly file?: Upload
  /** What made us call, as the id of an event; only recorded. */
  readonly cause?: string
  /** Calls with the same one run one after the other. */
  readonly record?: string
  readonly priority: Priority
  /** Further tries after the first. */
  readonly retries: number
  /** Milliseconds left for all tries together, waiting between them included. */
  readonly budgetMs: number
  /** Milliseconds for one try, from connecting to the last byte. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
  /** Counts from 1. */
  readonly attempt: number
  readonly token?: string
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
