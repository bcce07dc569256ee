import type { Limiter } from '../limiter.ts'
import { pauseCall, type Transformer } from '../pipeline.ts'

/** Another instance has the record for the time of one try. */
const POLL_MS = 50
/** Longer than a try takes, so that nobody else begins before it has ended. */
const HOLD_BEYOND_MS = 2_000

/**
 * Lets calls that change one record run one after the other, each with all its tries: the platform refuses parallel
 * ones (45035, `path/92118`), and a later change must not be overtaken by the retry of an earlier one.
 */
export function orderTransformer({ order }: Limiter): Transformer {
  return (call, next) => {
    if (call.record === undefined) return next(call)
    return order.run(`${call.app.corpId}:${call.record}`, call, () => next(call))
  }
}

/** Lets no other instance change the record during a try. */
export function holdTransformer({ store }: Limiter): Transformer {
  return async (call, next) => {
    if (call.record === undefined) return next(call)
    const record = `${call.app.corpId}:${call.record}`
    while (!(await store.hold(record, call.timeoutMs + HOLD_BEYOND_MS)))
      await pauseCall(call, POLL_MS * (0.5 + Math.random()))
    try {
      return await next(call)
    } finally {
      await store.release(record)
    }
  }
}
