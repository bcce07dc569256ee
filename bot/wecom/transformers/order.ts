import type { Limiter } from '../limiter.ts'
import type { Transformer } from '../pipeline.ts'
import { inTurn } from './turn.ts'

/**
 * Lets calls that change one record run one after the other, each with all its tries: the platform refuses parallel
 * ones (45035, `path/92118`), and a later change must not be overtaken by the retry of an earlier one.
 */
export function orderTransformer(limiter: Limiter): Transformer {
  return (call, next) => {
    if (call.record === undefined) return next(call)
    const record = `${call.app.corpId}:${call.record}`
    return inTurn(call, (signal, task) => limiter.inOrder(record, signal, task), next)
  }
}
