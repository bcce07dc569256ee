import { z } from 'zod'
import { type Asker, visibleFollows } from '../../models/scope.ts'
import { defineAction } from './define.ts'
import { ago, startOfDay } from './moments.ts'
import { fullName } from './texts.ts'

const listed = 5

/** 今日: what happened today among the customers that the asker may see, and whom to turn to next. */
export const reportShow = defineAction({
  id: 'report.show',
  title: '今日小结',
  summary:
    'The day among the customers whom the asker may see: new, lost, notes, who waits. On a schedule, of the whole corp.',
  output: z.object({
    added: z.number().describe('Customers who came today'),
    lost: z.number().describe('Relations that ended today'),
    notes: z.number().describe('Follow-ups that were written today'),
    text: z.string().describe('All of it in Chinese, with those who wait'),
  }),
  effect: 'read',
  idempotent: true,
  params: z.strictObject({}),
  async run(context) {
    const { models, now, corp } = context
    // What runs by the clock is about nobody: it reports of the whole corp.
    const asker: Asker = context.asker.userid === '' ? { ...context.asker, role: 'admin' } : context.asker
    const scope = await visibleFollows(models, asker)
    const today = startOfDay(now, corp.timeZone)
    const [added, addedCount, lost, notes, waiting, waitingCount, total] = await Promise.all([
      models.follows
        .find({ ...scope, addedAt: { $gte: today } })
        .sort({ addedAt: -1 })
        .limit(listed)
        .lean(),
      models.follows.countDocuments({ ...scope, addedAt: { $gte: today } }),
      models.follows.countDocuments({ ...scope, status: { $ne: 'active' }, endedAt: { $gte: today } }),
      models.trajectories.countDocuments({ ...scope, at: { $gte: today }, kind: 'noted' }),
      models.follows
        .find({ ...scope, status: 'active', stage: '待跟进' })
        .sort({ addedAt: -1 })
        .limit(listed)
        .lean(),
      models.follows.countDocuments({ ...scope, status: 'active', stage: '待跟进' }),
      models.follows.countDocuments({ ...scope, status: 'active' }),
    ])
    const whose = asker.role === 'admin' ? '全公司' : asker.role === 'lead' ? '团队' : '我的'
    const lines = [
      `【今日 · ${whose}】`,
      `新增客户 ${addedCount}　流失 ${lost}　写跟进 ${notes}`,
      `在跟客户共 ${total} 位，待跟进 ${waitingCount} 位`,
      ...(added.length === 0 ? [] : ['', '今天新加：', ...added.map(one => `· ${fullName(one)}`)]),
      ...(waiting.length === 0
        ? ['', '没有待跟进的客户，都照顾到了。']
        : [
            '',
            '还没跟进：',
            ...waiting.map(
              one => `· ${fullName(one)}${one.addedAt ? `（${ago(one.addedAt, now)}添加）` : ''}`,
            ),
            ...(waitingCount > waiting.length ? [`… 还有 ${waitingCount - waiting.length} 位`] : []),
          ]),
    ]
    return { added: addedCount, lost, notes, text: lines.join('\n') }
  },
})
