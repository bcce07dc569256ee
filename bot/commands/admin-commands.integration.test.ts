import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersOff, handlersOn } from '../../jobs/operator/handler-switch-verbs.ts'
import type { Running } from '../../server.ts'
import { actions } from '../actions/registry.ts'
import { saveDraft } from '../handlers/drafts.ts'
import { publishHandler } from '../handlers/publish.ts'

let sidekick: TestSidekick
let operator: TestOperator
let corpId = ''
beforeAll(async () => {
  sidekick = await startTestSidekick({ ADMIN_STAFF: 'zhouming', REPLY_BUDGET_MS: '4500' })
  operator = openOperator(sidekick.database)
  corpId = sidekick.app.corpId
})
afterAll(async () => {
  await operator?.close()
  await sidekick?.stop()
})

const says = async (text: string, answer: RegExp | string, userid = 'zhouming') => {
  await sidekick.chat.staff(userid).says(text)
  await sidekick.chat.expectAnswer(answer)
}
const stored = (key: string) => sidekick.database.models.handlers.findOne({ corpId, key }).orFail().lean()

describe('处理器', () => {
  it('lists all handlers and how they stand, what works by itself first', async () => {
    await says('处理器', /^共 \d+ 个处理器，已开启 \d+ 个：\n1\. 春季家博会扫码欢迎　开\n/)
    await says('处理器 列表', /\d+\. 欢迎新客户（示例）　关\n/)
    await says('clq list', /\n命令 \d+ 个，均已开启，看全部请发：处理器 列表 命令\n/)
    await says('规则 列表 命令', /\d+\. 管理处理器　开\n/)
  })

  it('lists those that a word fits, with the numbers that they have in the whole list', async () => {
    await says('处理器 列表 欢迎', /^“欢迎”有 \d+ 个处理器：\n1\. 春季家博会扫码欢迎　开\n/)
    await says('处理器 列表 没有这样的', /^没有叫“没有这样的”的处理器。/)
  })

  it('marks those whose last run failed, but no command that was refused to whoever typed it', async () => {
    const run = {
      ...{ corpId, event: 'e', eventName: 'customer.added', revision: 1, steps: [] },
      ...({ state: 'failed', startedAt: new Date(), expireAt: new Date(Date.now() + 60_000) } as const),
    }
    const { runs } = sidekick.database.models
    await runs.create({ ...run, handler: 'welcome-spring-fair', trigger: 'event' })
    await runs.create({ ...run, handler: 'command-customer', trigger: 'command' })
    await says('处理器 列表', /1\. 春季家博会扫码欢迎　开（最近一次失败）\n/)
    const { document } = await stored('command-customer')
    await says('处理器 列表 命令', new RegExp(`\\d+\\. ${document?.title}　开\\n`))
    await runs.deleteMany({ event: 'e' })
  })

  it('switches one by its title, its key, a part of either, or its number, and says how to undo it', async () => {
    await says(
      '处理器 关 春季家博会扫码欢迎',
      '已关闭：春季家博会扫码欢迎\n再打开请发：处理器 开 春季家博会扫码欢迎',
    )
    expect(await stored('welcome-spring-fair')).toMatchObject({
      enabled: false,
      switched: [{ on: false, by: 'zhouming' }],
    })
    await says('处理器 列表', /1\. 春季家博会扫码欢迎　关（周明，.+ \d\d:\d\d）\n/)
    await says('处理器 关 1', /^“春季家博会扫码欢迎”已经是关闭状态（周明，/)
    await says('处理器 开 家博会', '已打开：春季家博会扫码欢迎\n关掉请发：处理器 关 春季家博会扫码欢迎')
    await says('处理器 停用 WELCOME-SPRING-FAIR', '已关闭')
    await says('处理器 打开 １', '已打开')
  })

  it('tells of one that is a dry run, in the list and when it is switched on', async () => {
    const { handlers } = sidekick.database.models
    const which = { corpId, key: 'welcome-spring-fair' }
    await handlers.updateOne(which, { $set: { 'document.run.dryRun': true } })
    await says('处理器 列表', /1\. 春季家博会扫码欢迎　开，试运行\n/)
    await says('处理器 关 1', '已关闭：春季家博会扫码欢迎\n再打开')
    await says('处理器 列表', /1\. 春季家博会扫码欢迎　关（周明，.+ \d\d:\d\d）\n/)
    await says('处理器 开 1', '已打开：春季家博会扫码欢迎（试运行，只记录不执行）\n关掉请发')
    await handlers.updateOne(which, { $unset: { 'document.run': 1 } })
  })

  it('asks where a name fits several or none, and names near ones', async () => {
    await says('处理器 关 欢迎', /^有 \d+ 个处理器符合“欢迎”：\n1\. 春季家博会扫码欢迎\n/)
    await says(
      '处理器 关 春季家博汇扫码',
      /^没有叫“春季家博汇扫码”的处理器，是不是：\n1\. 春季家博会扫码欢迎/,
    )
    await says('处理器 开 完全没有的东西', '看有哪些请发：处理器 列表')
    await says('处理器 开', /^要打开哪一个？/)
    await says('处理器 删 欢迎', /^没看懂“删”。可以发：\n处理器 列表/)
  })

  it('names the key where two have one title', async () => {
    const { models } = sidekick.database
    const { _id, __v, ...twin } = (await stored('welcome-spring-fair')) as unknown as Record<string, unknown>
    await models.handlers.create({ ...twin, key: 'twin-fair', corpId } as never)
    await says('处理器 关 twin-fair', '已关闭：春季家博会扫码欢迎\n再打开请发：处理器 开 twin-fair')
    await models.handlers.deleteOne({ corpId, key: 'twin-fair' })
  })

  it.each(['command-pause', 'command-resume'])('does not switch off %s', async key => {
    await says(`处理器 关 ${key}`, /不能在这里关掉：要用它来暂停或恢复全部处理器。$/)
    expect(await stored(key)).toMatchObject({ enabled: true })
  })

  it('is not switched off by itself', async () => {
    await says('处理器 关 管理处理器', /^“处理器”这个命令不能在这里关掉/)
    expect(await stored('command-handlers')).toMatchObject({ enabled: true })
  })

  it('does not open what was never published, or cannot run', async () => {
    const { models } = sidekick.database
    await saveDraft(models, corpId, { key: 'draft', title: '半成品' }, actions, 'lina')
    await says('处理器 开 半成品', /^“半成品”还是草稿/)
    const broken = { corpId, key: 'torn', revision: 1, enabled: false, document: { title: '坏的' } }
    await models.handlers.create({ ...broken, updatedAt: new Date() })
    await says('处理器 开 坏的', /^“坏的”的内容有错，不能运行。.*handlers show torn/)
    await models.handlers.deleteMany({ corpId, key: { $in: ['draft', 'torn'] } })
  })
})

describe('处理器 运行', () => {
  const tell = (text: string) => ({
    ...{ id: 'tell', action: 'staff.notify' },
    with: { to: ['zhouming'], text },
  })
  const publish = (key: string, title: string, trigger: object, step: object) =>
    publishHandler(
      sidekick.database.models,
      corpId,
      { schemaVersion: 1, key, title, trigger, steps: [step] },
      actions,
    )
  beforeAll(async () => {
    await publish('birthday', '生日 关怀', { manual: true }, tell('祝{{ customer.name }}生日快乐'))
    await publish('early', '早报', { schedule: '0 3 1 1 *' }, tell('早报来了'))
    const answer = { id: 'answer', action: 'reply', with: { text: '在' } }
    await publish('greeting', '早报在吗', { command: '在吗' }, answer)
    // Published last: once it is in effect the others are.
    await vi.waitFor(
      async () => {
        await sidekick.chat.staff('zhouming').says('在吗')
        expect(await sidekick.chat.expectReply(/./)).toBe('在')
      },
      { timeout: 20_000, interval: 50 },
    )
  })

  it('runs one for the customer who is named behind it, who may be of several words', async () => {
    await says('处理器 运行 birthday 张三', /^已开始为.* .*张三.* 运行“生日 关怀”。$/)
    await sidekick.chat.expectAppMessage('zhouming', /祝.*张三.*生日快乐/)
    await says('处理器 运行 “生日 关怀” 张三', /^已开始为.* .*张三.* 运行“生日 关怀”。$/)
    await says('处理器 运行 birthday 查 无此人', '没有找到叫“查 无此人”的客户')
  })

  it('runs one that is called by a part of its title, or its number, and prefers what can be run', async () => {
    await says('处理器 运行 生日', '“生日 关怀”需要指定客户，例如：处理器 运行 “生日 关怀” 张三')
    await says('处理器 运行 早', '已开始运行“早报”。')
    await sidekick.chat.expectAppMessage('zhouming', '早报来了')
    await sidekick.chat.staff('zhouming').says('处理器')
    const number = /(\d+)\. 生日 关怀/.exec(await sidekick.chat.expectAnswer('生日 关怀'))?.[1]
    await says(`处理器 执行 ${number} 张三`, /^已开始为.* 运行“生日 关怀”。$/)
  })

  it('says what is wrong with what cannot be run', async () => {
    await says('处理器 运行', /^要运行哪一个？/)
    await says('处理器 运行 在吗', '“早报在吗”不是手动或定时处理器，不能这样运行')
    await says('处理器 关 生日 关怀', '已关闭：生日 关怀')
    await says('处理器 运行 生日', '处理器“生日 关怀”已关闭。请先发：处理器 开 birthday')
    await says('处理器 开 生日　 关怀', '已打开：生日 关怀')
  })
})

describe('暂停 and 恢复', () => {
  it('do nothing where something is written behind them, such as what should pause', async () => {
    await says('暂停 欢迎新客户', '多写了“欢迎新客户”，没有执行。\n用法：暂停')
    await says('恢复', /^没有暂停/)
  })

  const paused = async () => (await sidekick.database.models.corps.findOne({ corpId }).orFail().lean()).paused
  beforeEach(async () => {
    await sidekick.database.models.corps.updateOne({ corpId }, { $unset: { paused: 1 } })
  })

  it('pause the corp and end that, and say who did and how to undo it', async () => {
    await says('恢复', '没有暂停，处理器都在照常运行。')
    await says('暂停', '已暂停全部处理器（命令除外），也不再发欢迎语。\n恢复请发：恢复')
    expect(await paused()).toMatchObject({ by: 'zhouming' })
    await says('暂停', /^已经是暂停状态了（周明，.+）。\n恢复请发：恢复$/)
    await says('处理器', /^现在是暂停状态（周明，.+），除命令外都不运行。发“恢复”继续运行。\n\n共/)
    await says('恢复', /^已恢复，处理器从现在起照常运行（之前由周明在 .+ 暂停）/)
    expect(await paused()).toBeUndefined()
  })
})

describe('the commands of admins', () => {
  it('are in the help of admins alone', async () => {
    await says('帮助', /处理器 \[列表\/开\/关\/运行\/为什么\] \[名字\] \[客户\]/)
    await sidekick.chat.staff('lina').says('帮助')
    expect(await sidekick.chat.expectAnswer('你可以发这些命令')).not.toMatch(/处理器|暂停|恢复/)
  })

  it.each(['处理器', '处理器 关 1', '暂停', '恢复', 'clq'])(
    'answer others as what there is not: %s',
    async line => {
      for (const userid of ['lina', 'wangfang']) await says(line, /^没看懂/, userid)
      expect(await stored('welcome-spring-fair')).toMatchObject({ enabled: true })
    },
  )
})

describe('what the operator switches', () => {
  it('is so on another instance within two seconds', async () => {
    const other: Running = await sidekick.another()
    await sidekick.callbacksTo(other.url)
    /** How long from now on what was said still got another answer. */
    const within = async (answer: RegExp): Promise<number> => {
      const began = performance.now()
      let [saidAt, before] = [began, began]
      await expect
        .poll(
          async () => {
            before = saidAt
            saidAt = performance.now()
            await sidekick.chat.staff('lina').says('今日')
            return sidekick.chat.expectAnswer(/./)
          },
          { interval: 50 },
        )
        .toMatch(answer)
      return before - began
    }
    await within(/【今日/)
    await operator.run(handlersOff, { corp: corpId, key: 'command-today' })
    expect(await within(/^没看懂/)).toBeLessThan(2_000)
    await operator.run(handlersOn, { corp: corpId, key: 'command-today' })
    expect(await within(/【今日/)).toBeLessThan(2_000)
    await sidekick.callbacksTo(sidekick.url)
  })
})
