import { z } from 'zod'
import { useridKey } from '../../models/userid.ts'
import { wasNeverSent } from '../wecom/arrival.ts'
import { WecomError, WecomNetworkError } from '../wecom/errors.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'
import { textBytes } from './message-body.ts'
import { type Stage, textWithin } from './message-text.ts'
import { membersIn, recipientWords, resolveMembers } from './recipients.ts'

/** Of all recipients none can be reached (`path/90236`). */
const NOBODY = 81013
/** A member who got so much else that this must wait longer gets it with the next notices. */
const patienceMs = 5_000

const params = (stage: Stage) =>
  z.strictObject({
    to: z
      .array(
        z
          .string()
          .trim()
          .min(1)
          // What a template brings is refused with a sentence for whoever asked, see recipients.ts.
          .refine(
            one => stage === 'filled' || one.toLowerCase() !== '@all',
            'is everybody, and notices go to members; write userids, staff, lead, leads or admin, or use app.send',
          ),
      )
      .min(1)
      .max(1_000)
      .describe(
        'Userids, staff (of the event), lead (that member’s leaders), leads (those of all departments) and admin; nobody gets it twice.',
      ),
    text: textWithin(textBytes, stage).describe('At most 2,048 bytes, cut beyond.'),
  })

/**
 * Tells staff by app message (`path/90236`). Of more than 20 notices a minute to one member, over all instances, those
 * beyond wait in the database and follow as one message (see bot/dispatch/notices-left.ts), so that answers to commands
 * always find room below the platform's 30.
 */
export const staffNotify = defineAction({
  id: 'staff.notify',
  title: '通知员工',
  summary:
    'Tells staff by app message. Beyond 20 notices a minute to one member the rest is kept and follows, merged into one message. A notice whose fate is unknown is not sent again.',
  output: z.strictObject({
    to: z.array(z.string()).describe('Who was told, or will be.'),
    invalid: z.array(z.string()).describe('Whom the platform could not reach; in lower case.'),
    waiting: z.array(z.string()).describe('Who will be told with the next message.'),
  }),
  effect: 'external',
  idempotent: false,
  wide: { to: recipientWords },
  params: params('document'),
  filled: params('filled'),
  names: ({ to }) => membersIn(to, 'to'),
  async run(context, { to, text }) {
    const members = await recipientsOf(context, to)
    const { now, later } = await whoWaits(context, members)
    await keepNotices(context, later, text)
    const told = await tellNow(context, now, text)
    if (told === 'nobody' && later.length === 0) throw nobodyReached()
    const invalid = told === 'nobody' ? now.map(useridKey) : told.invalid
    const waiting = told === 'nobody' ? later : [...later, ...told.waiting]
    return { to: members, invalid, waiting }
  },
  async preview(context, { to, text }) {
    return { to: await recipientsOf(context, to), text }
  },
})

async function recipientsOf(context: ActionContext, to: readonly string[]): Promise<string[]> {
  const members = await resolveMembers(context, to)
  if (members.length === 0) throw new ActionRefused('nobody_named', '没有可通知的成员：名单是空的。')
  return members
}

function nobodyReached(cause?: unknown): ActionRefused {
  return new ActionRefused('nobody_reached', '没有可通知的成员：都无效，或不在应用可见范围内。', { cause })
}

const idOf = (context: ActionContext, userid: string): string => `${context.key}/${useridKey(userid)}`

/**
 * Who is told now, and who has to wait: a member who was told of 20 things within a minute, or for whom older notices
 * wait, which must come first. Whoever got theirs from an earlier attempt, or will, is among neither.
 */
async function whoWaits(
  context: ActionContext,
  members: readonly string[],
): Promise<{ now: string[]; later: string[] }> {
  const { corpId, agentId } = context.corp
  const { notices } = context.models
  const keys = members.map(useridKey)
  const [kept, behind] = await Promise.all([
    notices.distinct('useridKey', { _id: { $in: members.map(userid => idOf(context, userid)) } }),
    notices.distinct('useridKey', { corpId, agentId, useridKey: { $in: keys }, state: 'waiting' }),
  ])
  const open = members.filter(userid => !kept.includes(useridKey(userid)))
  const free = open.filter(userid => !behind.includes(useridKey(userid)))
  const now = await context.client.claimNotices(free)
  return { now, later: open.filter(userid => !now.includes(userid)) }
}

/** Keeps the notice for each of these members; one that is kept already stays as it is. */
async function keepNotices(context: ActionContext, members: readonly string[], text: string): Promise<void> {
  if (members.length === 0) return
  const { corpId, agentId } = context.corp
  const at = new Date(context.clock.now())
  await context.models.notices.bulkWrite(
    members.map(userid => ({
      updateOne: {
        filter: { _id: idOf(context, userid) },
        update: {
          $setOnInsert: {
            corpId,
            agentId,
            userid,
            useridKey: useridKey(userid),
            text,
            at,
            state: 'waiting',
            notBefore: at,
            expireAt: context.expireAt,
          },
        },
        upsert: true,
      },
    })),
    { ordered: false },
  )
}

/** One message to all who may have it now. Whoever has no room for any message keeps it for later. */
async function tellNow(
  context: ActionContext,
  members: readonly string[],
  text: string,
): Promise<{ invalid: string[]; waiting: readonly string[] } | 'nobody'> {
  if (members.length === 0) return { invalid: [], waiting: [] }
  const { key: cause, signal, corp, client } = context
  const message = {
    touser: members.join('|'),
    agentid: Number(corp.agentId),
    msgtype: 'text' as const,
    text: { content: text },
  }
  try {
    const { invaliduser = '' } = await client.call('message/send', message, {
      cause,
      signal,
      budgetMs: patienceMs,
    })
    const invalid = invaliduser.split('|').filter(one => one !== '')
    return { invalid, waiting: [] }
  } catch (error) {
    if (error instanceof WecomError && error.errcode === NOBODY) return 'nobody'
    if (!(error instanceof WecomNetworkError && wasNeverSent(error, 'message/send'))) throw error
    await keepNotices(context, members, text)
    return { invalid: [], waiting: members }
  }
}
