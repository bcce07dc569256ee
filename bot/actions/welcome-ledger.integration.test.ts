import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { type Clock, openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { createMetrics } from '../metrics.ts'
import type { ActionContext } from './define.ts'
import { sendWelcome } from './welcome-ledger.ts'

const { corpId } = platformApp
const sent = { text: '您好', attachments: [] }
const text = async () => ({ text: '您好', attachments: [], sent })

describe('the ledger of welcomes', () => {
  let database: Database
  let platform: TestPlatform
  let clock: Clock
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    clock = await openClock(database.connection)
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))
  afterEach(async () => {
    vi.useRealTimers()
    await platform.control('DELETE', 'faults')
  })

  /** Somebody who has just added lina, and what a step of the add's handler would send the welcome with. */
  async function addition() {
    // Nobody hears the callback; the code lives all the same.
    const added = platform.control('POST', 'customers/add', {
      staff: 'lina',
      externalUserid: `wm${randomUUID()}`,
    })
    const { externalUserid, welcomeCode } = (await added) as { externalUserid: string; welcomeCode: string }
    const id = `${corpId}:${randomUUID()}`
    const pair = { corpId, useridKey: 'lina', externalUserid }
    const relation = { first: id, at: new Date(), full: id }
    await database.models.follows.create({ ...pair, userid: 'lina', status: 'active', relation })
    const metrics = createMetrics()
    const context = {
      corp: { corpId },
      event: { id, corpId, userid: 'lina', externalUserid, createdAt: new Date() },
      handler: 'welcome',
      revision: 3,
      key: `${id}/welcome/welcome`,
      now: new Date(),
      clock,
      expireAt: new Date(Date.now() + 60_000),
      models: database.models,
      client: platform.client,
      metrics,
    } as unknown as ActionContext
    return { id, welcomeCode, context }
  }

  /** As a process leaves it that died while it asked the platform. */
  async function leaveSending(code: string, { event }: ActionContext, leaseMs: number): Promise<void> {
    await database.models.welcomes.updateOne(
      { corpId, welcomeCode: code },
      [
        {
          $set: {
            state: 'sending',
            userid: 'lina',
            externalUserid: event.externalUserid,
            event: event.id,
            relation: event.id,
            eventAt: event.createdAt,
            expireAt: { $add: ['$$NOW', 3_600_000] },
            handler: 'welcome',
            attempts: 1,
            holder: 'somebody who is gone',
            leaseUntil: { $add: ['$$NOW', leaseMs] },
          },
        },
      ],
      { upsert: true, updatePipeline: true },
    )
  }
  const row = (welcomeCode: string) => database.models.welcomes.findOne({ corpId, welcomeCode }).lean()

  it('gives a code to one of those who ask at the same time, and the outcome to the others', async () => {
    const { id, welcomeCode, context } = await addition()
    const before = await platform.calls('externalcontact/send_welcome_msg')
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => sendWelcome(context, welcomeCode, id, text)),
    )
    expect(outcomes).toMatchObject(Array.from({ length: 5 }, () => ({ state: 'sent', handler: 'welcome' })))
    expect(await platform.calls('externalcontact/send_welcome_msg')).toBe(before + 1)
    const { holder, leaseUntil, ...kept } = (await row(welcomeCode)) ?? {}
    expect([holder, leaseUntil]).toEqual([undefined, undefined])
    const { createdAt: eventAt } = context.event
    const { expireAt } = context
    expect(kept).toMatchObject({
      state: 'sent',
      attempts: 1,
      relation: id,
      userid: 'lina',
      eventAt,
      expireAt,
      revision: 3,
      sent,
    })
  })

  it('keeps the beginning of what was sent, and no whole mobile number', async () => {
    const { id, welcomeCode, context } = await addition()
    const words = `电话 13812341234${'，欢迎'.repeat(200)}`
    const long = async () => ({ text: words, attachments: [], sent: { text: words, attachments: [] } })
    await sendWelcome(context, welcomeCode, id, long)
    const { text: told = '' } = (await row(welcomeCode))?.sent ?? {}
    expect(told).toMatch(/^电话 138\*{4}1234，欢迎.*…$/)
    expect(told).toHaveLength(200)
  })

  it('takes a code over from one that has died when its lease is over, whatever the own clock says', async () => {
    for (const skewMs of [-180_000, 180_000]) {
      const { id, welcomeCode, context } = await addition()
      // Before the lease begins, however long the database takes to answer that it has.
      const began = performance.now()
      await leaveSending(welcomeCode, context, 1_000)
      vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skewMs })
      expect(await sendWelcome(context, welcomeCode, id, text)).toMatchObject({ state: 'sent' })
      vi.useRealTimers()
      // Neither before its holder has had its time, nor minutes later.
      expect(performance.now() - began).toBeGreaterThan(900)
      expect(performance.now() - began).toBeLessThan(10_000)
      expect(await row(welcomeCode)).toMatchObject({ state: 'sent', attempts: 2 })
    }
  })

  it('takes a relation that the platform does not know for unsettled as long as the code lives, by no host’s clock', async () => {
    const unrelated = { path: 'externalcontact/send_welcome_msg', errcode: 84061, times: 1 }
    const { id, context } = await addition()
    for (const skewMs of [-600_000, 600_000]) {
      for (const ageMs of [1_000, 30_000]) {
        context.event.createdAt = new Date(clock.now() - ageMs)
        await platform.control('POST', 'faults', [unrelated])
        vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skewMs })
        const outcome = sendWelcome(context, `a code ${skewMs}`, id, text)
        if (ageMs < 20_000) await expect(outcome).rejects.toMatchObject({ code: 'not_settled' })
        else expect(await outcome).toMatchObject({ state: 'refused', errcode: 84061 })
        vi.useRealTimers()
      }
    }
  })

  it('keeps a code that the platform takes its time with', async () => {
    const { id, welcomeCode, context } = await addition()
    await platform.control('POST', 'faults', [
      { path: 'externalcontact/send_welcome_msg', delayMs: 6_500, times: 1 },
    ])
    // Longer than a lease; a call of 5 s that gets no answer is made again.
    const [one, other] = await Promise.all([
      sendWelcome(context, welcomeCode, id, text),
      sendWelcome(context, welcomeCode, id, text),
    ])
    expect(['sent', 'already']).toContain(one.state)
    expect(other.state).toBe(one.state)
    expect(await row(welcomeCode)).toMatchObject({ attempts: 1 })
  })

  it('keeps a second code of a relation as a spare one, and uses it once the first has failed', async () => {
    const { id, welcomeCode, context } = await addition()
    const failed = await sendWelcome(context, 'a code that is none', id, text)
    expect(failed).toMatchObject({ state: 'expired', errcode: 41050 })
    expect(await sendWelcome(context, welcomeCode, id, text)).toMatchObject({ state: 'sent' })
    expect(await sendWelcome(context, 'a third one', id, text)).toEqual({ state: 'spare' })
    const counted = await context.metrics.welcomes.get()
    expect(counted.values.map(({ labels, value }) => [labels.state, value])).toEqual([
      ['expired', 1],
      ['sent', 1],
      ['spare', 1],
    ])
  })

  it('has a second code wait for the end of the first one, and uses it where that has run out', async () => {
    const { id, welcomeCode, context } = await addition()
    const before = await platform.calls('externalcontact/send_welcome_msg')
    let [isAsked, goOn] = [false, (): void => {}]
    const told = new Promise<void>(resolve => {
      goOn = resolve
    })
    // What is to be sent is asked for once the relation is this code's.
    const first = sendWelcome(context, 'a code that has run out', id, async () => {
      isAsked = true
      await told
      return text()
    })
    await expect.poll(() => isAsked).toBe(true)
    const second = sendWelcome(context, welcomeCode, id, text)
    await expect.poll(() => row(welcomeCode)).toMatchObject({ state: 'sending' })
    expect(await platform.calls('externalcontact/send_welcome_msg')).toBe(before)
    goOn()
    expect(await second).toMatchObject({ state: 'sent' })
    expect(await first).toMatchObject({ state: 'expired' })
  })

  it('uses a code of a relation whose first one was left after attempts that came to nothing', async () => {
    const { id, welcomeCode, context } = await addition()
    await platform.control('POST', 'faults', [
      { path: 'externalcontact/send_welcome_msg', errcode: 84061, times: 1 },
    ])
    await expect(sendWelcome(context, 'left', id, text)).rejects.toMatchObject({ code: 'not_settled' })
    expect(await row('left')).toMatchObject({ state: 'sending', errcode: 84061 })
    await database.models.welcomes.updateOne({ corpId, welcomeCode: 'left' }, { $set: { state: 'unused' } })
    expect(await sendWelcome(context, welcomeCode, id, text)).toMatchObject({ state: 'sent' })
  })

  it('knows of a code that was sent after all although it was given up meanwhile', async () => {
    const { id, welcomeCode, context } = await addition()
    const outcome = await sendWelcome(context, welcomeCode, id, async () => {
      const given = { state: 'unused', reason: 'failed', handler: 'another', passed: [] } as const
      const end = { $set: given, $unset: { leaseUntil: 1, holder: 1 } }
      await database.models.welcomes.updateOne({ corpId, welcomeCode }, end)
      return text()
    })
    expect(outcome).toMatchObject({ state: 'sent' })
    const { reason, passed, ...kept } = (await row(welcomeCode)) ?? {}
    expect(kept).toMatchObject({ state: 'sent', handler: 'welcome', revision: 3, sent })
    expect([reason, passed]).toEqual([undefined, undefined])
    const { values } = await context.metrics.welcomes.get()
    expect(values.map(({ labels, value }) => [labels.state, value])).toEqual([['sent', 1]])
  })

  it('forgets what an earlier attempt was answered with once it is sent', async () => {
    const { id, welcomeCode, context } = await addition()
    await platform.control('POST', 'faults', [
      { path: 'externalcontact/send_welcome_msg', errcode: 84061, times: 1 },
    ])
    await expect(sendWelcome(context, welcomeCode, id, text)).rejects.toMatchObject({ code: 'not_settled' })
    await sendWelcome(context, welcomeCode, id, text)
    const { state, errcode, errmsg, trouble } = (await row(welcomeCode)) ?? {}
    expect([state, errcode, errmsg, trouble]).toEqual(['sent', undefined, undefined, undefined])
  })

  it('keeps of a code that has run out with what the attempt before had failed', async () => {
    const { id, welcomeCode, context } = await addition()
    const fault = (how: object) =>
      platform.control('POST', 'faults', [{ path: 'externalcontact/send_welcome_msg', times: 1, ...how }])
    await fault({ errcode: 84061 })
    await expect(sendWelcome(context, welcomeCode, id, text)).rejects.toMatchObject({ code: 'not_settled' })
    await fault({ errcode: 41050 })
    await sendWelcome(context, welcomeCode, id, text)
    const trouble = { code: 'wecom_84061', message: expect.stringContaining('84061') }
    expect(await row(welcomeCode)).toMatchObject({ state: 'expired', errcode: 41050, trouble })
  })

  it.each([
    [
      { code: 'wecom_network_error', message: 'no answer' },
      { code: 'wecom_network_error', message: 'no answer' },
    ],
    [{ code: 'run_failed', message: 'a handler failed; its run says why' }, undefined],
  ])('keeps of a code that has run out with what its event had failed: %o', async (error, trouble) => {
    const { id, context } = await addition()
    const { createdAt } = context.event
    await database.models.inbox.create({
      ...{
        _id: id,
        corpId,
        app: '1000002',
        name: 'customer.added',
        xml: '<xml/>',
        lane: 'fast',
        orderKey: id,
      },
      ...{ createdAt, arrival: id, state: 'waiting', attempts: 1, notBefore: createdAt, error },
      expireAt: context.expireAt,
    })
    await sendWelcome(context, `run out ${id}`, id, text)
    expect((await row(`run out ${id}`))?.trouble).toEqual(trouble)
  })

  it('reads what comes from WeCom as text, also where it looks like an expression', async () => {
    const { id, welcomeCode, context } = await addition()
    const odd = { ...context, handler: '$$NOW', event: { ...context.event, userid: '$state' } }
    await sendWelcome(odd as ActionContext, welcomeCode, id, text)
    expect(await row(welcomeCode)).toMatchObject({ userid: '$state', handler: '$$NOW' })
  })
})
