import { wasNeverSent } from '../arrival.ts'
import { WecomError } from '../errors.ts'
import type { Limiter } from '../limiter.ts'
import { claimMessages, settleAll, unclaimAll } from '../limits/messages.ts'
import type { Call, Transformer } from '../pipeline.ts'

/** A message that the platform answered later than this counts as of then. */
const SLOW_MS = 500

/**
 * Sends an app message when each of its members may get one more, because what is too many is lost without an error
 * (`path/90236`), and a robot's message when the robot may say one more (`path/99110`). Members who are reached by `@all`, a department or a tag are not known here, and not counted.
 */
export function messagesTransformer({ store, order, bounds }: Limiter): Transformer {
  return async (call, next) => {
    const counted = countedBy(call)
    if (counted.length === 0) return next(call)
    const windows = call.spec.reaches === 'robot' ? bounds.robots : bounds.messages
    const claimed = await claimMessages({ store, order, windows }, call, counted)
    const from = performance.now()
    let sent = true
    try {
      return await next(call)
    } catch (error) {
      sent = mayCount(error, call.path)
      throw error
    } finally {
      if (!sent) await unclaimAll(store, claimed)
      else if (performance.now() - from > SLOW_MS) await settleAll(store, claimed)
    }
  }
}

/** Not what the platform refused, or what was never sent; a busy platform says nothing of it. */
function mayCount(error: unknown, path: string): boolean {
  if (wasNeverSent(error, path)) return false
  return !(error instanceof WecomError) || error.reaction === 'retry'
}

/** Whose messages it adds to. Userids are compared without regard to case (`path/90196`). */
function countedBy({ spec, params, app }: Call): string[] {
  if (spec.reaches === 'robot') return [`${app.corpId}:${app.agentId}`]
  const { touser } = params
  if (spec.reaches !== 'members' || typeof touser !== 'string' || touser === '@all') return []
  const userids = new Set(touser.toLowerCase().split('|').filter(Boolean))
  return [...userids].map(userid => `${app.corpId}:${app.agentId}:${userid}`)
}
