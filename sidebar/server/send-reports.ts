import { writeTrajectory } from '../../bot/actions/customer-writes.ts'
import type { Models } from '../../models/models.ts'
import type { Send } from '../../models/send.ts'
import { useridKey } from '../../models/userid.ts'
import type { SendReport } from '../api.ts'
import type { SidebarDeps } from './deps.ts'
import { Refused } from './refusals.ts'
import type { Who } from './session.ts'
import { texts } from './texts.ts'

/**
 * Notes how one message of one's own send went, once; a success after a failure replaces it.
 *
 * @throws Refused `not_found`, `bad_request` for a message that the send does not have
 */
export async function recordReport(
  { models, corpId, now }: SidebarDeps,
  who: Who,
  sendId: string,
  { part, ok, errMsg }: SendReport,
): Promise<void> {
  const own = { corpId, sendId, useridKey: useridKey(who.userid) }
  const found = await models.sends.findOne(own, { messages: 1 }).lean()
  if (found === null) throw new Refused('not_found')
  if (part >= found.messages.length) throw new Refused('bad_request')
  const at = now()
  if (ok) {
    const failed = { outcomes: { $elemMatch: { part, ok: false } } }
    await models.sends.updateOne({ ...own, ...failed }, { $pull: { outcomes: { part, ok: false } } })
  }
  await models.sends.updateOne(
    { ...own, 'outcomes.part': { $ne: part } },
    { $push: { outcomes: { part, ok, errMsg, at } } },
  )
  const send = await models.sends.findOne(own).orFail().lean()
  const [gone, all] = [send.outcomes.filter(outcome => outcome.ok).length, send.messages.length]
  if (gone === all) {
    await models.sends.updateOne({ ...own, finishedAt: null }, { $set: { finishedAt: at } })
    const text = send.stuckAt ? texts.sentRest(send.title) : send.title
    await tell(models, send, text, 'all', send.finishedAt ?? at)
  } else if (gone > 0 && send.outcomes.some(outcome => outcome.part === part && !outcome.ok)) {
    await models.sends.updateOne({ ...own, stuckAt: null }, { $set: { stuckAt: at } })
    await tell(models, send, texts.sentPartly(send.title, gone, all), 'part', send.stuckAt ?? at)
  }
}

/** Writes the trajectory's row: one when a send gets stuck, one when all of it has gone. A group has none. */
async function tell(models: Models, send: Send, text: string, what: 'all' | 'part', at: Date): Promise<void> {
  const { corpId, sendId, userid, externalUserid } = send
  if (!externalUserid) return
  const key = `sent/${sendId}${what === 'all' ? '' : '/part'}`
  await writeTrajectory(models, { corpId, userid, externalUserid, kind: 'sent', text, key, at })
}
