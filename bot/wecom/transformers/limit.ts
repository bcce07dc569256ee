import { WecomError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import type { Transformer } from '../pipeline.ts'

/** Sends when the corp's rate for the endpoint allows, and leaves the endpoint alone when the platform says so. */
export function limitTransformer(limiter: Limiter): Transformer {
  return (call, next) => {
    const { app, path, spec, priority, signal, budgetMs } = call
    const bucket = `${app.corpId}:${path}`
    const rate = spec.rate === undefined ? {} : { rate: spec.rate }
    return limiter.run({ bucket, priority, signal, patienceMs: budgetMs, ...rate }, async () => {
      try {
        return await next(call)
      } catch (error) {
        if (error instanceof WecomError && error.retryAfterMs)
          limiter.pause(bucket, error.retryAfterMs, error)
        throw error
      }
    })
  }
}
