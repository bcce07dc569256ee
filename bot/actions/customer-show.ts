import { z } from 'zod'
import { addWayName } from '../../models/add-way.ts'
import type { Follow } from '../../models/follow.ts'
import { type ActionContext, defineAction } from './define.ts'
import { findFollow } from './find-customer.ts'
import { ago, day } from './moments.ts'
import { fullName, shorten } from './texts.ts'

/** What we know about one customer, for a chat bubble. */
export const customerShow = defineAction({
  id: 'customer.show',
  title: '查客户',
  summary: 'Reads what is known of a customer.',
  output: z.object({
    externalUserid: z.string().describe('The customer'),
    text: z.string().describe('All of it in Chinese, for an answer'),
  }),
  effect: 'read',
  needs: ['staff'],
  idempotent: true,
  params: z.strictObject({
    customer: z
      .string()
      .trim()
      .min(1)
      .describe('The customer, as people name one: a remark, a nickname, a part of either, or an id'),
  }),
  async run(context, { customer }) {
    const follow = await findFollow(context, customer)
    const { corpId } = context.corp
    const [tags, detail, notes, others] = await Promise.all([
      context.models.tags.find({ corpId, tagId: { $in: follow.tags } }).lean(),
      context.models.customers.findOne({ corpId, externalUserid: follow.externalUserid }).lean(),
      context.models.trajectories
        .find({ corpId, externalUserid: follow.externalUserid, kind: 'noted' })
        .sort({ at: -1 })
        .limit(3)
        .lean(),
      colleaguesOf(context, follow),
    ])
    const tagLine = [...tags.map(tag => `${tag.groupName}/${tag.name}`), ...follow.personalTags].join('、')
    const company = [detail?.corpName, detail?.position].filter(Boolean).join(' ')
    const zone = context.corp.timeZone
    const lines = [
      `【${fullName(follow)}】`,
      ...(company === '' ? [] : [`单位：${company}`]),
      `阶段：${follow.stage}${follow.status === 'lost' ? `（对方已删除${follow.useridKey === context.asker.userid.toLowerCase() ? '你' : '跟进的同事'}）` : ''}`,
      `标签：${tagLine || '还没有'}`,
      ...(follow.description === '' ? [] : [`描述：${shorten(follow.description, 60)}`]),
      ...(follow.addedAt === undefined ? [] : [added(follow, context, zone)]),
      ...(others.length === 0 ? [] : [`同事也在跟进：${others.join('、')}`]),
      ...(notes.length === 0
        ? ['跟进：还没有记录']
        : notes.map(note => `${day(note.at, zone)} ${shorten(note.text, 60)}`)),
      '',
      `接着可以发：跟进 ${shorten(nameFor(follow), 12)} 今天聊了什么`,
    ]
    return { externalUserid: follow.externalUserid, text: lines.join('\n') }
  },
})

function added(follow: Follow, context: ActionContext, zone: string): string {
  const at = follow.addedAt ?? context.now
  const way = follow.addWay === undefined ? '' : `，${addWayName(follow.addWay)}`
  return `添加：${day(at, zone)}（${ago(at, context.now)}${way}）`
}

/** A name that finds the customer again when it is typed: without white space where possible. */
function nameFor(follow: Follow): string {
  const name = follow.remark || follow.customerName
  return /\s/.test(name) ? (follow.customerName || name).replace(/\s.*$/, '') : name
}

async function colleaguesOf(context: ActionContext, follow: Follow): Promise<string[]> {
  const { corpId } = context.corp
  const others = await context.models.follows
    .find(
      {
        corpId,
        externalUserid: follow.externalUserid,
        useridKey: { $nin: [follow.useridKey, context.asker.userid.toLowerCase()] },
        status: 'active',
      },
      { useridKey: 1 },
    )
    .lean()
  if (others.length === 0) return []
  const staff = await context.models.staff
    .find({ corpId, useridKey: { $in: others.map(other => other.useridKey) } }, { name: 1 })
    .lean()
  return staff.map(one => one.name)
}
