import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'

describe('an answer of any kind', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    // A busy machine takes its time for an answer, of which the platform gives five seconds.
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '4500' })
    const url = 'https://a.example/{{ staff.userid }}'
    const answers: Record<string, object> = {
      看新闻: {
        news: [
          { title: '{{ staff.name }}的新闻', description: '今天', url, picture: 'https://a.example/1.png' },
        ],
      },
      看小程序: { news: [{ title: '小程序', appid: 'wx1', pagepath: 'pages/a' }] },
      看格式: { markdown: '**{{ staff.name }}**' },
      看卡片: { textcard: { title: '报价', description: '已更新', url } },
      看按钮: {
        template_card: {
          card_type: 'button_interaction',
          main_title: { title: '办好了吗' },
          button_list: [{ text: '好了', key: '今日' }],
        },
      },
      看长文: { text: '长'.repeat(1_000) },
    }
    const documents = Object.entries(answers).map(([command, params], at) => {
      const steps = [{ id: 'answer', action: 'reply', with: params }]
      return { schemaVersion: 1, key: `answer-${at}`, title: command, trigger: { command }, steps }
    })
    await publishLive(sidekick, ...documents)
  })
  afterAll(() => sidekick.stop())

  it('that is news goes out in the HTTP response, and is the same for a redelivery', async () => {
    const { chat } = sidekick
    const { msgId, reply } = (await chat.staff('lina').says('看新闻')) as never as {
      msgId: string
      reply: object
    }
    expect(reply).toMatchObject({
      msgType: 'news',
      articles: [
        {
          title: '李娜的新闻',
          description: '今天',
          url: 'https://a.example/lina',
          picUrl: 'https://a.example/1.png',
        },
      ],
    })
    const { models } = sidekick.database
    const stored = await models.inbox
      .findOne({ reply: { $exists: true }, xml: new RegExp(msgId) })
      .orFail()
      .lean()
    const again = await fetch(`${sidekick.simulator.url}/__sim/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ app: 'app', xml: stored.xml }),
    })
    expect(await again.json()).toMatchObject({ reply })
  })

  it('that opens a mini program is an app message, because no response can', async () => {
    const { chat } = sidekick
    expect((await chat.staff('lina').says('看小程序')).reply).toBeNull()
    const { params } = await chat.expectAppMessage('lina', '小程序')
    expect(params).toMatchObject({ news: { articles: [{ appid: 'wx1', pagepath: 'pages/a' }] } })
  })

  it.each([
    ['看格式', 'markdown', '李娜'],
    ['看卡片', 'textcard', '报价'],
    ['看按钮', 'template_card', '办好了吗'],
  ])('that no response can carry is an app message: %s', async (command, msgtype, said) => {
    const { chat } = sidekick
    expect((await chat.staff('lina').says(command)).reply).toBeNull()
    expect((await chat.expectAppMessage('lina', said)).params).toMatchObject({ msgtype })
  })

  it('that is a long text goes on in app messages', async () => {
    const { chat } = sidekick
    expect((await chat.staff('lina').says('看长文')).reply).toMatchObject({ text: '长'.repeat(682) })
    await chat.expectAppMessage('lina', '长'.repeat(318))
  })
})
