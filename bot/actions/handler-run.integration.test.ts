import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersRun } from '../../jobs/operator/run-verb.ts'
import type { Models } from '../../models/models.ts'

const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
const patience = { timeout: 15_000 }
const tell = {
  id: 'tell',
  action: 'staff.notify',
  with: { to: ['staff'], text: '{{ customer.name }}{{ args.about }}' },
}
const document = (key: string, title: string, trigger: object, over: object = {}) => ({
  ...{ schemaVersion: 1, key, title, trigger, steps: [tell] },
  ...over,
})
const command = {
  command: '运行',
  args: [
    { name: 'handler', title: '处理器', type: 'word' },
    { name: 'customer', title: '客户', type: 'rest', required: false },
  ],
}

describe('running a handler by hand', () => {
  let sidekick: TestSidekick
  let operator: TestOperator
  let models: Models
  beforeAll(async () => {
    // A busy machine takes its time for an answer, of which the platform gives five seconds.
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '4500' })
    operator = openOperator(sidekick.database)
    models = sidekick.database.models
    const steps = [
      {
        id: 'act',
        action: 'handler.run',
        with: { handler: '{{ args.handler }}', customer: '{{ args.customer }}' },
      },
      { id: 'answer', action: 'reply', with: { text: '{{ steps.act.output.text }}' } },
    ]
    const report = { ...tell, with: { to: ['lina'], text: '早报来了' } }
    const wrong = { id: 'wrong', action: 'script.find', with: { query: '{{ args.about }}查无' } }
    const never = { path: 'time.date', is: 'lt', value: '2020-01-01' }
    const followedUp = { path: 'follow.lastFollowUpAt', is: 'exists' }
    const documents = [
      document('care', '关怀', { manual: true }),
      document('twin-a', '双胞胎', { manual: true }),
      document('twin-b', '双胞胎', { manual: true }),
      document(
        'report',
        '早报',
        { schedule: '0 3 1 1 *' },
        { steps: [{ ...tell, with: { to: ['lina'], text: '早报来了' } }] },
      ),
      document('asleep', '睡着', { manual: true }, { enabled: false }),
      document('only-lina', '只给李娜', { manual: true }, { scope: { staff: ['lina'] }, steps: [report] }),
      document('only-4', '只给线上组', { manual: true }, { scope: { departments: ['4'] }, steps: [report] }),
      document('never', '不到时候', { manual: true }, { when: never, steps: [report] }),
      document('half', '半截', { manual: true }, { steps: [tell, { ...wrong, onError: 'continue' }] }),
      document('idle', '没跟进', { manual: true }, { when: { not: followedUp } }),
      document('run', '运行', command, { steps }),
    ]
    await publishLive(sidekick, ...documents)
  })
  afterAll(async () => {
    await operator?.close()
    await sidekick?.stop()
  })

  const runs = (handler: string) => models.runs.find({ handler, state: 'done' }).lean()
  const run = (key: string, args: object = {}) =>
    operator.run(handlersRun, { key, _: [key], corp: sidekick.app.corpId, ...args })

  it('by a command answers at once and runs for the customer who is named', async () => {
    const { chat } = sidekick
    await chat.staff('lina').says('运行 关怀 张三')
    await chat.expectReply(/^已开始为 .*张三.* 运行“关怀”。$/)
    await chat.expectAppMessage('lina', '张三')
    await expect.poll(() => runs('care'), patience).toHaveLength(1)
    expect((await runs('care'))[0]).toMatchObject({ userid: 'lina', externalUserid: zhangsan })
  })

  it('by a command runs a scheduled one too, by its key, and for nobody in particular', async () => {
    const { chat } = sidekick
    await chat.staff('wangfang').says('运行 report')
    await chat.expectReply('已开始运行“早报”。')
    await expect.poll(() => runs('report'), patience).toHaveLength(1)
  })

  it('tells whoever typed the command what failed, also where it is about the customer of somebody else', async () => {
    const { chat } = sidekick
    await chat.staff('zhouming').says(`运行 半截 ${zhangsan}`)
    await chat.expectReply(/^已开始为.* 运行“半截”。$/)
    await chat.expectAppMessage('zhouming', /^“半截”有一部分没有办成：\n没有找到和“查无”有关的话术/)
  })

  it.each([
    ['运行 没有的', '没有叫“没有的”的处理器'],
    ['运行 睡着', '处理器“睡着”已关闭。请先发：处理器 开 asleep'],
    ['运行 双胞胎', /^有 2 个处理器符合“双胞胎”：\n\d+\. 双胞胎\n\d+\. 双胞胎\n.*前面的序号/],
    ['运行 command-help', '“帮助”不是手动或定时处理器，不能这样运行'],
    ['运行 关怀 查无此人', '没有找到叫“查无此人”的客户'],
    ['运行 关怀', '“关怀”需要指定客户，例如：处理器 运行 关怀 张三'],
    ['运行 没跟进', '“没跟进”需要指定客户，例如：处理器 运行 没跟进 张三'],
  ])('answers “%s” with what is wrong', async (line, answer) => {
    await sidekick.chat.staff('lina').says(line)
    await sidekick.chat.expectReply(answer)
  })

  it.each([
    ['运行 只给李娜', '“只给李娜”不会运行：只适用于李娜，王芳不在其中。'],
    ['运行 只给线上组', '“只给线上组”不会运行：只适用于线上组，王芳不在其中。'],
    ['运行 不到时候', /^“不到时候”不会运行：日期应早于“2020-01-01”，现在是“[\d-]+”。$/],
  ])('says of “%s” that nothing will come of it, and why', async (line, answer) => {
    await sidekick.chat.staff('wangfang').says(line)
    await sidekick.chat.expectReply(answer)
  })

  it('tells whose customer it is where it is not the asker\u2019s', async () => {
    const { chat } = sidekick
    await chat.staff('zhouming').says(`运行 关怀 ${zhangsan}`)
    await chat.expectReply(/^已开始为[^ ]+的客户 .*张三.* 运行“关怀”。$/)
  })

  it('by the operator runs it each time anew, with arguments', async () => {
    // What was asked for before may still be to come.
    const left = { 'start.handler': 'care', state: 'waiting' } as const
    await expect.poll(() => models.inbox.countDocuments(left), patience).toBe(0)
    const before = (await runs('care')).length
    const about = { staff: 'lina', customer: zhangsan, args: 'about=生日', _: ['care', 'count=2'] }
    const ids = [await run('care', about), await run('care', about)].map(
      ({ data }) => (data as { event: string }).event,
    )
    expect(new Set(ids).size).toBe(2)
    await expect.poll(async () => (await runs('care')).length, patience).toBe(before + 2)
    const stored = await models.inbox.findById(ids[0]).orFail().lean()
    expect(stored.start).toMatchObject({ by: 'manual', args: { about: '生日', count: '2' } })
    await sidekick.chat.expectAppMessage('lina', '张三生日')
  })

  it.each([
    ['nothing', {}, 'there is no handler nothing that has been published'],
    ['command-help', {}, 'command-help is neither manual nor scheduled: its trigger starts it'],
    ['asleep', {}, 'asleep is switched off: handlers on asleep'],
    ['care', { staff: 'nobody' }, 'there is no staff member nobody'],
    ['care', { customer: zhangsan }, '--customer needs --staff: whose customer it is'],
    ['care', { staff: 'lina', customer: 'wmNobody' }, 'lina has no customer wmNobody'],
    ['idle', {}, 'idle needs a customer: handlers run idle --staff <userid> --customer <externalUserid>'],
    ['idle', { staff: 'lina' }, 'idle needs a customer: handlers run idle --staff <userid> --customer'],
    ['care', { args: 'about' }, '"about" is no argument of a handler; they are written name=value'],
  ])('by the operator says what is wrong with %s %o', async (key, args, message) => {
    await expect(run(key, args)).rejects.toThrow(message)
  })

  it('is refused while all are paused', async () => {
    const { corpId } = sidekick.app
    await models.corps.updateOne({ corpId }, { paused: { at: new Date(), by: 'zhouming' } })
    await expect(run('care')).rejects.toThrow('all handlers are paused by zhouming: handlers resume')
    await sidekick.chat.staff('lina').says('运行 关怀')
    await sidekick.chat.expectReply('处理器已全部暂停。请先发：恢复')
    await models.corps.updateOne({ corpId }, { $unset: { paused: 1 } })
  })
})
