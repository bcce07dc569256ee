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
/** Where the member's minute has no room. */
const fullMs = 3_000

/**
 * Sends notices that had to wait (models/notice.ts): those of one member as one message, as soon as the member's minute
 * has room. What is being sent when a process dies, or cannot be stored as sent, is sent once more, and is `uncertain`.
 * While a corp is paused its notices wait on.
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
  const waiting = { ...member, state: 'waiting' } as const
  const inMs = (ms: number): { notBefore: Date } => ({ notBefore: new Date(deps.clock.now() + ms) })
  let sent: Sent | undefined
  let tried: readonly string[] | undefined
  try {
    const client = await deps.apps.client(member.corpId, member.agentId)
    if ((await client.claimNotices([member.useridKey])).length === 0) {
      await notices.updateMany(waiting, { $set: inMs(fullMs) })
      return
    }
    sent = await sendMerged(deps, client, member, ids => {
      tried = ids
    })
  } catch (error) {
    deps.log.warn({ err: error, ...member }, 'notices that wait could not be sent')
    const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
    const hopeless = isHopeless(error)
    // Another message may say what this one may not; without its app nothing can be said at all.
    const lost = tried === undefined ? waiting : { _id: { $in: [...tried] } }
    const given = { state: 'failed', error: { code: String(code), message } } as const
    const { modifiedCount } = await notices.updateMany(hopeless ? lost : waiting, {
      $set: hopeless ? given : inMs(againMs),
    })
    if (hopeless) deps.metrics.noticesFailed.inc(modifiedCount)
    return
  }
  if (sent === undefined) return
  const done = { state: 'sent', sentAt: new Date(deps.clock.now()) } as const
  await notices.updateMany(
    { _id: { $in: sent.ids } },
    { $set: done, $unset: { text: 1, ...(!sent.uncertain && { uncertain: 1 as const }) } },
  )
}

interface Sent {
  ids: string[]
  uncertain: boolean
}

/**
 * @param trying told what the message holds before it is sent
 * @throws what says that nothing was sent
 */
async function sendMerged(
  deps: Deps,
  client: AppClient,
  { corpId, agentId, useridKey }: Member,
  trying: (ids: readonly string[]) => void,
): Promise<Sent | undefined> {
  const { notices } = deps.models
  const waiting = { corpId, agentId, useridKey, state: 'waiting' } as const
  const due = await notices.find(waiting).sort({ at: 1 }).limit(noticesMax).lean()
  if (due.length === 0) return undefined
  const more = due.length < noticesMax ? 0 : (await notices.countDocuments(waiting)) - due.length
  const { text, count } = mergeNotices(
    due.map(one => one.text ?? ''),
    more,
  )
  const merged = due.slice(0, count)
  const ids = merged.map(one => one._id)
  const before = merged.some(one => one.uncertain)
  trying(ids)
  // From here on it may arrive, whatever becomes of this process.
  await notices.updateMany({ _id: { $in: ids } }, { $set: { uncertain: true } })
  try {
    const uncertain = await send(deps, client, merged[0]?.userid ?? useridKey, text)
    return { ids, uncertain: uncertain || before }
  } catch (error) {
    if (!before) await notices.updateMany({ _id: { $in: ids } }, { $unset: { uncertain: 1 } })
    throw error
  }
}

/**
 * @returns whether it is uncertain that it arrived
 * @throws what says that nothing was sent
 */
async function send({ log }: Deps, client: AppClient, userid: string, text: string): Promise<boolean> {
  try {
    await client.call(
      'message/send',
      { touser: userid, agentid: Number(client.agentId), msgtype: 'text', text: { content: text } },
      { cause: 'notices', budgetMs },
    )
    return false
  } catch (error) {
    if (!mayHaveArrived(error)) throw error
    log.warn({ err: error, userid }, 'whether notices arrived is unknown; they are not sent again')
    return true
  }
}

/** The member has left, or the app is gone: nobody can mend that. */
function isHopeless(error: unknown): boolean {
  return error instanceof UnknownApp || (error instanceof WecomError && error.reaction === 'give_up')
}
