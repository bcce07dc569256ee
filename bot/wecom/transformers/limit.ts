import { WecomError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import type { Send, Transformer } from '../pipeline.ts'
import { inTurn } from './turn.ts'

/** Sends when the corp's rate for the endpoint allows, and leaves the endpoint alone when the platform says so. */
export function limitTransformer(limiter: Limiter): Transformer {
  return (call, next) => {
    const { app, path, spec, priority, budgetMs } = call
    const bucket = `${app.corpId}:${path}`
    const rate = spec.rate === undefined ? {} : { rate: spec.rate }
    const send: Send = async limited => {
      try {
        return await next(limited)
      } catch (error) {
        if (error instanceof WecomError && error.retryAfterMs)
          limiter.pause(bucket, error.retryAfterMs, error)
        throw error
      }
    }
    return inTurn(
      call,
      (signal, task) => limiter.run({ bucket, priority, signal, patienceMs: budgetMs, ...rate }, task),
      send,
    )
  }
}
