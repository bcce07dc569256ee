import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openControl } from '../../fixtures/chat/control.ts'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { type Simulator, startSimulator } from '../../fixtures/simulator/simulator.ts'
import { freshDatabaseUri } from '../../fixtures/test/open-database.ts'
import { platformApp } from '../../fixtures/test/start-platform.ts'
import { type Database, openDatabase } from '../../models/connect.ts'
import { createLimitStore } from '../../models/limit-store.ts'
import { migrate } from '../../models/migrations.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { createTokenStore } from '../../models/token-store.ts'
import { createWecom, type Wecom, type WecomOptions } from './client.ts'
import type { TokenStop } from './tokens.ts'
import type { CallRecord } from './transformers/record.ts'

const secrets = createSecretBox(Buffer.alloc(32, 1))
const app = platformApp
const agentid = Number(app.agentId)

let simulator: Simulator
let databases: Database[]
let opened: Wecom[]
let log: CallRecord[]

beforeAll(async () => {
  simulator = await startSimulator({
    port: 0,
    callbackBase: 'http://127.0.0.1:9',
    app,
    corp: loadDemoCorp,
    quiet: true,
  })
})
afterAll(() => simulator.close())

beforeEach(async () => {
  const mongodbUri = freshDatabaseUri()
  const open = () => openDatabase({ mongodbUri, dataDir: '', log: () => undefined })
  databases = await Promise.all([open(), open()])
  for (const { connection, models } of databases.slice(0, 1)) await migrate(connection, models)
  opened = []
  log = []
  await control('reset', {})
})
afterEach(async () => {
  for (const wecom of opened) await wecom.close()
  await databases[0]?.connection.dropDatabase()
  for (const database of databases) await database.close()
})

const control = (path: string, body: object) => openControl(simulator.url).post(path, body)

/** What a path was called and answered since the reset. */
async function callsOf(path: string): Promise<{ count: number; errcodes: Record<string, number> }> {
  const response = await fetch(`${simulator.url}/__sim/calls`)
  const calls = (await response.json()) as Record<string, { count: number; errcodes: Record<string, number> }>
  return calls[path] ?? { count: 0, errcodes: {} }
}

/** The program as one instance of it calls the platform, on a connection of its own. */
function instance(of: 0 | 1, options: Partial<WecomOptions> = {}): Wecom {
  const { models } = databases[of] as Database
  const wecom = createWecom({
    apiBase: simulator.url,
    store: createTokenStore(models.tokens, secrets),
    limits: createLimitStore(models.limits),
    log: call => log.push(call),
    onLimitsAway: error => {
      throw error ?? new Error('the limits were away')
    },
    ...options,
  })
  opened.push(wecom)
  return wecom
}

describe('a token that has ended', () => {
  it('is replaced by one fetch when 64 calls on two instances meet it', async () => {
    const clients = [instance(0).app(app), instance(1).app(app)]
    for (const client of clients) await client.call('agent/get', { agentid })
    await control('reset', {})
    await control('expire-tokens', {})
    const calls = Array.from({ length: 64 }, (_, at) => clients[at % 2]?.call('agent/get', { agentid }))
    await Promise.all(calls)
    expect(await callsOf('gettoken')).toMatchObject({ count: 1, errcodes: { 0: 1 } })
    expect((await callsOf('agent/get')).errcodes[0]).toBe(64)
  })
})

describe('a wrong secret', () => {
  const wrong = { ...app, secret: 'not the right one' }

  it('is asked about once in all, not after a restart, and again once it has changed', async () => {
    const stops: (number | undefined)[] = []
    const onTokenStop = (_app: unknown, stop: TokenStop | undefined) => void stops.push(stop?.errcode)
    const clients = [instance(0, { onTokenStop }).app(wrong), instance(1, { onTokenStop }).app(wrong)]
    const calls = Array.from({ length: 20 }, (_, at) => clients[at % 2]?.call('agent/get', { agentid }))
    for (const outcome of await Promise.allSettled(calls))
      expect(outcome).toMatchObject({ status: 'rejected', reason: { errcode: 40001, path: 'gettoken' } })
    expect((await callsOf('gettoken')).count).toBe(1)
    expect(stops).toEqual([40001, 40001])

    const restarted = instance(0)
    await expect(restarted.app(wrong).call('agent/get', { agentid })).rejects.toMatchObject({
      errcode: 40001,
    })
    await expect(restarted.app(wrong).ticket('agent')).rejects.toMatchObject({ errcode: 40001 })
    expect(await instance(1).app(wrong).tokenStop()).toMatchObject({ errcode: 40001 })
    expect((await callsOf('gettoken')).count).toBe(1)

    await restarted.app(app).call('agent/get', { agentid })
    expect((await callsOf('gettoken')).count).toBe(2)
    expect(await restarted.app(app).tokenStop()).toBeUndefined()
  })

  it('that turned right is asked about again when an operator says so', async () => {
    const client = instance(0).app(app)
    await control('faults', [{ path: 'gettoken', errcode: 40001, times: 1 }])
    await expect(client.call('agent/get', { agentid })).rejects.toMatchObject({ errcode: 40001 })
    await expect(client.call('agent/get', { agentid })).rejects.toMatchObject({ errcode: 40001 })
    await instance(1).app(app).resume()
    await expect.poll(() => client.tokenStop(), { interval: 200 }).toBeUndefined()
    await client.call('agent/get', { agentid })
    expect((await callsOf('gettoken')).count).toBe(2)
  })
})

describe('the rate of an endpoint', () => {
  it('is kept by two instances together', async () => {
    // A minute of one second in which 60 calls are allowed.
    await control('limits', { minuteMs: 1_000, callsPerMinute: 60 })
    // Each on its own would be too much already; together they leave room for what a busy machine sends late.
    const bounds = { rate: { perSecond: 16, burst: 20 } }
    const clients = [instance(0, { bounds }).app(app), instance(1, { bounds }).app(app)]
    const calls = Array.from({ length: 80 }, (_, at) => clients[at % 2]?.call('agent/get', { agentid }))
    await Promise.all(calls)
    const { count, errcodes } = await callsOf('agent/get')
    expect({ count, errcodes }).toEqual({ count: 80, errcodes: { 0: 80 } })
  })

  it('that the platform finds exceeded lets the endpoint rest on both', async () => {
    const clients = [instance(0).app(app), instance(1).app(app)]
    await control('faults', [{ path: 'agent/get', errcode: 45009, times: 1 }])
    await expect(clients[0]?.call('agent/get', { agentid })).rejects.toMatchObject({ errcode: 45009 })
    await expect(clients[1]?.call('agent/get', { agentid })).rejects.toMatchObject({ errcode: 45009 })
    expect((await callsOf('agent/get')).count).toBe(1)
    await clients[1]?.call('user/get', { userid: 'lina' })
  })

  it('goes on at a safe share when the counts cannot be had, which is said once', async () => {
    const notes: unknown[] = []
    const { models } = databases[0] as Database
    const limits = createLimitStore(models.limits)
    let down = true
    const flaky = new Proxy(limits, {
      get: (target, name) =>
        down ? () => Promise.reject(new Error('no database')) : Reflect.get(target, name as string),
    })
    const onLimitsAway = (error: unknown): void => void notes.push(error)
    // No more comes within the budget, which is one that a busy machine keeps.
    const bounds = { rate: { perSecond: 0.1, burst: 80 } }
    const client = instance(0, { limits: flaky, onLimitsAway, bounds }).app(app)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => client.call('agent/get', { agentid }, { budgetMs: 5_000 })),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(10)
    expect(notes).toEqual([new Error('no database')])
    down = false
    await expect.poll(() => client.call('agent/get', { agentid }).then(() => notes.length)).toBe(2)
    expect(notes[1]).toBeUndefined()
  })
})

describe('calls at once', () => {
  it('are no more than the platform takes, over two instances', async () => {
    await control('limits', { callsAtOnce: 24 })
    await control('faults', [{ path: 'agent/get', delayMs: 20 }])
    const bounds = { atOnce: { interactive: 24, bulk: 8 } }
    const clients = [instance(0, { bounds }).app(app), instance(1, { bounds }).app(app)]
    for (const client of clients) await client.call('agent/get', { agentid })
    const calls = Array.from({ length: 200 }, (_, at) => clients[at % 2]?.call('agent/get', { agentid }))
    await Promise.all(calls)
    expect((await callsOf('agent/get')).errcodes).toEqual({ 0: 202 })
  })

  it('become fewer when the platform takes less, and all of them succeed', async () => {
    await control('limits', { callsAtOnce: 10 })
    await control('faults', [{ path: 'agent/get', delayMs: 10 }])
    const clients = [instance(0).app(app), instance(1).app(app)]
    const calls = Array.from({ length: 200 }, (_, at) => clients[at % 2]?.call('agent/get', { agentid }))
    await Promise.all(calls)
    const { errcodes } = await callsOf('agent/get')
    expect(errcodes[0]).toBe(200)
    expect(errcodes[45033]).toBeGreaterThan(0)
    // Without fewer at a time, each try would meet as many others as the one before.
    expect(errcodes[45033]).toBeLessThan(200)
  })
})

describe('changes of one follow', () => {
  it('never run at the same time on two instances', async () => {
    const state = await openControl(simulator.url).state()
    const customer = state.customers.find(one => one.follows.some(({ userid }) => userid === 'lina'))
    const pair = { userid: 'lina', external_userid: customer?.externalUserid ?? '' }
    const clients = [instance(0).app(app), instance(1).app(app)]
    const calls = Array.from({ length: 24 }, (_, at) =>
      clients[at % 2]?.call('externalcontact/remark', { ...pair, remark: `备注${at}` }),
    )
    await Promise.all(calls)
    expect((await callsOf('externalcontact/remark')).errcodes).toEqual({ 0: 24 })
  })
})

describe('app messages', () => {
  const say = (content: string, touser = 'lina') => ({
    touser,
    agentid,
    msgtype: 'text' as const,
    text: { content },
  })
  // A minute of 1.5 seconds.
  const minuteMs = 1_500

  it('count for each of their members, and wait until these have room again', async () => {
    await control('limits', { minuteMs, messagesPerMinute: 3 })
    const few = { messages: [{ ms: minuteMs + 200, most: 2 }] }
    const clients = [instance(0, { bounds: few }).app(app), instance(1, { bounds: few }).app(app)]
    const started = performance.now()
    for (let at = 0; at < 2; at += 1)
      await clients[at % 2]?.call('message/send', say(`各位${at}`, 'lina|hemin'))
    await Promise.all([0, 1].map(at => clients[at]?.call('message/send', say(`再次${at}`, 'hemin|chenjie'))))
    const outbox = await openControl(simulator.url).outbox(0)
    expect(outbox.filter(({ dropped }) => dropped)).toEqual([])
    expect(performance.now() - started).toBeGreaterThanOrEqual(minuteMs + 200)
  })

  it('hold back nobody else’s', async () => {
    // None has the time to wait for a minute that is full.
    const given = { budgetMs: 30_000 }
    const few = { messages: [{ ms: 60_000, most: 2 }] }
    const clients = [instance(0, { bounds: few }).app(app), instance(1, { bounds: few }).app(app)]
    for (let at = 0; at < 2; at += 1)
      await clients[at % 2]?.call('message/send', say(`各位${at}`, 'lina|hemin'), given)
    await clients[0]?.call('message/send', say('给小何', 'sunyue'), given)
    const full = clients[1]?.call('message/send', say('再次', 'hemin'), given)
    await expect(full).rejects.toMatchObject({ failure: 'queue' })
    expect((await callsOf('message/send')).count).toBe(3)
  })

  it('that cannot have their turn in time fail at once, unsent', async () => {
    const few = { messages: [{ ms: 60_000, most: 1 }] }
    const client = instance(0, { bounds: few }).app(app)
    await client.call('message/send', say('一'))
    const started = performance.now()
    await expect(client.call('message/send', say('二'), { budgetMs: 30_000 })).rejects.toMatchObject({
      failure: 'queue',
    })
    expect(performance.now() - started).toBeLessThan(20_000)
    expect((await callsOf('message/send')).count).toBe(1)
  })
})
