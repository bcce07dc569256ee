import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'

interface Entry {
  kind: string
  params: { template_card?: { task_id: string }; button?: { replace_name: string }; userids?: string[] }
}

describe('a button of a card', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick()
    const card = {
      card_type: 'button_interaction',
      main_title: { title: '办好了吗' },
      button_list: [
        { text: '今天怎样', key: '今日' },
        { text: '加标签', key: '标签 没有这个人 +VIP' },
        { text: '弄错了', key: '没有这个命令' },
      ],
    }
    const steps = [
      { id: 'end', action: 'stop', if: { path: 'args.what', is: 'eq', value: '停' } },
      { id: 'card', action: 'reply', with: { template_card: card } },
    ]
    const args = [{ name: 'what', title: '什么', type: 'rest', required: false }]
    const document = {
      schemaVersion: 1,
      key: 'card',
      title: '卡片',
      trigger: { command: '卡片', args },
      steps,
    }
    await publishLive(sidekick, document)
  })
  afterAll(() => sidekick.stop())

  const entries = () => control<Entry[]>(sidekick, 'GET', 'outbox?since=0')
  async function sendCard(): Promise<string> {
    const before = (await entries()).length
    await sidekick.chat.staff('lina').says('卡片')
    const sent = await expect
      .poll(async () => (await entries()).slice(before).find(one => one.params.template_card))
      .toBeDefined()
      .then(async () => (await entries()).slice(before).find(one => one.params.template_card))
    return sent?.params.template_card?.task_id ?? ''
  }

  it('is a command: it is answered by app message, and gives way to a word', async () => {
    const taskId = await sendCard()
    await sidekick.chat.staff('lina').presses({ taskId }, '今日')
    await sidekick.chat.expectAppMessage('lina', '【今日')
    await expect
      .poll(async () => (await entries()).filter(one => one.kind === 'card_update').map(one => one.params))
      .toMatchObject([{ userids: ['lina'], button: { replace_name: '已处理' } }])
  })

  it('whose command is refused stays as it is, to be pressed again', async () => {
    const updates = async () => (await entries()).filter(one => one.kind === 'card_update').length
    const before = await updates()
    const taskId = await sendCard()
    for (const button of ['标签 没有这个人 +VIP', '标签 没有这个人 +VIP']) {
      await sidekick.chat.staff('lina').presses({ taskId }, button)
      await sidekick.chat.expectAppMessage('lina', '没有找到叫“没有这个人”的客户')
    }
    await sidekick.chat.staff('lina').presses({ taskId }, '今日')
    await expect.poll(updates).toBe(before + 1)
  })

  it('that is no command is answered like an unknown one, never with silence', async () => {
    const taskId = await sendCard()
    await sidekick.chat.staff('lina').presses({ taskId }, '没有这个命令')
    await sidekick.chat.expectAppMessage('lina', '没看懂“没有这个命令”')
  })
})

describe('stop', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick()
    const trigger = { message: { contains: ['停不停'] } }
    const tell = (text: string) => ({ id: 'tell', action: 'staff.notify', with: { to: ['lina'], text } })
    const document = (key: string, priority: number, ...steps: object[]) => ({
      ...{ schemaVersion: 1, key, title: key, trigger, priority, steps },
    })
    const documents = [
      document('first', 1, { id: 'end', action: 'stop' }, tell('一')),
      document('second', 2, tell('二'), { id: 'end', action: 'stop', with: { all: true } }),
      document('third', 3, tell('三')),
    ]
    await publishLive(sidekick, ...documents)
  })
  afterAll(() => sidekick.stop())

  it('ends its run, and with all: true the event', async () => {
    const { inbox, runs } = sidekick.database.models
    await sidekick.chat.staff('lina').says('停不停')
    await expect
      .poll(async () => (await inbox.findOne({ state: 'done' }).lean())?.passed)
      .toMatchObject([{ handler: 'third', stage: 'after' }])
    const found = await runs.find().sort({ handler: 1 }).lean()
    expect(found.map(one => [one.handler, ...one.steps.map(step => step.skipped ?? step.state)])).toEqual([
      ['first', 'done', 'stop'],
      ['second', 'done', 'done'],
    ])
  })
})
