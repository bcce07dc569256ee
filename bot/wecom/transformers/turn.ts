import { WecomNetworkError } from '../errors.ts'
import type { Answer, Call, Send } from '../pipeline.ts'
import { withSignal } from '../signals.ts'

/**
 * Lets a call wait in a queue no longer than its budget lasts; what is left of it is for the sending.
 *
 * @param queue waits until the signal aborts, and begins the task when it is the call's turn
 * @throws WecomNetworkError `queue`
 */
export function inTurn(
  call: Call,
  queue: (signal: AbortSignal, task: () => Promise<Answer>) => Promise<Answer>,
  send: Send,
): Promise<Answer> {
  const { path, budgetMs, timeoutMs } = call
  const end = performance.now() + budgetMs
  return withSignal([call.signal], async (signal, abort) => {
    const late = (): void => {
      const reason = `its turn did not come in ${Math.round(budgetMs)} ms`
      abort(new WecomNetworkError({ path, failure: 'queue', reason }))
    }
    const timer = setTimeout(late, budgetMs)
    try {
      return await queue(signal, () => {
        clearTimeout(timer)
        const left = Math.max(1, end - performance.now())
        return send({ ...call, budgetMs: left, timeoutMs: Math.min(timeoutMs, left) })
      })
    } finally {
      clearTimeout(timer)
    }
  })
}
