import pLimit from 'p-limit'
import { releaseLock, takeLock } from '../../models/lock.ts'
import type { Notice } from '../../models/notice.ts'
import { UnknownApp } from '../apps.ts'
import { mayHaveArrived } from '../wecom/arrival.ts'
import type { AppClient } from '../wecom/client.ts'
import { WecomError } from '../wecom/errors.ts'
import type { DispatchDeps } from './deps.ts'
import { mergeNotices } from './merge-notices.ts'

type Deps = Pick<DispatchDeps, 'models' | 'apps' | 'clock' | 'log' | 'metrics' | 'process'>
type Member = Pick<Notice, 'corpId' | 'agentId' | 'useridKey'>

/** Members who are sent to at once. */
const atOnce = 8
/** More notices than this fit into no message. */
const noticesMax = 200
/** Longer than a message may take: nobody else sends to this member meanwhile. */
const leaseMs = 30_000
const budgetMs = 20_000
/** After a failure that may pass. */
const againMs = 10_000

/**
 * Sends notices that had to wait (models/notice.ts): those of one member as one message, as soon as the member's minute
 * has room. What is being sent when a process dies is sent once more. While a corp is paused its notices wait on.
 *
 * @returns a look at what waits, which costs one request where nothing does
 */
export function createNoticeSweep(deps: Deps): () => Promise<void> {
  const inTurn = pLimit(atOnce)
  return async () => {
    const members = await deps.models.notices.aggregate<{ _id: Member }>([
      { $match: { state: 'waiting', notBefore: { $lte: new Date(deps.clock.now()) } } },
      { $group: { _id: { corpId: '$corpId', agentId: '$agentId', useridKey: '$useridKey' } } },
    ])
    const paused = await pausedOf(deps, [...new Set(members.map(({ _id }) => _id.corpId))])
    const speaking = members.filter(({ _id }) => !paused.includes(_id.corpId))
    await Promise.all(speaking.map(({ _id }) => inTurn(() => underLease(deps, _id))))
  }
}

async function pausedOf({ models }: Deps, corpIds: string[]): Promise<string[]> {
  if (corpIds.length === 0) return []
  return models.corps.distinct('corpId', { corpId: { $in: corpIds }, paused: { $ne: null } })
}

async function underLease(deps: Deps, member: Member): Promise<void> {
  const { locks } = deps.models
  const name = `notices:${member.corpId}:${member.agentId}:${member.useridKey}`
  if (!(await takeLock(locks, name, deps.process, leaseMs))) return
  try {
    await sendNext(deps, member)
  } finally {
    await releaseLock(locks, name, deps.process)
  }
}

async function sendNext(deps: Deps, member: Member): Promise<void> {
  const { notices } = deps.models
  const { corpId, agentId, useridKey } = member
  const waiting = { corpId, agentId, useridKey, state: 'waiting' } as const
  let ids: string[] | undefined
  try {
    const client = await deps.apps.client(corpId, agentId)
    if ((await client.claimNotices([useridKey])).length === 0) return
    const due = await notices.find(waiting).sort({ at: 1 }).limit(noticesMax).lean()
    if (due.length === 0) return
    const more = due.length < noticesMax ? 0 : (await notices.countDocuments(waiting)) - due.length
    const { text, count } = mergeNotices(
      due.map(one => one.text ?? ''),
      more,
    )
    ids = due.slice(0, count).map(one => one._id)
    const outcome = await send(deps, client, due[0]?.userid ?? useridKey, text)
    await notices.updateMany(
      { _id: { $in: ids } },
      { $set: { ...outcome, sentAt: new Date(deps.clock.now()) }, $unset: { text: 1 } },
    )
  } catch (error) {
    deps.log.warn({ err: error, ...member }, 'notices that wait could not be sent')
    const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
    const hopeless = isHopeless(error)
    // Another message may say what this one may not; without its app nothing can be said at all.
    const lost = ids === undefined ? waiting : { _id: { $in: ids } }
    const given = { state: 'failed', error: { code: String(code), message } } as const
    const later = { notBefore: new Date(deps.clock.now() + againMs) }
    const { modifiedCount } = await notices.updateMany(hopeless ? lost : waiting, {
      $set: hopeless ? given : later,
    })
    if (hopeless) deps.metrics.noticesFailed.inc(modifiedCount)
  }
}

/** @throws what says that nothing was sent */
async function send(
  { log }: Deps,
  client: AppClient,
  userid: string,
  text: string,
): Promise<{ state: 'sent'; uncertain?: true }> {
  try {
    await client.call(
      'message/send',
      { touser: userid, agentid: Number(client.agentId), msgtype: 'text', text: { content: text } },
      { cause: 'notices', budgetMs },
    )
    return { state: 'sent' }
  } catch (error) {
    if (!mayHaveArrived(error)) throw error
    log.warn({ err: error, userid }, 'whether notices arrived is unknown; they are not sent again')
    return { state: 'sent', uncertain: true }
  }
}

/** The member has left, or the app is gone: nobody can mend that. */
function isHopeless(error: unknown): boolean {
  return error instanceof UnknownApp || (error instanceof WecomError && error.reaction === 'give_up')
}
