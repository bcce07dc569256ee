import type { AppClient } from '../../bot/wecom/client.ts'
import { WecomError } from '../../bot/wecom/errors.ts'
import type { Models } from '../../models/models.ts'
import type { Push } from '../../models/push.ts'
import { storedError } from '../errors.ts'

/** A push that could not be sent within this time after its moment is not sent any more, in milliseconds. */
export const latestMs = 60 * 60_000

/**
 * Within this many seconds the platform does not deliver the same request again (`path/90236`): it covers a worker that
 * died between sending and writing it down. Pushes repeat less often than that.
 */
const duplicateCheckSeconds = 180

/**
 * Sends one push (`path/90236`), once for each planned moment: one whose sending was written down is not sent again.
 *
 * @param plannedAt the moment that it was meant for.
 * @throws WecomError, WecomNetworkError when it could not be sent; `lastResult` says so too.
 */
export async function sendPush(
  deps: { models: Models; client: AppClient; now?: Date },
  which: { corpId: string; key: string; plannedAt: Date },
): Promise<void> {
  const { models, client, now = new Date() } = deps
  const { corpId, key, plannedAt } = which
  const push = await models.pushes.findOne({ corpId, key }).lean()
  if (push === null) return
  if (push.lastSentAt !== undefined && push.lastSentAt >= plannedAt) return
  const record = async (result: Push['lastResult'], sentAt?: Date): Promise<void> => {
    const $set = { lastResult: result, ...(sentAt && { lastSentAt: sentAt }) }
    await models.pushes.updateOne({ corpId, key }, { $set })
  }
  if (now.getTime() - plannedAt.getTime() > latestMs) {
    const error = `not sent: its time was ${plannedAt.toISOString()}, more than an hour ago`
    await record({ ok: false, invalidUsers: [], error })
    return
  }
  try {
    const { invaliduser = '' } = await client.call(
      'message/send',
      {
        touser: push.to.join('|'),
        agentid: Number(client.agentId),
        msgtype: 'text',
        text: { content: push.text },
        enable_duplicate_check: 1,
        duplicate_check_interval: duplicateCheckSeconds,
      },
      { cause: `push.app ${key}` },
    )
    const invalidUsers = invaliduser.split('|').filter(userid => userid !== '')
    // Clocks of two hosts differ: whatever this one says, the planned moment is over.
    await record({ ok: true, invalidUsers }, new Date(Math.max(Date.now(), plannedAt.getTime())))
  } catch (error) {
    // All recipients invalid (81013) and the like come to nothing however often it is tried, and are a result too.
    await record({ ok: false, invalidUsers: [], error: storedError(error).message })
    if (error instanceof WecomError && error.reaction === 'give_up') return
    throw error
  }
}
