/** Why a callback is refused, with the status that the platform gets. */
export const refusals = {
  malformed: 400,
  undecipherable: 400,
  bad_signature: 401,
  out_of_time: 401,
  wrong_receiver: 403,
  unknown_app: 404,
  too_large: 413,
  inbox_unavailable: 503,
} as const satisfies Record<string, number>

export type RefusalReason = keyof typeof refusals

/** A callback that is not accepted; nothing was stored. The body of the answer is the reason and nothing else. */
export class CallbackRefused extends Error {
  readonly code: RefusalReason
  readonly status: number
  constructor(reason: RefusalReason, options?: ErrorOptions) {
    super(reason, options)
    this.name = 'CallbackRefused'
    this.code = reason
    this.status = refusals[reason]
  }
}
