import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersOff, handlersOn } from '../../jobs/operator/handler-switch-verbs.ts'
import type { Running } from '../../server.ts'
import { actions } from '../actions/registry.ts'
import { saveDraft } from '../handlers/drafts.ts'

let sidekick: TestSidekick
let operator: TestOperator
let corpId = ''
beforeAll(async () => {
  sidekick = await startTestSidekick({ ADMIN_STAFF: 'zhouming' })
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
    await says('处理器', /^共 \d+ 个处理器，开着 \d+ 个：\n1\. 春季家博会扫码欢迎　开\n/)
    await says('处理器 列表', /\d+\. 欢迎新客户（示例）　关\n/)
    await says('clq list', /\d+\. 管理处理器　开\n/)
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
    await says('处理器 关 1', /^“春季家博会扫码欢迎”本来就是关着的（周明，/)
    await says('处理器 开 家博会', '已打开：春季家博会扫码欢迎\n关掉请发：处理器 关 春季家博会扫码欢迎')
    await says('处理器 停用 WELCOME-SPRING-FAIR', '已关闭')
    await says('处理器 打开 １', '已打开')
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
    await says('处理器 开 坏的', /^“坏的”的内容有错，打不开。.*handlers show torn/)
    await models.handlers.deleteMany({ corpId, key: { $in: ['draft', 'torn'] } })
  })
})

describe('暂停 and 恢复', () => {
  const paused = async () => (await sidekick.database.models.corps.findOne({ corpId }).orFail().lean()).paused
  beforeEach(async () => {
    await sidekick.database.models.corps.updateOne({ corpId }, { $unset: { paused: 1 } })
  })

  it('pause the corp and end that, and say who did and how to undo it', async () => {
    await says('恢复', '没有暂停，处理器都在照常运行。')
    await says('暂停', '已暂停全部处理器（命令除外），也不再发欢迎语。\n恢复请发：恢复')
    expect(await paused()).toMatchObject({ by: 'zhouming' })
    await says('暂停', /^已经是暂停状态了（周明，.+）。\n恢复请发：恢复$/)
    await says('处理器', /^现在是暂停状态（周明，.+），除命令外都不运行。恢复请发：恢复\n\n共/)
    await says('恢复', /^已恢复，处理器从现在起照常运行（之前由周明在 .+ 暂停）/)
    expect(await paused()).toBeUndefined()
  })
})

describe('the commands of admins', () => {
  it('are in the help of admins alone', async () => {
    await says('帮助', /处理器 \[列表\/开\/关\/为什么\] \[名字\]/)
    await sidekick.chat.staff('lina').says('帮助')
    expect(await sidekick.chat.expectReply('你可以这样使唤我')).not.toMatch(/处理器|暂停|恢复/)
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
    const within = async (answer: RegExp): Promise<number> => {
      const began = performance.now()
      await expect
        .poll(
          async () => {
            await sidekick.chat.staff('lina').says('今日')
            return sidekick.chat.expectReply(/./)
          },
          { timeout: 5_000, interval: 50 },
        )
        .toMatch(answer)
      return performance.now() - began
    }
    await within(/【今日/)
    await operator.run(handlersOff, { corp: corpId, key: 'command-today' })
    expect(await within(/^没看懂/)).toBeLessThan(2_000)
    await operator.run(handlersOn, { corp: corpId, key: 'command-today' })
    expect(await within(/【今日/)).toBeLessThan(2_000)
    await sidekick.callbacksTo(sidekick.url)
  })
})
