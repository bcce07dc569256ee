import { z } from 'zod'
import { cutBytes } from '../wecom/xml.ts'
import { type ActionContext, ActionRefused, defineAction } from './define.ts'

/**
 * Tells staff by app message (`path/90236`, text up to 2,048 bytes). `to` holds userids, `staff` (the staff member of
 * the event) and `lead` (the leaders of that member's departments; the member itself where there are none).
 */
export const staffNotify = defineAction({
  id: 'staff.notify',
  title: '通知员工',
  summary: 'Tells staff by app message.',
  output: z.object({ to: z.array(z.string()), invalid: z.array(z.string()) }),
  effect: 'external',
  idempotent: false,
  params: z.strictObject({
    to: z.array(z.string().min(1)).min(1).max(1_000),
    text: z.string().trim().min(1),
  }),
  async run(context, { to, text }) {
    const userids = new Set<string>()
    for (const name of to) {
      if (name === 'staff') userids.add(context.facts.staff.userid)
      else if (name === 'lead') for (const lead of await leadersOf(context)) userids.add(lead)
      else userids.add(name)
    }
    const result = await context.client.call(
      'message/send',
      {
        touser: [...userids].join('|'),
        agentid: Number(context.corp.agentId),
        msgtype: 'text',
        text: { content: cutBytes(text, 2_048) },
      },
      { cause: context.key },
    )
    const invalid = (result.invaliduser ?? '').split('|').filter(one => one !== '')
    if (invalid.length === userids.size) throw new ActionRefused('nobody_reached', '没有可通知的成员')
    return { to: [...userids], invalid }
  },
})

async function leadersOf(context: ActionContext): Promise<string[]> {
  const { userid, departments } = context.facts.staff
  const led = await context.models.departments
    .find(
      { corpId: context.corp.corpId, departmentId: { $in: departments }, removedAt: null },
      { leaders: 1 },
    )
    .lean()
  const leaders = led.flatMap(department => department.leaders).filter(one => one !== userid)
  return leaders.length > 0 ? leaders : [userid]
}
