/** The job stops early, because its worker shuts down or because the job has passed to another worker. It goes on there. */
export class JobInterruptedError extends Error {
  readonly code = 'job_interrupted'
  constructor(reason: string) {
    super(reason)
    this.name = 'JobInterruptedError'
  }
}

/** Something was asked of the jobs that they cannot do; the message says what and why. */
export class JobRequestError extends Error {
  readonly code = 'job_request_invalid'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'JobRequestError'
  }
}

/**
 * Whether trying again later may help. Errors of the platform say so by their reaction: a missing permission or a wrong
 * setting stays wrong. Anything unknown may be a passing fault, such as a database that is away.
 */
export function mayPass(error: unknown): boolean {
  const { reaction, code } = error as { reaction?: unknown; code?: unknown }
  if (code === 'job_request_invalid') return false
  return (
    typeof reaction !== 'string' || reaction === 'retry' || reaction === 'backoff' || reaction === 'token'
  )
}

/** An error as it is stored: its code and its text. */
export function storedError(error: unknown): { code: string; message: string } {
  if (!(error instanceof Error)) return { code: 'unknown', message: String(error) }
  const { code, errcode, hint } = error as { code?: unknown; errcode?: unknown; hint?: unknown }
  const named =
    typeof errcode === 'number' ? `wecom_${errcode}` : code === undefined ? error.name : String(code)
  return { code: named, message: typeof hint === 'string' ? `${error.message}（${hint}）` : error.message }
}
