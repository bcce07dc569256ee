import { type NetworkFailure, WecomError, WecomNetworkError } from '../errors.ts'
import type { Call, Transformer } from '../pipeline.ts'
import { pause } from '../signals.ts'

const MAX_DELAY_MS = 5_000
/** Another app is sending its welcome at this moment: worth asking again for as long as the code may live. */
const WELCOME_IN_PROGRESS = 41096
const nothingSent: ReadonlySet<NetworkFailure> = new Set(['queue', 'connect'])

/**
 * Repeats what may pass by itself: a busy platform, a record being changed, no answer. The wait doubles from `baseMs`,
 * with jitter; a frequency limit is waited out whole. No try begins that the call's budget does not cover.
 */
export function retryTransformer({ baseMs }: { baseMs: number }): Transformer {
  return async (call, next) => {
    const end = performance.now() + call.budgetMs
    let answered: WecomError | undefined
    for (let attempt = 1; ; attempt += 1) {
      const budgetMs = Math.max(1, end - performance.now())
      try {
        return await next({ ...call, attempt, budgetMs, timeoutMs: Math.min(call.timeoutMs, budgetMs) })
      } catch (error) {
        const delay = delayBefore(error, call, attempt, baseMs)
        // An answer says more than the silence of a last try that the budget cut short.
        if (error instanceof WecomError) answered = error
        if (delay === undefined || performance.now() + delay >= end) throw answered ?? error
        await pause(delay, call.signal)
      }
    }
  }
}

function delayBefore(error: unknown, call: Call, attempt: number, baseMs: number): number | undefined {
  if (!isPassing(error, call)) return undefined
  const endless = error instanceof WecomError && error.errcode === WELCOME_IN_PROGRESS
  if (attempt > call.retries && !endless) return undefined
  if (error instanceof WecomError && error.retryAfterMs) return error.retryAfterMs * (1 + Math.random() / 10)
  return Math.min(MAX_DELAY_MS, baseMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
}

function isPassing(error: unknown, call: Call): boolean {
  if (!(error instanceof WecomError || error instanceof WecomNetworkError)) return false
  // The fetch of a token within the call has had tries of its own.
  if (error.path !== call.path) return false
  if (error instanceof WecomNetworkError) return nothingSent.has(error.failure) || isRepeatable(call)
  return error.reaction === 'retry' || error.reaction === 'backoff'
}

/** Whether the call may be sent again although the platform may have done it already. */
function isRepeatable(call: Call): boolean {
  return call.spec.once !== true || call.params.enable_duplicate_check === 1
}
