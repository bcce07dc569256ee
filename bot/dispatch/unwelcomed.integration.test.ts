import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { type Clock, openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import type { Passed } from '../../models/inbox-event.ts'
import type { Run, RunStep } from '../../models/run.ts'
import type { ActionContext } from '../actions/define.ts'
import { actions } from '../actions/registry.ts'
import { takeCode } from '../actions/welcome-code.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import { createLiveHandlers } from '../handlers/live.ts'
import { publishHandler } from '../handlers/publish.ts'
import { createMetrics, type Metrics } from '../metrics.ts'
import type { Announcement } from './relation.ts'
import { recordUnwelcomed } from './unwelcomed.ts'

describe('why there was no welcome', () => {
  let database: Database
  let clock: Clock
  let metrics: Metrics
  let corpId = ''
  beforeAll(async () => {
    database = await openTestDatabase()
    clock = await openClock(database.connection)
  })
  afterAll(() => database.close())
  beforeEach(() => {
    corpId = `ww${randomUUID()}`
    metrics = createMetrics()
  })

  function add(code: string | undefined, externalUserid = `wm${randomUUID()}`): BotEvent {
    const welcomeCode = code === undefined ? '' : `<WelcomeCode>${code}</WelcomeCode>`
    const xml = `<xml><ToUserName>${corpId}</ToUserName><FromUserName>sys</FromUserName><CreateTime>1790000000</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>lina</UserID><ExternalUserID>${externalUserid}</ExternalUserID><State>xhs</State>${welcomeCode}</xml>`
    return { ...parseEvent(xml), id: `${corpId}:${randomUUID()}` }
  }
  const announcedAs = (event: BotEvent, over: Partial<Announcement> = {}): Announcement => ({
    ...{ name: 'customer.added', relation: event.id, over: false },
    ...over,
  })
  const runOf = (event: BotEvent, welcome: Partial<RunStep>, run: Partial<Run> = {}): Run => ({
    ...{ corpId, event: event.id, eventName: 'customer.added', handler: 'welcome', revision: 4 },
    ...{ state: 'done', startedAt: new Date(), expireAt: new Date() },
    ...run,
    steps: [
      { id: 'tag', action: 'customer.tag', state: 'done', attempts: 1 },
      { id: 'welcome', action: 'welcome.send', state: 'done', attempts: 1, ...welcome },
    ],
  })
  const record = (
    event: BotEvent,
    {
      announced = announcedAs(event),
      ...handling
    }: Partial<Parameters<typeof recordUnwelcomed>[3]> & { announced?: Announcement } = {},
  ) => {
    const live = createLiveHandlers(database.models, actions, () => undefined)
    const deps = { models: database.models, metrics, clock, retentionMs: 60_000, live }
    return recordUnwelcomed(deps, event, announced, { passed: [], runs: [], ...handling })
  }
  const row = (welcomeCode: string) => database.models.welcomes.findOne({ corpId, welcomeCode }).lean()
  const counted = async () =>
    (await metrics.welcomes.get()).values.map(({ labels, value }) => [labels.state, value])
  const publish = (
    key: string,
    match: object,
    steps = [{ id: 'w', action: 'welcome.send', with: { text: '您好' } }],
  ) =>
    publishHandler(
      database.models,
      corpId,
      { schemaVersion: 1, key, title: key, trigger: { event: 'customer.added', match }, steps },
      actions,
    )
  /** What an attempt to use the code finds. */
  const take = (event: BotEvent, code: string) => {
    const context = { corp: { corpId }, event, handler: 'another', revision: 9, models: database.models }
    const expireAt = new Date(Date.now() + 60_000)
    return takeCode({ ...context, expireAt } as unknown as ActionContext, code, event.id, 'holder')
  }

  it('is that no handler matched, and why each that welcomes did not', async () => {
    await publish('fair', { state: { prefix: 'fair' } })
    await publish('hours', {})
    await publish('only-tags', { state: { prefix: 'fair' } }, [
      { id: 't', action: 'staff.notify', with: { to: ['staff'], text: '来了' } } as never,
    ])
    const event = add('c1')
    const passed: Passed[] = [
      { handler: 'hours', revision: 1, stage: 'when', why: 'time.inOffice eq false (was true)' },
      { handler: 'tags-too', revision: 1, stage: 'when', why: 'is no welcome' },
      { handler: 'switched-off', revision: 2, stage: 'off', why: '' },
    ]
    await record(event, { passed })
    const { passed: kept, ...rest } = (await row('c1')) ?? {}
    expect(rest).toMatchObject({
      ...{ state: 'unused', reason: 'no_handler', attempts: 0, userid: 'lina', event: event.id },
      ...{ relation: event.id, eventAt: event.createdAt },
    })
    expect(kept).toMatchObject([
      { handler: 'hours', stage: 'when', why: 'time.inOffice eq false (was true)' },
      { handler: 'switched-off', stage: 'off' },
      { handler: 'fair', stage: 'match', why: 'state prefix "fair" (was "xhs")' },
    ])
    expect(await counted()).toEqual([['unused', 1]])
  })

  it.each([
    [{ state: 'skipped', skipped: 'if' }, {}, 'skipped'],
    [{ state: 'skipped', skipped: 'stop' }, {}, 'skipped'],
    [{ state: 'skipped', skipped: 'dry_run' }, { dryRun: true }, 'dry_run'],
    [{ state: 'failed', error: { code: 'timed_out', message: '' } }, { state: 'failed' }, 'failed'],
    [{ state: 'pending', attempts: 0 }, { state: 'failed' }, 'failed'],
  ] as const)('is what became of the step: %j', async (step, run, reason) => {
    const event = add('c2')
    await record(event, { runs: [runOf(event, step, run)] })
    expect(await row('c2')).toMatchObject({ state: 'unused', reason, handler: 'welcome', revision: 4 })
  })

  it('is what says most where several handlers were to welcome', async () => {
    const event = add('c9')
    const [dry, skipped, failed] = [
      runOf(event, { state: 'skipped', skipped: 'dry_run' }, { handler: 'dry', dryRun: true }),
      runOf(event, { state: 'skipped', skipped: 'if' }, { handler: 'skipped' }),
      runOf(event, { state: 'pending', attempts: 0 }, { handler: 'failed', state: 'failed' }),
    ]
    await record(event, { runs: [dry, skipped] })
    expect(await row('c9')).toMatchObject({ reason: 'skipped', handler: 'skipped' })
    await record(event, { runs: [dry, skipped, failed] })
    expect(await row('c9')).toMatchObject({ reason: 'failed', handler: 'failed' })
  })

  it('is that the corp is paused, and whose welcome it would have been', async () => {
    await publish('hours', {})
    const event = add('c3')
    await record(event, { passed: [{ handler: 'hours', revision: 1, stage: 'paused', why: '' }] })
    expect(await row('c3')).toMatchObject({ state: 'unused', reason: 'paused', handler: 'hours' })
  })

  it('is that the relation was over', async () => {
    const event = add('c4')
    await record(event, { announced: announcedAs(event, { over: true }) })
    expect(await row('c4')).toMatchObject({ state: 'unused', reason: 'relation_over' })
  })

  it('is that the platform gave no code, with what is known of the cause', async () => {
    const [plain, other, again] = [add(undefined), add(undefined, 'woOther'), add(undefined)]
    await record(plain)
    await record(other)
    await record(again, {
      announced: announcedAs(again, { again: true }),
      facts: {
        customer: { externalUserid: '', name: '', corpName: '', position: '', gender: 0, type: 2, tags: [] },
      },
    })
    expect(await row(`none:${plain.id}`)).toMatchObject({ state: 'no_code', causes: [] })
    expect(await row(`none:${other.id}`)).toMatchObject({ state: 'no_code', causes: ['other_company'] })
    expect(await row(`none:${again.id}`)).toMatchObject({ causes: ['other_company', 'again'] })
    expect(await counted()).toEqual([['no_code', 3]])
  })

  it('is not asked of a confirmation without a code, which need not bring one', async () => {
    const event = add(undefined)
    await record(event, { announced: announcedAs(event, { name: 'customer.confirmed' }) })
    expect(await row(`none:${event.id}`)).toBeNull()
  })

  it.each([
    [{ state: 'done', output: { state: 'sent' } }],
    [{ state: 'done', output: { state: 'already' } }],
    [{ state: 'failed', error: { code: 'welcome_expired', message: '' } }],
  ] as const)('is not written for a code of which the ledger knows the end: %j', async step => {
    const event = add('c5')
    await record(event, { runs: [runOf(event, step)] })
    await record(event, { settled: true })
    expect(await row('c5')).toBeNull()
  })

  it('keeps nobody from using the code later, and is forgotten then', async () => {
    const event = add('c6')
    await publish('hours', {})
    await record(event, { passed: [{ handler: 'hours', revision: 1, stage: 'when', why: 'x' }] })
    expect(await take({ ...event, createdAt: new Date() }, 'c6')).toBe('ours')
    const taken = await row('c6')
    expect(taken).toMatchObject({
      state: 'sending',
      handler: 'another',
      revision: 9,
      eventAt: event.createdAt,
    })
    expect([taken?.reason, taken?.passed]).toEqual([undefined, undefined])
  })

  it('overwrites neither a code that is being used nor one that was', async () => {
    const event = add('c7')
    expect(await take(event, 'c7')).toBe('ours')
    await record(event)
    expect(await row('c7')).toMatchObject({ state: 'sending', handler: 'another' })
    await database.models.welcomes.updateOne({ corpId }, { $set: { state: 'sent' } })
    await record(event)
    expect(await row('c7')).toMatchObject({ state: 'sent', handler: 'another' })
    expect(await counted()).toEqual([])
  })

  it('is written for a code whose attempts came to nothing, with the platform’s last answer', async () => {
    const event = add('c8')
    await take(event, 'c8')
    await database.models.welcomes.updateOne(
      { corpId },
      { $set: { errcode: -1 }, $unset: { leaseUntil: 1, holder: 1 } },
    )
    const failed = runOf(event, { state: 'failed', error: { code: 'wecom_-1', message: '' } })
    await record(event, { runs: [failed] })
    await record(event, { runs: [failed] })
    expect(await row('c8')).toMatchObject({ state: 'unused', reason: 'failed', errcode: -1, attempts: 1 })
    expect(await counted()).toEqual([['unused', 1]])
  })
})
