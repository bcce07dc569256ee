import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import { compileHandler, HandlerInvalid } from '../handlers/compile.ts'
import { createHandlerSet } from '../handlers/handler-set.ts'
import type { ActionContext } from './define.ts'
import { handlerSchedule } from './handler-schedule.ts'
import { actions } from './registry.ts'

const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
const [hour, day, patience] = [3_600_000, 86_400_000, { timeout: 30_000 }]

const document = (key: string, trigger: object, ...steps: object[]) => ({
  schemaVersion: 1,
  key,
  title: key,
  trigger,
  steps,
})
const schedule = (parameters: object) => ({ id: 'later', action: 'handler.schedule', with: parameters })
const manual = { manual: true }

describe('handler.schedule', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    // A busy machine takes its time for an answer, of which the platform gives five seconds.
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '4500' })
    const tell = {
      id: 'tell',
      action: 'staff.notify',
      with: { to: ['staff'], text: '该回访 {{ customer.name }} 了' },
    }
    const command = { command: '提醒', args: [{ name: 'customer', title: '名字', type: 'word' }] }
    const documents = [
      document('call-back', manual, tell),
      document('ping', manual, schedule({ handler: 'pong', after: '1s' })),
      document('pong', manual, schedule({ handler: 'ping', after: '1s' })),
      document('by-schedule', { schedule: '0 9 1 1 *' }, { ...tell, with: { to: ['lina'], text: '早' } }),
      document('round', { message: { contains: ['转圈'] } }, schedule({ handler: 'ping', after: '1s' })),
      document(
        'remind',
        command,
        schedule({ handler: 'call-back', customer: '{{ args.customer }}', after: '1s' }),
        { id: 'answer', action: 'reply', with: { text: '好的' } },
      ),
    ]
    await publishLive(sidekick, ...documents)
  })
  afterAll(() => sidekick.stop())

  const starts = (handler: string) =>
    sidekick.database.models.inbox
      .find({ 'start.handler': handler })
      .sort({ createdAt: 1 })
      .lean<InboxEvent[]>()

  let steps = 0
  /** What a step has that works on a message of lina's. */
  function context(more: Partial<ActionContext> = {}): ActionContext {
    const { corpId } = sidekick.app
    const now = new Date()
    steps += 1
    return {
      corp: { corpId, name: '', timeZone: 'Asia/Shanghai', agentId: '' },
      event: { id: `${corpId}:message`, corpId, userid: 'lina', externalUserid: zhangsan, data: {} },
      handler: 'test',
      cause: [],
      key: `${corpId}:message/test/step${steps}`,
      now,
      clock: { now: () => now.getTime() },
      // Of a run that waited long for a confirmation, on a host whose clock is wrong.
      expireAt: new Date(now.getTime() - hour),
      retentionMs: day,
      models: sidekick.database.models,
      live: async () => createHandlerSet({}),
      ...more,
    } as ActionContext
  }
  const run = async (parameters: object, more?: Partial<ActionContext>) =>
    (await handlerSchedule.run(context(more), parameters)) as { at: string; event: string }

  it('has a handler run later for the customer whom a command names', async () => {
    const { chat } = sidekick
    await chat.staff('lina').says('提醒 张三')
    await chat.expectReply('好的')
    await expect.poll(async () => (await starts('call-back'))[0]?.state, patience).toBe('done')
    await chat.expectAppMessage('lina', '该回访 张三 了')
    const [start] = await starts('call-back')
    const run = await sidekick.database.models.runs.findOne({ handler: 'remind' }).orFail().lean()
    expect(start?.start).toEqual({
      handler: 'call-back',
      by: 'step',
      userid: 'lina',
      externalUserid: zhangsan,
      whileActive: true,
      cause: [{ event: run.event, handler: 'remind', step: 'later' }],
    })
    expect(run.steps[0]?.output).toEqual({ at: start?.createdAt.toISOString(), event: start?._id })
  })

  it('ends a chain of handlers that start each other at the fourth, and its trace says so', async () => {
    await sidekick.chat.staff('lina').says('转圈')
    const { runs } = sidekick.database.models
    const last = await expect
      .poll(() => runs.findOne({ 'steps.error.code': 'cause_too_deep' }).lean(), patience)
      .not.toBeNull()
      .then(() => runs.findOne({ 'steps.error.code': 'cause_too_deep' }).orFail().lean())
    expect(last).toMatchObject({ handler: 'ping', state: 'failed' })
    const chain = [...(await starts('ping')), ...(await starts('pong'))].sort(
      (a, b) => +a.createdAt - +b.createdAt,
    )
    expect(chain.map(one => [one.start?.handler, one.start?.cause?.length])).toEqual([
      ['ping', 1],
      ['pong', 2],
      ['ping', 3],
    ])
    expect(last.event).toBe(chain[2]?._id)
    expect(chain[2]?.start?.cause?.map(one => one.handler)).toEqual(['round', 'ping', 'pong'])
  })

  it('keeps one start for a step that is tried again, with its first moment', async () => {
    const { inbox } = sidekick.database.models
    const one = context()
    const later = { ...one, now: new Date(+one.now + hour), clock: { now: () => +one.now + hour } }
    const first = await handlerSchedule.run(one, { handler: 'call-back', after: '2d' })
    expect(await handlerSchedule.run(later, { handler: 'call-back', after: '2d' })).toEqual(first)
    const { event } = first as { event: string }
    const stored = await inbox.findById(event).orFail().lean()
    expect(+stored.createdAt - +one.now).toBe(2 * day)
    expect(+stored.expireAt - +stored.createdAt).toBe(day)
  })

  it('is kept by a step whose fixed moment has passed since an attempt that was cut off', async () => {
    const one = context()
    const moment = new Date(+one.now + hour).toISOString()
    const first = await handlerSchedule.run(one, { handler: 'call-back', at: moment })
    const late = { ...one, clock: { now: () => +one.now + 2 * hour } }
    expect(await handlerSchedule.run(late, { handler: 'call-back', at: moment })).toEqual(first)
  })

  it('keeps with the start which relation it is about', async () => {
    const { follows, inbox } = sidekick.database.models
    const pair = { corpId: sidekick.app.corpId, useridKey: 'lina', externalUserid: zhangsan }
    const relation = { first: 'an add', at: new Date() }
    await follows.updateOne(pair, { $set: { relation } })
    const { event } = await run({ handler: 'call-back', after: '1d' })
    await follows.updateOne(pair, { $unset: { relation: 1 } })
    expect((await inbox.findById(event).orFail().lean()).start).toMatchObject({
      whileActive: true,
      relation: 'an add',
    })
  })

  it('hands over arguments, lists as lists', async () => {
    const args = { text: '报价', tags: ['VIP'], count: 2 }
    const { event } = await run({ handler: 'call-back', at: '09:00', args })
    const stored = await sidekick.database.models.inbox.findById(event).orFail().lean()
    expect(stored.start?.args).toEqual(args)
    expect(stored.createdAt.toISOString()).toMatch(/T01:00:00\.000Z$/)
  })

  it('tells in a dry run when it would be, and keeps nothing', async () => {
    const before = (await starts('call-back')).length
    expect(await handlerSchedule.preview?.(context(), { handler: 'call-back', at: '09:00' })).toEqual({
      at: expect.stringMatching(/T01:00:00\.000Z$/),
    })
    expect(await starts('call-back')).toHaveLength(before)
  })

  it.each([
    ['handler_unknown', { handler: 'nothing', after: '1d' }],
    ['handler_not_manual', { handler: 'by-schedule', after: '1d' }],
    ['moment_past', { handler: 'call-back', at: '2020-01-01 09:00' }],
    ['moment_too_far', { handler: 'call-back', at: '2220-01-01 09:00' }],
    ['customer_unknown', { handler: 'call-back', after: '1d', customer: '查无此人' }],
  ])('is refused with %s', async (code, parameters) => {
    const asker = { corpId: sidekick.app.corpId, userid: 'lina', role: 'staff', leads: [] } as const
    await expect(run(parameters, { asker })).rejects.toMatchObject({ code })
  })

  it.each([
    [{ handler: 'call-back' }, 'needs after or at'],
    [{ handler: 'call-back', after: '400d' }, 'is more than a year'],
    [{ handler: 'call-back', after: '3w' }, 'is not a duration'],
    [{ handler: 'call-back', at: '9点' }, 'is not a moment such as 09:00'],
    [{ handler: 'call-back', after: '2h', at: '09:00' }, 'as days and a time of day'],
    [{ handler: 'call-back', after: '1d', at: '2026-12-01 09:00' }, 'as days and a time of day'],
    [{ handler: 'call-back', after: '1d', args: { 'a b': 1 } }, 'holds a name that is not'],
  ])('cannot be published with %o', (parameters, message) => {
    expect(() => compileHandler(document('bad', manual, schedule(parameters)), 0, actions)).toThrow(message)
    expect(() => compileHandler(document('bad', manual, schedule(parameters)), 0, actions)).toThrow(
      HandlerInvalid,
    )
  })
})
