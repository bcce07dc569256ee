import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { openReply, sealCallback } from '../../fixtures/simulator/envelope.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control } from '../../fixtures/test/visitor.ts'
import { startWebProcess, type WebProcess } from '../../fixtures/test/web-process.ts'
import type { Running } from '../../server.ts'

const patience = { timeout: 30_000, interval: 20 }

/** A message of lina's that nobody has sent before. */
let messages = 0
function lineOf({ app }: TestSidekick, content: string): string {
  messages += 1
  const seconds = Math.floor(Date.now() / 1000)
  return `<xml><ToUserName>${app.corpId}</ToUserName><FromUserName>lina</FromUserName><CreateTime>${seconds}</CreateTime><MsgType>text</MsgType><Content>${content}</Content><MsgId>${messages}</MsgId><AgentID>${app.agentId}</AgentID></xml>`
}

/** Delivers a message to one instance, as the platform does. @returns its answer, '' for none */
async function deliver(
  { app }: TestSidekick,
  url: string,
  xml: string,
  signal?: AbortSignal,
): Promise<string> {
  const { query, body } = sealCallback(app, xml, Date.now())
  const response = await fetch(`${url}/callback/app?${new URLSearchParams(query)}`, {
    method: 'POST',
    body,
    ...(signal !== undefined && { signal }),
  })
  expect(response.status).toBe(200)
  const sealed = await response.text()
  return sealed === '' ? '' : String(openReply(app, sealed).Content)
}

const outboxOf = (sidekick: TestSidekick) => control<OutboxEntry[]>(sidekick, 'GET', 'outbox')

describe('a message that is delivered to two instances', () => {
  let sidekick: TestSidekick
  let other: Running
  beforeAll(async () => {
    // As long as the platform waits, less a moment: what is to be answered is, however busy the machine.
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '4500' })
    other = await sidekick.another()
  })
  afterAll(() => sidekick.stop())
  afterEach(() => control(sidekick, 'DELETE', 'faults'))
  const slowBy = (delayMs: number) =>
    control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/mark_tag', delayMs, times: 1 }])
  const inbox = () => sidekick.database.models.inbox
  const begun = () => vi.waitFor(() => inbox().findOne({ state: 'waiting' }).orFail().lean(), patience)
  const settled = (id: string) =>
    vi.waitFor(() => inbox().findOne({ _id: id, state: 'done' }).orFail().lean(), patience)
  /** What the platform was made to do from now on; pictures are uploaded ahead at any time. */
  async function sinceNow(): Promise<() => Promise<string[]>> {
    const before = (await outboxOf(sidekick)).length
    return async () => {
      const entries = (await outboxOf(sidekick)).slice(before)
      return entries.map(entry => entry.kind).filter(kind => kind !== 'media')
    }
  }

  it('is answered at the second one with what the first one finds, whose connection is gone', async () => {
    const kinds = await sinceNow()
    // Time for the connection to go before there is an answer.
    await slowBy(2_000)
    const xml = lineOf(sidekick, '标签 张三 +VIP')
    const gone = new AbortController()
    const first = deliver(sidekick, sidekick.url, xml, gone.signal).catch((error: Error) => error.name)
    const { _id } = await begun()
    gone.abort()
    expect(await deliver(sidekick, other.url, xml)).toContain('VIP')
    expect(await first).toBe('AbortError')
    expect((await settled(_id)).reply).toContain('VIP')
    expect(await kinds()).toEqual(['mark_tag'])
  })

  it('is begun once, and every connection gets the same answer', async () => {
    const kinds = await sinceNow()
    await slowBy(400)
    const xml = lineOf(sidekick, '标签 张三 -VIP')
    const urls = [sidekick.url, other.url, sidekick.url, other.url, other.url]
    const answers = await Promise.all(urls.map(url => deliver(sidekick, url, xml)))
    expect(new Set(answers).size).toBe(1)
    expect(answers[0]).toContain('VIP')
    await settled((await inbox().findOne({ xml }).orFail().lean())._id)
    expect(await deliver(sidekick, other.url, xml)).toBe(answers[0])
    expect(await kinds()).toEqual(['mark_tag'])
  })

  it('is answered with nothing after the budget, and then once by app message', async () => {
    // Their budget is over long before there is an answer.
    const hasty = { REPLY_BUDGET_MS: '1500' }
    const [one, two] = [await sidekick.another(hasty), await sidekick.another(hasty)]
    const kinds = await sinceNow()
    await slowBy(4_000)
    const xml = lineOf(sidekick, '标签 张三 +VIP')
    const first = deliver(sidekick, one.url, xml)
    const { _id } = await begun()
    expect(await Promise.all([first, deliver(sidekick, two.url, xml)])).toEqual(['', ''])
    await settled(_id)
    expect(await deliver(sidekick, two.url, xml)).toBe('')
    expect(await kinds()).toEqual(['mark_tag', 'app_message'])
  })
})

describe('the roles apart', () => {
  let sidekick: TestSidekick
  let web: WebProcess
  beforeAll(async () => {
    sidekick = await startTestSidekick({ ROLES: 'worker' })
    web = await startWebProcess(sidekick)
    await sidekick.callbacksTo(web.url)
  })
  afterAll(async () => {
    web?.process.kill('SIGKILL')
    await sidekick.stop()
  })

  it('let a worker take no callbacks, and say that it lives', async () => {
    const statuses = async (url: string) =>
      Promise.all(
        ['callback/app', 'healthz', 'readyz'].map(async path => (await fetch(`${url}/${path}`)).status),
      )
    expect(await statuses(sidekick.url)).toEqual([404, 200, 200])
    expect(await statuses(web.url)).toEqual([400, 200, 200])
  })

  it('let a web process handle what it takes in', async () => {
    const { chat } = sidekick
    await chat.staff('lina').says('帮助')
    await chat.expectAnswer('你可以发这些命令')
    await chat.customer('分工').adds('lina')
    await chat.expectWelcome('分工')
    await chat.expectTag('新客户')
  })

  it('let the worker take over what a web process left when it was killed', async () => {
    const { models } = sidekick.database
    const tagged = await callsOf(sidekick, 'externalcontact/mark_tag')
    // What it is in the middle of is cut off with it; what came behind it is not even begun.
    await control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/mark_tag', delayMs: 15_000 }])
    const lines = ['标签 张三 +VIP', '帮助', '今日'].map(line => lineOf(sidekick, line))
    const cut = lines.map(xml => deliver(sidekick, web.url, xml).catch(() => 'cut off'))
    await vi.waitFor(async () => {
      expect(await models.inbox.countDocuments({ state: 'waiting' })).toBe(3)
      expect(await models.locks.countDocuments({ _id: /^order:/ })).toBe(1)
      expect(await callsOf(sidekick, 'externalcontact/mark_tag')).toBeGreaterThan(tagged)
    }, patience)
    web.process.kill('SIGKILL')
    await once(web.process, 'exit')
    await Promise.all(cut)
    await control(sidekick, 'DELETE', 'faults')
    await vi.waitFor(
      async () => expect(await models.inbox.countDocuments({ state: 'waiting' })).toBe(0),
      patience,
    )
    const handled = await models.inbox
      .find({ xml: { $in: lines } })
      .sort({ finishedAt: 1 })
      .lean()
    expect(handled.map(event => event.state)).toEqual(['done', 'done', 'done'])
    expect(handled.map(event => event.xml)).toEqual(lines)
    // The key is given back after its last event is done.
    await expect.poll(() => models.locks.countDocuments({ _id: /^order:/ })).toBe(0)
  })
})
