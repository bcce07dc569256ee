import { type NetworkFailure, WecomError, WecomNetworkError } from '../errors.ts'
import type { Answer, Call, Transformer } from '../pipeline.ts'

/** One request to the platform as it is recorded: never with parameters, tokens or secrets. */
export interface CallRecord {
  at: Date
  corpId: string
  agentId: string
  path: string
  /** Counts from 1. */
  attempt: number
  ms: number
  /** 0 for success; absent when no answer could be read. */
  errcode?: number
  failure?: NetworkFailure | 'aborted'
  /** What made us call, as given by the caller. */
  cause?: string
  /** The platform read our body only in part: a fault of ours. */
  warning?: string
}

/** Tells `log` about every request, each try on its own. */
export function recordTransformer(log: (entry: CallRecord) => void): Transformer {
  return async (call, next) => {
    const at = new Date()
    const start = performance.now()
    const record = (outcome: Partial<CallRecord>) => log({ ...about(call, at, start), ...outcome })
    try {
      const answer = await next(call)
      record({ errcode: 0, ...warningOf(answer) })
      return answer
    } catch (error) {
      record(outcomeOf(error))
      throw error
    }
  }
}

function about(call: Call, at: Date, start: number): CallRecord {
  const { corpId, agentId } = call.app
  const ms = Math.round(performance.now() - start)
  const cause = call.cause === undefined ? {} : { cause: call.cause }
  return { at, corpId, agentId, path: call.path, attempt: call.attempt, ms, ...cause }
}

function outcomeOf(error: unknown): Partial<CallRecord> {
  if (error instanceof WecomError) return { errcode: error.errcode }
  return { failure: error instanceof WecomNetworkError ? error.failure : 'aborted' }
}

/** A broken body may be accepted in part; only this text tells (`path/90313`). */
function warningOf({ errmsg }: Answer): Partial<CallRecord> {
  const partly = typeof errmsg === 'string' && errmsg.includes('wrong json format')
  return partly ? { warning: errmsg } : {}
}
