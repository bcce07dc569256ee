import { WecomError } from '../errors.ts'
import { type Call, type Transformer, waitInTime } from '../pipeline.ts'
import type { Tokens } from '../tokens.ts'

/**
 * Gives each call its access token; a refused one (40014, 42001) is replaced once, and the call repeated once. The token is
 * waited for no longer than the call has time, while the fetch goes on for whoever comes next.
 */
export function tokenTransformer(tokens: Tokens): Transformer {
  return async (call, next) => {
    if (call.spec.token === false) return next(call)
    const token = tokens.current(call.app) ?? (await fetched(call))
    try {
      return await next({ ...call, token })
    } catch (error) {
      if (!(error instanceof WecomError && error.reaction === 'token')) throw error
      tokens.invalidate(call.app, token)
      return next({ ...call, token: tokens.current(call.app) ?? (await fetched(call)) })
    }
  }

  function fetched(call: Call): Promise<string> {
    return waitInTime(call, tokens.get(call.app))
  }
}
