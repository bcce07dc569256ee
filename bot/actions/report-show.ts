import { z } from 'zod'
import type { Follow } from '../../models/follow.ts'
import { type Asker, visibleFollows } from '../../models/scope.ts'
import { byName, namesIn } from '../handlers/why-names.ts'
import { defineAction } from './define.ts'
import { ago, startOfDay } from './moments.ts'
import { fullName } from './texts.ts'

const listed = 5
const dayMs = 24 * 60 * 60 * 1000

/** What the time is called in the head line, and before the customers who came in it. */
const names = {
  today: ['今日', '今天'],
  yesterday: ['昨日', '昨天'],
  week: ['近 7 天', '近 7 天'],
} as const

/** Today so far, or whole days before it. */
function spanOf(day: keyof typeof names, now: Date, timeZone: string): { $gte: Date; $lt?: Date } {
  const today = startOfDay(now, timeZone)
  if (day === 'today') return { $gte: today }
  const days = day === 'week' ? 7 : 1
  // From the middle of the first day, which is that day also where clocks have been changed since.
  return { $gte: startOfDay(new Date(today.getTime() - (days - 0.5) * dayMs), timeZone), $lt: today }
}

/** 今日: what happened among the customers that the asker may see, and whom to turn to next. */
export const reportShow = defineAction({
  id: 'report.show',
  title: '今日小结',
  summary:
    'A day among the customers whom the asker may see: new, lost, notes, and who waits now. On a schedule, of the whole corp.',
  output: z.object({
    added: z.number().describe('Customers who came in that time'),
    lost: z.number().describe('Relations that ended in that time'),
    notes: z.number().describe('Follow-ups that were written in that time'),
    text: z.string().describe('All of it in Chinese, with those who wait'),
  }),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({
    day: z
      .enum(['today', 'yesterday', 'week'])
      .default('today')
      .describe('today so far, yesterday, or the last 7 whole days, in the corp\u2019s time zone'),
  }),
  async run(context, { day }) {
    const { models, now, corp } = context
    // What runs by the clock is about nobody: it reports of the whole corp.
    const asker: Asker = context.asker.userid === '' ? { ...context.asker, role: 'admin' } : context.asker
    const scope = await visibleFollows(models, asker)
    const span = spanOf(day, now, corp.timeZone)
    const [added, addedCount, lost, notes, waiting, waitingCount, total] = await Promise.all([
      models.follows
        .find({ ...scope, addedAt: span })
        .sort({ addedAt: -1 })
        .limit(listed)
        .lean(),
      models.follows.countDocuments({ ...scope, addedAt: span }),
      models.follows.countDocuments({ ...scope, status: { $ne: 'active' }, endedAt: span }),
      models.trajectories.countDocuments({ ...scope, at: span, kind: 'noted' }),
      models.follows
        .find({ ...scope, status: 'active', stage: '待跟进' })
        .sort({ addedAt: -1 })
        .limit(listed)
        .lean(),
      models.follows.countDocuments({ ...scope, status: 'active', stage: '待跟进' }),
      models.follows.countDocuments({ ...scope, status: 'active' }),
    ])
    // Among colleagues' customers the same one may stand twice.
    const followers = asker.role === 'staff' ? [] : [...added, ...waiting].map(one => one.userid)
    const { staff } = byName(await namesIn(models, corp.corpId, followers))
    const nameOf = (one: Follow): string =>
      asker.role === 'staff' ? fullName(one) : `${fullName(one)}　${staff(one.userid)}`
    const whose = asker.role === 'admin' ? '全公司' : asker.role === 'lead' ? '团队' : '我的'
    const [title, when] = names[day]
    const lines = [
      `【${title} · ${whose}】`,
      `新增客户 ${addedCount}　流失 ${lost}　写跟进 ${notes}`,
      `在跟客户共 ${total} 位，待跟进 ${waitingCount} 位`,
      ...(added.length === 0 ? [] : ['', `${when}新加：`, ...added.map(one => `· ${nameOf(one)}`)]),
      ...(waiting.length === 0
        ? ['', '没有待跟进的客户，都照顾到了。']
        : [
            '',
            '还没跟进：',
            ...waiting.map(one => `· ${nameOf(one)}${one.addedAt ? `（${ago(one.addedAt, now)}添加）` : ''}`),
            ...(waitingCount > waiting.length ? [`… 还有 ${waitingCount - waiting.length} 位`] : []),
          ]),
    ]
    return { added: addedCount, lost, notes, text: lines.join('\n') }
  },
})
