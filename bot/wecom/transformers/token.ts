import { unlessGivenUp } from '../cancel.ts'
import { WecomError } from '../errors.ts'
import type { Call, Transformer } from '../pipeline.ts'
import type { Tokens } from '../tokens.ts'

/** Gives each call its access token; a refused one (40014, 42001) is replaced once, and the call repeated once. */
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

  function fetched({ app, cancel }: Call): Promise<string> {
    return unlessGivenUp(cancel, tokens.get(app))
  }
}
