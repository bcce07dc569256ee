import { wasNeverSent } from '../arrival.ts'
import { CROWDED } from '../errcodes.ts'
import { WecomError, WecomNetworkError } from '../errors.ts'
import { type Call, pauseCall, type Transformer } from '../pipeline.ts'

const MAX_DELAY_MS = 5_000
/** Another app is sending its welcome at this moment: worth asking again for as long as the code may live. */
const WELCOME_IN_PROGRESS = 41096
/** What ends by itself, and soon: repeated as long as the budget lasts. */
const endless: ReadonlySet<number> = new Set([WELCOME_IN_PROGRESS, CROWDED])

/**
 * Repeats what may pass by itself: a busy platform, a record being changed, no answer. The wait doubles from `baseMs`,
 * with jitter; a frequency limit is waited out whole. No try begins that the call's budget does not cover.
 */
export function retryTransformer({ baseMs }: { baseMs: number }): Transformer {
  return async (call, next) => {
    let answered: WecomError | undefined
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await next(attempt === 1 ? call : { ...call, attempt })
      } catch (error) {
        const delay = delayBefore(error, call, attempt, baseMs)
        if (error instanceof WecomError) answered = error
        if (delay === undefined || performance.now() + delay >= call.endsAt)
          // An answer says more than the silence of a last try, unless that try may have done what must not be done twice.
          throw isHarmlessSilence(error, call) ? (answered ?? error) : error
        await pauseCall(call, delay)
      }
    }
  }
}

function delayBefore(error: unknown, call: Call, attempt: number, baseMs: number): number | undefined {
  if (!isPassing(error, call)) return undefined
  if (attempt > call.retries && !(error instanceof WecomError && endless.has(error.errcode))) return undefined
  if (error instanceof WecomError && error.retryAfterMs) return error.retryAfterMs * (1 + Math.random() / 10)
  return Math.min(MAX_DELAY_MS, baseMs * 2 ** (attempt - 1)) * (0.5 + Math.random() / 2)
}

function isPassing(error: unknown, call: Call): boolean {
  if (!(error instanceof WecomError || error instanceof WecomNetworkError)) return false
  // The fetch of a token within the call has had tries of its own.
  if (error.path !== call.path) return false
  if (error instanceof WecomNetworkError) return isHarmlessSilence(error, call)
  return error.reaction === 'retry' || error.reaction === 'backoff'
}

/** No answer to a try that may be followed by another one. */
function isHarmlessSilence(error: unknown, call: Call): boolean {
  if (!(error instanceof WecomNetworkError)) return false
  return wasNeverSent(error, call.path) || isRepeatable(call)
}

/** Whether the call may be sent again although the platform may have done it already. */
function isRepeatable(call: Call): boolean {
  return call.spec.once !== true || call.params.enable_duplicate_check === 1
}
