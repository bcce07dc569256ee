import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { createLimitStore } from '../../models/limit-store.ts'
import { takeLock } from '../../models/lock.ts'
import type { Apps } from '../apps.ts'
import { createNoticeSweep } from '../dispatch/notices-left.ts'
import { pauseCorp, resumeCorp } from '../handlers/pause.ts'
import { createMetrics } from '../metrics.ts'
import type { AppClient } from '../wecom/client.ts'
import type { ActionContext } from './define.ts'
import { staffNotify } from './staff-notify.ts'

const { corpId, agentId } = platformApp
/** The platform's minute, and ours, which is longer by what a busy machine may take. */
const minuteMs = 1_000
const ourMinuteMs = 3_000
/** One that does not end within a test, however busy the machine is. */
const longMinuteMs = 600_000

interface Instance {
  client: AppClient
  sweep(): Promise<void>
}

describe('staff.notify', () => {
  let database: Database
  let platform: TestPlatform
  let instances: Instance[]
  /** Two more of the same, whose minute is the long one. */
  let slow: Instance[]
  const metrics = createMetrics()

  beforeAll(async () => {
    database = await openTestDatabase()
    platform = await startTestPlatform(loadDemoCorp)
    const { models } = database
    const clock = await openClock(database.connection)
    const open = (process: string, ms: number): Instance => {
      const wecom = platform.connect({
        limits: createLimitStore(models.limits),
        bounds: { messages: [{ ms, most: 29 }], notices: { ms, most: 20 } },
      })
      const client = wecom.app(platformApp)
      const apps = { client: async () => client } as Partial<Apps> as Apps
      const log = pino({ level: 'silent' })
      return { client, sweep: createNoticeSweep({ models, apps, clock, log, metrics, process }) }
    }
    instances = ['one', 'two'].map(process => open(process, ourMinuteMs))
    slow = ['three', 'four'].map(process => open(process, longMinuteMs))
  })
  afterAll(async () => {
    await platform.close()
    await database.close()
  })
  beforeEach(async () => {
    await control('reset', {})
    await control('limits', { minuteMs })
    const { models } = database
    await Promise.all([
      models.notices.deleteMany({}),
      models.limits.deleteMany({}),
      models.departments.deleteMany({}),
    ])
  })

  const control = (path: string, body?: object) =>
    platform.control(body === undefined ? 'GET' : 'POST', path, body)
  const sent = async () => {
    const all = (await control('outbox?since=0')) as (OutboxEntry & {
      params: { text?: { content: string } }
    })[]
    return all.filter(one => one.kind === 'app_message')
  }
  const textsTo = async (userid: string) =>
    (await sent()).filter(one => one.params.touser === userid).map(one => one.params.text?.content ?? '')
  const [one, two] = [() => instances[0] as Instance, () => instances[1] as Instance]
  const context = (more: Partial<ActionContext> = {}, from = one()) =>
    actionContext(database.models, from, { clock: { now: Date.now }, ...more })
  const run = (params: object, more: Partial<ActionContext> = {}, from = one()) =>
    staffNotify.run(context(more, from), params)
  const wait = () => database.models.notices.countDocuments({ state: 'waiting' })
  const failed = async () => (await metrics.noticesFailed.get()).values[0]?.value ?? 0
  /** Both instances look for what waits until nothing does. */
  const sweepUntilEmpty = () =>
    vi.waitFor(
      async () => {
        await Promise.all(instances.map(instance => instance.sweep()))
        expect(await wait()).toBe(0)
      },
      { timeout: 20_000, interval: 100 },
    )

  it('tells each member once, by whichever words and letters they are meant', async () => {
    await database.models.departments.create({
      corpId,
      departmentId: '3',
      name: '销售部',
      parentId: '1',
      order: 1,
      leaders: ['zhouming', 'lina'],
    })
    const output = await run(
      { to: ['staff', 'lead', 'admin', 'ZHOUMING', 'Nobody'], text: '好' },
      { admins: ['ZhouMing', 'hemin'] },
    )
    expect(output).toEqual({
      to: ['lina', 'zhouming', 'hemin', 'Nobody'],
      invalid: ['nobody'],
      waiting: [],
    })
    expect(await sent()).toMatchObject([{ params: { touser: 'lina|zhouming|hemin|Nobody' } }])
  })

  it('tells all who lead a department that is there, also where nobody’s event it is', async () => {
    const of = (departmentId: string, ...leaders: string[]) => ({
      ...{ corpId, departmentId, leaders, name: departmentId, parentId: '1', order: 1 },
    })
    const gone = { ...of('5', 'hemin'), removedAt: new Date() }
    const other = { ...of('3', 'sunyue'), corpId: 'ww0000000000000002' }
    await database.models.departments.create(of('3', 'zhouming'), of('4', 'lina', 'ZHOUMING'), gone, other)
    const { facts } = context()
    const nobody = { facts: { ...facts, staff: { ...facts.staff, userid: '', departments: [] } } }
    expect(await run({ to: ['leads'], text: '好' }, nobody)).toMatchObject({ to: ['zhouming', 'lina'] })
  })

  it('tells nobody where there are more than one message goes to', async () => {
    const leaders = Array.from({ length: 1_001 }, (_, index) => `u${index}`)
    const department = { corpId, departmentId: '3', name: '3', parentId: '1', order: 1, leaders }
    await database.models.departments.create(department)
    await expect(run({ to: ['leads'], text: '好' })).rejects.toMatchObject({
      code: 'recipients_too_many',
      answer: '收件人有 1001 位，一次最多发给 1000 位，没有发出。',
    })
  })

  it('refuses, with a sentence, when there is nobody, or nobody can be reached', async () => {
    await expect(run({ to: ['admin'], text: '好' })).rejects.toMatchObject({
      code: 'nobody_named',
      answer: '没有可通知的成员：名单是空的。',
    })
    await expect(run({ to: ['Nobody'], text: '好' })).rejects.toMatchObject({ code: 'nobody_reached' })
  })

  it.each(['@all', '@ALL', 'lina|chenjie', 'lina|@all', '李娜'])(
    'tells nobody of %s, which is no userid',
    async name => {
      await expect(run({ to: ['zhouming', name], text: '好' })).rejects.toMatchObject({
        code: 'recipient_unfit',
        answer: `“${name}”不是成员账号，没有发出。账号只含字母、数字和“_-@.”，一次写一个。`,
      })
      expect(await sent()).toEqual([])
    },
  )

  it('loses none of 100 notices within a second from two instances, and answers people meanwhile', async () => {
    const numbers = Array.from({ length: 100 }, (_, at) => `第${at}号`)
    const telling = numbers.map((text, at) =>
      run({ to: ['lina'], text }, { key: `many/${at}` }, slow[at % 2]),
    )
    await Promise.all(telling)
    // Eight answers to commands find room at once, whatever waits: none has the time to wait for the next minute.
    for (let at = 0; at < 8; at += 1) {
      const content = `回答${at}`
      const message = {
        touser: 'lina',
        agentid: Number(agentId),
        msgtype: 'text' as const,
        text: { content },
      }
      await slow[1]?.client.call('message/send', message)
    }
    const answeredAt = performance.now()
    const direct = (await textsTo('lina')).filter(text => !text.startsWith('回答'))
    expect(direct.length).toBeGreaterThan(0)
    expect(direct.length).toBeLessThanOrEqual(20)
    expect(await wait()).toBe(100 - direct.length)
    // As if our minute were over; the platform's is.
    await database.models.limits.deleteMany({})
    await expect.poll(() => performance.now() - answeredAt).toBeGreaterThan(minuteMs)
    await sweepUntilEmpty()
    const all = await sent()
    expect(all.filter(entry => entry.dropped)).toEqual([])
    const said = (await textsTo('lina')).join('\n').match(/第\d+号/g) ?? []
    expect([...said].sort()).toEqual([...numbers].sort())
    const merged = (await textsTo('lina')).filter(text => / 条通知/.test(text))
    expect(merged.length).toBeGreaterThan(0)
    expect(merged.length).toBeLessThanOrEqual(20)
  })

  it('lets no notice overtake those that wait', async () => {
    for (let at = 0; at < 21; at += 1)
      await run({ to: ['lina'], text: `第${at}号` }, { key: `first/${at}` }, slow[0])
    expect(await wait()).toBe(1)
    // As if the minute were over, and the next one came before anybody has looked for what waits.
    await database.models.limits.deleteMany({})
    await control('limits', { messagesPerMinute: 1_000 })
    expect(await run({ to: ['lina'], text: '后来的' }, { key: 'later' })).toMatchObject({ waiting: ['lina'] })
    await sweepUntilEmpty()
    expect((await textsTo('lina')).at(-1)).toBe('2 条通知\n\n1. 第20号\n\n2. 后来的')
  })

  it('keeps one notice for each step and member, however often the step is tried', async () => {
    await database.models.notices.create({
      _id: 'older',
      corpId,
      agentId,
      userid: 'lina',
      useridKey: 'lina',
      text: '早些的',
      at: new Date(0),
      state: 'waiting',
      notBefore: new Date(0),
      expireAt: new Date(Date.now() + 60_000),
    })
    for (const from of [one(), two()]) await run({ to: ['Lina'], text: '好' }, { key: 'again' }, from)
    expect(await wait()).toBe(2)
    await sweepUntilEmpty()
    await run({ to: ['lina'], text: '好' }, { key: 'again' })
    expect(await textsTo('lina')).toEqual(['2 条通知\n\n1. 早些的\n\n2. 好'])
  })

  it('keeps a notice for later where the member has no room for any message', async () => {
    const fresh = platform.connect({
      limits: createLimitStore(database.models.limits),
      bounds: { messages: [{ ms: 60_000, most: 1 }] },
    })
    const client = fresh.app(platformApp)
    await createLimitStore(database.models.limits).claim(`${corpId}:${agentId}:lina`, [
      { ms: 60_000, most: 1 },
    ])
    expect(await run({ to: ['lina'], text: '好' }, {}, { ...one(), client })).toMatchObject({
      waiting: ['lina'],
    })
    await sweepUntilEmpty()
    expect(await textsTo('lina')).toEqual(['好'])
  })

  it('has what a dead instance was about to send sent by another one', async () => {
    const { models } = database
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await models.notices.create({ ...row, ...times, _id: 'left-behind' })
    const lock = `notices:${corpId}:${agentId}:lina`
    await takeLock(models.locks, lock, 'dead', 600_000)
    await one().sweep()
    expect(await wait()).toBe(1)
    // As if its time were over.
    await models.locks.updateOne({ _id: lock, owner: 'dead' }, { until: new Date(0) })
    await sweepUntilEmpty()
    expect(await textsTo('lina')).toEqual(['好'])
  })

  it('gives up on whoever has left, and on nobody else', async () => {
    const row = {
      corpId,
      agentId,
      text: '好',
      at: new Date(0),
      state: 'waiting',
      notBefore: new Date(0),
    } as const
    const expireAt = new Date(Date.now() + 60_000)
    for (const userid of ['gone', 'lina'])
      await database.models.notices.create({ ...row, _id: userid, userid, useridKey: userid, expireAt })
    await sweepUntilEmpty()
    expect(await database.models.notices.findById('gone').lean()).toMatchObject({ state: 'failed' })
    expect(await textsTo('lina')).toEqual(['好'])
  })

  it('keeps notices while the corp is paused, and tells them when it goes on', async () => {
    const { corps, notices } = database.models
    await corps.create({ corpId, name: '木棠家居', updatedAt: new Date() })
    await pauseCorp(database.models, corpId, 'operator')
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await notices.create({ ...row, ...times, _id: 'held' })
    await Promise.all(instances.map(instance => instance.sweep()))
    expect([await wait(), await sent()]).toEqual([1, []])
    await resumeCorp(database.models, corpId)
    await sweepUntilEmpty()
    expect(await textsTo('lina')).toEqual(['好'])
    await corps.deleteMany({})
  })

  it('loses with a message that the platform never takes those alone which stand in it, and counts them', async () => {
    const { notices } = database.models
    const long = (digit: number) => String(digit).repeat(900)
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', state: 'waiting' } as const
    const times = { notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    for (const n of [1, 2, 3])
      await notices.create({ ...row, ...times, _id: `long/${n}`, text: long(n), at: new Date(n) })
    const failedBefore = await failed()
    await control('faults', [{ path: 'message/send', errcode: 81013, times: 1 }])
    await sweepUntilEmpty()
    const states = (await notices.find({ _id: /^long/ }).sort({ _id: 1 }).lean()).map(one => one.state)
    expect(states).toEqual(['failed', 'failed', 'sent'])
    expect(await textsTo('lina')).toEqual([long(3)])
    expect((await failed()) - failedBefore).toBe(2)
  })

  it('keeps no text of what was sent', async () => {
    const { notices } = database.models
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await notices.create({ ...row, ...times, _id: 'told' })
    await sweepUntilEmpty()
    expect(await notices.findById('told').lean()).toMatchObject({ state: 'sent' })
    expect(await notices.findById('told').lean()).not.toHaveProperty('text')
  })

  it('does not send again what may have arrived', async () => {
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await database.models.notices.create({ ...row, ...times, _id: 'cut-off' })
    await control('faults', [{ path: 'message/send', drop: true, times: 1 }])
    await sweepUntilEmpty()
    expect(await database.models.notices.findById('cut-off').lean()).toMatchObject({
      state: 'sent',
      uncertain: true,
    })
  })

  it('looks again only after some seconds where the minute of the member is full', async () => {
    const { models } = database
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await models.notices.create({ ...row, ...times, _id: 'full' })
    for (let at = 0; at < 20; at += 1) await slow[0]?.client.claimNotices(['lina'])
    const before = Date.now()
    await slow[0]?.sweep()
    const stored = await models.notices.findById('full').orFail().lean()
    expect(stored).toMatchObject({ state: 'waiting' })
    expect(stored.notBefore.getTime()).toBeGreaterThan(before + 2_000)
    await models.limits.deleteMany({})
    await sweepUntilEmpty()
    expect(await textsTo('lina')).toEqual(['好'])
  })

  it('marks as uncertain what could not be stored as sent, and goes out once more', async () => {
    const { models } = database
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await models.notices.create({ ...row, ...times, _id: 'unstored' })
    const update = models.notices.updateMany
    models.notices.updateMany = ((filter: never, change: { $set?: { state?: string } }) => {
      if (change.$set?.state === 'sent') throw new Error('the database is away')
      return update.call(models.notices, filter, change)
    }) as never
    try {
      await expect(one().sweep()).rejects.toThrow('the database is away')
    } finally {
      models.notices.updateMany = update
    }
    await sweepUntilEmpty()
    expect(await textsTo('lina')).toEqual(['好', '好'])
    expect(await models.notices.findById('unstored').lean()).toMatchObject({ state: 'sent', uncertain: true })
  })

  it('is certain of what went out at the second attempt after nothing was sent at the first', async () => {
    const { models } = database
    const row = { corpId, agentId, userid: 'lina', useridKey: 'lina', text: '好', state: 'waiting' } as const
    const times = { at: new Date(0), notBefore: new Date(0), expireAt: new Date(Date.now() + 60_000) }
    await models.notices.create({ ...row, ...times, _id: 'refused' })
    await control('faults', [{ path: 'message/send', errcode: -1, times: 3 }])
    await one().sweep()
    await models.notices.updateMany({}, { notBefore: new Date(0) })
    await sweepUntilEmpty()
    const stored = await models.notices.findById('refused').orFail().lean()
    expect(stored).toMatchObject({ state: 'sent' })
    expect(stored.uncertain).toBeUndefined()
  })

  it('shows in a dry run who would be told what, and keeps and sends nothing', async () => {
    expect(await staffNotify.preview?.(context(), { to: ['staff'], text: '好' })).toEqual({
      to: ['lina'],
      text: '好',
    })
    expect(await wait()).toBe(0)
    expect(await sent()).toEqual([])
  })
})
