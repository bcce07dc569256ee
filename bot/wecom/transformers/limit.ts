import { CROWDED } from '../errcodes.ts'
import { WecomError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import type { Answer, Call, Send, Transformer } from '../pipeline.ts'

/**
 * Sends when the rates for the endpoint allow. Leaves the endpoint alone when the platform says so (45009, 45036), and
 * makes fewer calls at once when it found too many (45033).
 */
export function limitTransformer(limiter: Limiter): Transformer {
  return (call, next) => {
    const lanes = limiter.lanesFor(call)
    return through(0, call)

    async function through(at: number, limited: Call): Promise<Answer> {
      const lane = lanes[at]
      if (lane === undefined) return sendLimited(limited, next)
      const turn = lane.enter(limited)
      if (turn !== undefined) await turn
      const { epoch } = lane
      let succeeded = false
      try {
        const answer = await through(at + 1, limited)
        succeeded = true
        return answer
      } catch (error) {
        if (error instanceof WecomError && error.errcode === CROWDED) lane.lower(epoch)
        throw error
      } finally {
        lane.leave(succeeded)
      }
    }
  }

  async function sendLimited(call: Call, next: Send): Promise<Answer> {
    try {
      return await next(call)
    } catch (error) {
      if (error instanceof WecomError && error.retryAfterMs !== undefined)
        throw await limiter.rest(call, error)
      throw error
    }
  }
}
