import type { Limiter } from '../limiter.ts'
import type { Transformer } from '../pipeline.ts'

/**
 * Lets calls that change one record run one after the other, each with all its tries: the platform refuses parallel
 * ones (45035, `path/92118`), and a later change must not be overtaken by the retry of an earlier one.
 */
export function orderTransformer(limiter: Limiter): Transformer {
  return (call, next) => {
    if (call.record === undefined) return next(call)
    return limiter.inOrder(`${call.app.corpId}:${call.record}`, call.signal, () => next(call))
  }
}
