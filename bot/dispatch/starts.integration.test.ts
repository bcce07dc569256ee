import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import type { HandlerStart, InboxEvent } from '../../models/inbox-event.ts'
import { freshStartId, putStart, relationOf } from './starts.ts'

const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
const [hour, patience] = [3_600_000, { timeout: 30_000 }]

const manual = (key: string, text: string, over: object = {}) => ({
  schemaVersion: 1,
  key,
  title: '提醒',
  trigger: { manual: true },
  steps: [{ id: 'tell', action: 'staff.notify', with: { to: ['lina'], text } }],
  ...over,
})

describe('the start of a handler', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick()
    const documents = [
      manual('remind', '{{ staff.name }} 记得联系 {{ customer.name }}：{{ args.about }}（{{ event.by }}）'),
      manual('switched-off', '不该来', { enabled: false }),
      manual('only-sales', '不该来', { scope: { staff: ['wangfang'] } }),
      manual('only-vip', '不该来', { when: { path: 'follow.state', is: 'eq', value: '没有的' } }),
      manual('scheduled', '早报', { trigger: { schedule: '0 3 1 1 *' } }),
    ]
    await publishLive(sidekick, ...documents)
  })
  afterAll(() => sidekick.stop())

  async function start(what: Partial<HandlerStart> & { handler: string }, at = new Date()): Promise<string> {
    const { corpId } = sidekick.app
    const id = freshStartId(corpId)
    const planned = { corpId, at, id, start: { by: 'manual' as const, ...what }, retentionMs: 24 * hour }
    expect(await putStart(sidekick.database.models, planned)).toBe(true)
    expect(await putStart(sidekick.database.models, planned)).toBe(false)
    return id
  }
  const stored = (id: string) => sidekick.database.models.inbox.findById(id).orFail().lean<InboxEvent>()
  const done = (id: string) => expect.poll(async () => (await stored(id)).state, patience).toBe('done')
  const runOf = (event: string) => sidekick.database.models.runs.findOne({ event }).lean()
  const sent = async (text: string) =>
    JSON.stringify(await control(sidekick, 'GET', 'outbox?since=0')).includes(text)

  it('runs it for the staff member and the customer, with its arguments', async () => {
    const about = { args: { about: '回访' } }
    const id = await start({ handler: 'remind', userid: 'lina', externalUserid: zhangsan, ...about })
    await done(id)
    expect(await sent('记得联系 张三：回访（manual）')).toBe(true)
    expect(await runOf(id)).toMatchObject({
      eventName: 'handler.due',
      handler: 'remind',
      userid: 'lina',
      externalUserid: zhangsan,
      state: 'done',
    })
  })

  it('waits for its moment, and holds up nothing else of its customer', async () => {
    const later = await start(
      { handler: 'remind', userid: 'lina', externalUserid: zhangsan, args: { about: '以后' } },
      new Date(Date.now() + 2 * hour),
    )
    const now = await start({ handler: 'remind', userid: 'lina', externalUserid: zhangsan })
    await done(now)
    await sidekick.chat.customer(zhangsan).deletes('lina')
    const { inbox } = sidekick.database.models
    await expect.poll(() => inbox.countDocuments({ name: 'customer.lost', state: 'done' }), patience).toBe(1)
    const row = await stored(later)
    expect(row).toMatchObject({ state: 'waiting', attempts: 0 })
    expect(row.begun).toBeUndefined()
  })

  it('of a scheduled handler may be asked for by hand', async () => {
    const id = await start({ handler: 'scheduled' })
    await done(id)
    expect(await runOf(id)).toMatchObject({ handler: 'scheduled', state: 'done' })
    expect(await sent('早报')).toBe(true)
  })

  it('does nothing where the handler is not to be started like this', async () => {
    const about = { userid: 'lina', externalUserid: zhangsan }
    const starts: (Partial<HandlerStart> & { handler: string })[] = [
      { handler: 'switched-off' },
      { handler: 'nothing' },
      { handler: 'only-sales', userid: 'lina' },
      { handler: 'only-vip', ...about },
      // It has no schedule (any more), and no step may start a scheduled one.
      { handler: 'remind', by: 'schedule' },
      { handler: 'scheduled', by: 'step' },
      // They have lost each other above.
      { handler: 'remind', ...about, whileActive: true },
    ]
    const ids = await Promise.all(starts.map(one => start(one)))
    await Promise.all(ids.map(done))
    expect(await Promise.all(ids.map(runOf))).toEqual(starts.map(() => null))
    expect(await sent('不该来')).toBe(false)
  })

  it('is done for the relation that there was when it was asked for, and for no newer one', async () => {
    const { chat, database, app } = sidekick
    const { inbox, follows } = database.models
    const settled = () =>
      expect.poll(() => inbox.countDocuments({ name: /^customer/, state: 'waiting' }), patience).toBe(0)
    const { externalUserid } = await chat.customer('又来的人').adds('lina')
    await settled()
    const about = { handler: 'remind', userid: 'lina', externalUserid }
    const first = await relationOf(database.models, app.corpId, about)
    const during = await start({ ...about, ...first })
    await done(during)
    await chat.customer(externalUserid).deletes('lina')
    await settled()
    await chat.customer(externalUserid).adds('lina')
    await settled()
    const second = await relationOf(database.models, app.corpId, about)
    expect(second.relation).not.toBe(first.relation)
    // As a release before this one has kept it, and of a relation of which nobody knew how it began.
    const old = await start({ ...about, whileActive: true })
    const [stale, fresh] = [await start({ ...about, ...first }), await start({ ...about, ...second })]
    await Promise.all([old, stale, fresh].map(done))
    expect((await Promise.all([during, old, stale, fresh].map(runOf))).map(run => run?.state)).toEqual([
      ...['done', 'done', undefined, 'done'],
    ])
    expect((await stored(stale)).passed).toMatchObject([{ stage: 'when', why: 'the relation is over' }])
    expect(await follows.countDocuments({ externalUserid, status: 'active' })).toBe(1)
  })

  it('is none of the platform’s: a message that claims to be one is unknown', async () => {
    const { corpId } = sidekick.app
    const before = Math.floor(Date.now() / 1000)
    await control(sidekick, 'POST', 'send', {
      app: 'app',
      xml: `<xml><ToUserName>${corpId}</ToUserName><FromUserName>lina</FromUserName><CreateTime>${before}</CreateTime><MsgType>event</MsgType><Event>handler.due</Event><ChangeType>handler.due</ChangeType><Handler>remind</Handler></xml>`,
    })
    const claimed = await sidekick.database.models.inbox
      .findOne({ xml: /handler\.due/ })
      .orFail()
      .lean()
    expect(claimed).toMatchObject({ name: 'unknown', app: sidekick.app.agentId })
    expect(claimed.start).toBeUndefined()
  })
})
