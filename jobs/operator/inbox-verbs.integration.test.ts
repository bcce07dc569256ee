import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { freshStartId, putStart } from '../../bot/dispatch/starts.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import { inboxDead, inboxList, inboxReplay, inboxShow } from './inbox-verbs.ts'

const handler = {
  schemaVersion: 1,
  key: 'fails-at-the-tag',
  title: '打不上标签',
  priority: 1,
  after: 'stop',
  trigger: { event: 'customer.added', match: { state: { eq: 'replay' } } },
  steps: [
    { id: 'welcome', action: 'welcome.send', with: { text: '欢迎 {{ customer.name }}' } },
    { id: 'tag', action: 'customer.tag', with: { add: ['VIP'] }, retry: { max: 0 } },
    { id: 'tell', action: 'staff.notify', with: { to: ['staff'], text: '来了' } },
  ],
}

let sidekick: TestSidekick
let operator: TestOperator
let id = ''
beforeAll(async () => {
  sidekick = await startTestSidekick()
  const { database, chat } = sidekick
  operator = openOperator(database)
  await publishLive(sidekick, handler)
  // As often as one step calls it.
  await control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/mark_tag', errcode: -1, times: 3 }])
  await chat.customer('林小满').adds('lina', { state: 'replay' })
  await chat.expectWelcome('欢迎 林小满')
  const ends = (name: string, state: 'done' | 'dead') =>
    vi.waitFor(() => database.models.inbox.findOne({ name, state }).orFail().lean(), { timeout: 20_000 })
  id = (await ends('customer.added', 'dead'))._id
  await chat.staff('lina').says('帮助')
  await ends('message.text', 'done')
  await atRest()
})
afterAll(async () => {
  await operator?.close()
  await sidekick?.stop()
})

/** An event that has ended keeps its queue for a moment more, and is not replayed in it. */
const atRest = () =>
  vi.waitFor(async () => expect(await sidekick.database.models.locks.exists({ _id: /^order:/ })).toBeNull(), {
    timeout: 20_000,
  })
const event = (name: string) => sidekick.database.models.inbox.findOne({ name }).lean()
const names = (rows: Record<string, unknown>[] = []) => rows.map(row => row.event)
const list = async (args: Record<string, unknown>) => names((await operator.run(inboxList, args)).rows)

describe('sidekick inbox list', () => {
  it('chooses by state, name, family, person, app, code and time, the newest first', async () => {
    const customer = (await event('customer.added'))?.externalUserid
    const added = ['customer.added']
    expect(await list({})).toEqual(['message.text', 'customer.added'])
    expect(await list({ limit: '1' })).toEqual(['message.text'])
    expect(await list({ state: 'dead' })).toEqual(added)
    expect(await list({ event: 'customer.added' })).toEqual(added)
    expect(await list({ event: 'customer.*' })).toEqual(added)
    expect(await list({ event: 'message.*', state: 'dead' })).toEqual([])
    expect(await list({ staff: 'LINA' })).toHaveLength(2)
    expect(await list({ staff: 'lin.' })).toEqual([])
    expect(await list({ customer })).toEqual(added)
    expect(await list({ customer: 'nobody' })).toEqual([])
    expect(await list({ app: sidekick.app.agentId })).toHaveLength(2)
    expect(await list({ app: 'contact' })).toEqual([])
    expect(await list({ code: 'wecom_-1' })).toEqual(added)
    expect(await list({ code: 'wecom_60011' })).toEqual([])
    expect(await list({ since: '1h' })).toHaveLength(2)
    expect(await list({ until: '1h' })).toEqual([])
    expect(await list({ corp: 'ww-another' })).toEqual([])
  })

  it('shows what is planned for later only to whoever asks for it', async () => {
    const { models } = sidekick.database
    const { corpId } = sidekick.app
    const planned = freshStartId(corpId)
    const start = { handler: 'nothing', by: 'manual', args: { about: '回访' } } as const
    const at = new Date(Date.now() + 3_600_000)
    await putStart(models, { corpId, at, id: planned, start, retentionMs: 1 })
    expect(await list({})).toEqual(['message.text', 'customer.added'])
    expect(await list({ app: 'sidekick' })).toEqual(['handler.due'])
    expect(await list({ event: 'handler.due' })).toEqual(['handler.due'])
    expect(await list({ event: 'handler.*', state: 'waiting' })).toEqual(['handler.due'])
    expect(await list({ event: 'handler.due', until: at.toISOString() })).toEqual([])
    expect(await list({ event: 'handler.*', until: new Date(at.getTime() + 1).toISOString() })).toHaveLength(
      1,
    )
    const { data, text } = await operator.run(inboxShow, { id: planned })
    expect(data).toMatchObject({ app: 'sidekick', state: 'waiting', start, runs: [], welcomes: [] })
    expect(text).toContain('about: 回访')
    await models.inbox.deleteOne({ _id: planned })

    const about = { ...start, userid: 'lina', externalUserid: 'wm-planned' }
    await putStart(models, { corpId, at, id: planned, start: about, retentionMs: 1 })
    expect(await list({ customer: 'wm-planned' })).toEqual(['handler.due'])
    expect(await list({ customer: 'wm-planned', until: new Date().toISOString() })).toEqual([])
    await models.inbox.deleteOne({ _id: planned })
  })

  it.each([
    [{ event: 'customer.addd' }, /is no event/],
    [{ event: 'custom.*' }, /there are message/],
    [{ since: 'yesterday' }, /is no moment/],
    [{ limit: '0' }, /from 1 to 1000/],
  ])('refuses %o', async (args, message) => {
    await expect(operator.run(inboxList, args)).rejects.toThrow(message)
  })
})

describe('sidekick inbox show', () => {
  it('has the plain XML, the runs with their steps, and the welcome', async () => {
    const { data, text } = await operator.run(inboxShow, { id })
    expect(data).toMatchObject({
      state: 'dead',
      xml: expect.stringContaining('<State><![CDATA[replay]]></State>'),
      runs: expect.arrayContaining([
        expect.objectContaining({
          handler: 'fails-at-the-tag',
          steps: [
            expect.objectContaining({ state: 'done' }),
            expect.objectContaining({
              state: 'failed',
              error: expect.objectContaining({ code: 'wecom_-1' }),
            }),
            expect.objectContaining({ state: 'pending', attempts: 0 }),
          ],
        }),
      ]),
      welcomes: [{ state: 'sent', relation: id }],
    })
    expect(text).toContain('state: dead')
    await expect(operator.run(inboxShow, { id: 'x' })).rejects.toThrow('there is no event x')
  })

  it('masks mobile numbers also of what a replay would need whole', async () => {
    const { models } = sidekick.database
    const step = { id: 'find', action: 'customer.note', state: 'done', attempts: 1 } as const
    await models.runs.create({
      ...{ corpId: sidekick.app.corpId, event: id, eventName: 'customer.added', handler: 'kept-whole' },
      ...{ revision: 1, state: 'failed', startedAt: new Date(), expireAt: new Date(Date.now() + 60_000) },
      steps: [{ ...step, output: { text: '138 1234 5678' } }],
    })
    const { text } = await operator.run(inboxShow, { id })
    await models.runs.deleteOne({ handler: 'kept-whole' })
    expect(text).toContain('138****5678')
    expect(text).not.toContain('138 1234 5678')
  })
})

describe('sidekick inbox dead', () => {
  it('counts by the step that failed and its code, and lists the events', async () => {
    const { data, head, rows } = await operator.run(inboxDead)
    const why = { event: 'customer.added', handler: 'fails-at-the-tag', step: 'tag', code: 'wecom_-1' }
    expect(data).toMatchObject({ count: 1, reasons: [{ ...why, count: 1 }], events: [{ _id: id }] })
    expect(head).toMatchObject([{ count: 1, ...why }])
    expect(rows).toMatchObject([{ ...why, id }])
    expect((await operator.run(inboxDead, { event: 'message.*' })).data).toMatchObject({ count: 0 })
  })
})

describe('sidekick inbox replay', () => {
  const state = async () => (await sidekick.database.models.inbox.findById(id).lean())?.state
  const kinds = async (since: number) => {
    const entries = (await control(sidekick, 'GET', `outbox?since=${since}`)) as { kind: string }[]
    return entries.map(one => one.kind)
  }
  const lastEntry = async () =>
    ((await control(sidekick, 'GET', 'outbox?since=0')) as { n: number }[]).at(-1)?.n ?? 0

  it('leaves what is not there or waits already, and says so', async () => {
    const { models } = sidekick.database
    const later = { state: 'waiting', notBefore: new Date(Date.now() + 3_600_000) } as const
    const { _id, ...copy } = await models.inbox.findById(id).orFail().lean()
    await models.inbox.create({ ...copy, ...later, _id: 'waits', orderKey: 'customer:other' })
    const answer = await operator.run(inboxReplay, { _: ['nothing', 'waits'] })
    expect(answer.data).toEqual([
      { id: 'nothing', outcome: 'unknown' },
      { id: 'waits', outcome: 'waiting' },
    ])
    expect(answer.failed).toBe(true)
    await models.inbox.deleteOne({ _id: 'waits' })
  })

  it('leaves one whose queue is being worked on, whatever the time is on the machine of whoever asks', async () => {
    const { corpId, orderKey } = await sidekick.database.models.inbox.findById(id).orFail().lean()
    const lock = { _id: `order:${corpId}:${orderKey}`, owner: 'x', until: new Date(Date.now() + 60_000) }
    await sidekick.database.models.locks.create(lock)
    vi.setSystemTime(Date.now() + 3_600_000)
    const { data } = await operator.run(inboxReplay, { _: [id] }).finally(() => vi.useRealTimers())
    expect(data).toEqual([{ id, outcome: 'busy' }])
    await sidekick.database.models.locks.deleteOne({ _id: lock._id })
    expect(await state()).toBe('dead')
  })

  it('tells how many the options choose, and does nothing without --yes', async () => {
    const { text, data } = await operator.run(inboxReplay, { event: 'customer.*', since: '1h' })
    expect([text, data]).toEqual(['1 events would be replayed; --yes does it', { events: 1 }])
    expect(await state()).toBe('dead')
    await expect(operator.run(inboxReplay)).rejects.toThrow('name events')
    await expect(operator.run(inboxReplay, { state: 'waiting' })).rejects.toThrow('handled anyway')
    await expect(operator.run(inboxReplay, { _: ['one'], since: '1h' })).rejects.toThrow(
      'leave out the ids, or --since',
    )
  })

  it('tries the failed step again and goes on from there; what was done stays done', async () => {
    const since = await lastEntry()
    const { data } = await operator.run(inboxReplay, { code: 'wecom_-1', yes: true })
    expect(data).toEqual([{ id, outcome: 'replayed' }])
    await expect.poll(state).toBe('done')
    await atRest()
    expect(await kinds(since)).toEqual(['mark_tag', 'app_message'])
    const { models } = sidekick.database
    const stored = await models.inbox.findById(id).orFail().lean()
    expect(stored).toMatchObject({ attempts: 1 })
    expect(stored.error).toBeUndefined()
  })

  it('of one that went well does nothing, unless everything is wanted anew; then the welcome stays the only one', async () => {
    const since = await lastEntry()
    const replayed = [{ id, outcome: 'replayed' }]
    expect((await operator.run(inboxReplay, { _: [id] })).data).toEqual(replayed)
    await expect.poll(state).toBe('done')
    await atRest()
    expect(await kinds(since)).toEqual([])
    expect((await operator.run(inboxReplay, { _: [id], fresh: true })).data).toEqual(replayed)
    await expect.poll(state).toBe('done')
    // The tag is there by now.
    expect(await kinds(since)).toEqual(['app_message'])
    expect(await sidekick.database.models.welcomes.countDocuments()).toBe(1)
  })
})
