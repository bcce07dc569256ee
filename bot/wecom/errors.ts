import { errcodeInfo, type Reaction } from './errcodes.ts'

/** The platform answered a call with an error code. Decide by `reaction` or `errcode`, never by the text. */
export class WecomError extends Error {
  override readonly name = 'WecomError'
  readonly code = 'wecom_error'
  readonly errcode: number
  /** The platform's text, for logs only; it may change at any time (`path/90313`). */
  readonly errmsg: string
  /** The endpoint, like `message/send`. */
  readonly path: string
  readonly reaction: Reaction
  /** One Chinese line for the operator. */
  readonly hint: string
  /** For `backoff`: milliseconds to leave the endpoint alone. */
  readonly retryAfterMs: number | undefined

  constructor(failure: { path: string; errcode: number; errmsg: string; retryAfterMs?: number }) {
    super(`WeCom refused ${failure.path} with ${failure.errcode}: ${failure.errmsg}`)
    const { reaction, hint } = errcodeInfo(failure.errcode)
    this.errcode = failure.errcode
    this.errmsg = failure.errmsg
    this.path = failure.path
    this.reaction = reaction
    this.hint = hint
    this.retryAfterMs = failure.retryAfterMs
  }
}

/** `queue` (the call's turn did not come in time) and `connect`: nothing was sent. `http`: an answer other than 200. `body`: no JSON object, or an answer cut short. */
export type NetworkFailure = 'queue' | 'connect' | 'timeout' | 'socket' | 'http' | 'body'

/** The platform gave no answer that can be read. Whether it did what was asked is unknown, except after `queue` and `connect`. */
export class WecomNetworkError extends Error {
  override readonly name = 'WecomNetworkError'
  readonly code = 'wecom_network_error'
  readonly path: string
  readonly failure: NetworkFailure
  readonly status: number | undefined
  readonly reaction: Reaction = 'retry'
  readonly hint = '连接企业微信失败，请检查网络、代理与 DNS'

  constructor(failure: {
    path: string
    failure: NetworkFailure
    reason: string
    status?: number
    cause?: unknown
  }) {
    super(`no usable answer from WeCom to ${failure.path}: ${failure.reason}`, { cause: failure.cause })
    this.path = failure.path
    this.failure = failure.failure
    this.status = failure.status
  }
}

/** The client was closed while the call waited, or before it. */
export class WecomClosedError extends Error {
  override readonly name = 'WecomClosedError'
  readonly code = 'wecom_closed'

  constructor() {
    super('the WeCom client is closed')
  }
}
