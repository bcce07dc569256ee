import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { type BotEvent, isEvent, parseEvent } from '../events/parse.ts'
import { updateCard } from './update-card.ts'

const { corpId, agentId } = platformApp

function click(responseCode: string, cardType = 'button_interaction'): BotEvent<'card.clicked'> {
  const event = parseEvent(
    `<xml><ToUserName>${corpId}</ToUserName><FromUserName>lina</FromUserName><MsgType>event</MsgType><Event>template_card_event</Event><CreateTime>1700000000</CreateTime><EventKey>今日</EventKey><TaskId>t</TaskId><CardType>${cardType}</CardType><ResponseCode>${responseCode}</ResponseCode><AgentID>${agentId}</AgentID></xml>`,
  )
  if (!isEvent(event, 'card.clicked')) throw new Error(event.name)
  return event
}

describe('a card that was clicked', () => {
  let platform: TestPlatform
  beforeAll(async () => {
    platform = await startTestPlatform(loadDemoCorp)
  })
  afterAll(() => platform.close())
  beforeEach(() => platform.control('POST', 'reset', {}))

  async function sendCard(): Promise<string> {
    const { response_code = '' } = await platform.client.call('message/send', {
      touser: 'lina',
      agentid: Number(agentId),
      msgtype: 'template_card',
      template_card: {
        card_type: 'button_interaction',
        main_title: { title: '办好了吗' },
        task_id: 't',
        button_list: [{ text: '好了', key: '今日' }],
      },
    })
    return response_code
  }
  const updates = async () =>
    ((await platform.control('GET', 'outbox?since=0')) as OutboxEntry[])
      .filter(one => one.kind === 'card_update')
      .map(one => one.params)

  it('says 已处理 in place of its buttons, to whoever clicked', async () => {
    expect(await updateCard(platform.client, click(await sendCard()))).toBe('updated')
    expect(await updates()).toMatchObject([{ userids: ['lina'], button: { replace_name: '已处理' } }])
  })

  it('says what it is told to say', async () => {
    await updateCard(platform.client, click(await sendCard()), { replaceName: '已回访' })
    expect(await updates()).toMatchObject([{ button: { replace_name: '已回访' } }])
  })

  it('is updated once for each click; a second time is no failure', async () => {
    const event = click(await sendCard())
    await updateCard(platform.client, event)
    expect(await updateCard(platform.client, event)).toBe('over')
    expect(await updates()).toHaveLength(1)
  })

  it('stays as it is where it has no buttons', async () => {
    expect(await updateCard(platform.client, click('code', 'text_notice'))).toBe('no_buttons')
    expect(await updateCard(platform.client, click(''))).toBe('no_buttons')
    expect(await updates()).toEqual([])
  })

  it('passes on what the platform refuses for another reason', async () => {
    await platform.control('POST', 'faults', [
      { path: 'message/update_template_card', errcode: 301002, times: 1 },
    ])
    await expect(updateCard(platform.client, click(await sendCard()))).rejects.toMatchObject({
      errcode: 301002,
    })
  })
})
