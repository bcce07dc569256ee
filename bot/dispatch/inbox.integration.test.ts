import { randomInt } from 'node:crypto'
import { createConnection } from 'mongoose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { openStallingProxy, type StallingProxy } from '../../fixtures/test/stalling-proxy.ts'
import { type Clock, openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { createModels, type Models } from '../../models/models.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import { arrivedAt, createInbox, isReceivedBy } from './inbox.ts'

const dayMs = 24 * 60 * 60 * 1000
const second = Math.floor(Date.now() / 1000)

function message(content = 'x', at = second): BotEvent {
  return parseEvent(
    `<xml><ToUserName>ww1</ToUserName><FromUserName>lina</FromUserName><CreateTime>${at}</CreateTime><MsgType>text</MsgType><Content>${content}</Content><MsgId>${randomInt(2 ** 47)}</MsgId></xml>`,
  )
}
/** For what asks nothing about refusals: the database may take its time. */
const patient = { limits: { patienceMs: 60_000 } }
const messages = (count: number): BotEvent[] => Array.from({ length: count }, () => message())

describe('the inbox', () => {
  let database: Database
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    await database.models.inbox.deleteMany({})
  })
  afterEach(() => {
    vi.useRealTimers()
    vi.restoreAllMocks()
  })
  const inOrder = async (models: Models = database.models): Promise<string[]> => {
    const events = await models.inbox.find().sort({ createdAt: 1, arrival: 1 }).lean()
    return events.map(event => event._id)
  }

  it('stores what comes in the same moment in few writes, in the order of its arrival', async () => {
    const writes = vi.spyOn(database.models.inbox.collection, 'insertMany')
    const inbox = createInbox(database.models, dayMs, patient)
    const events = messages(1_200)
    const fresh = await Promise.all(events.map(event => inbox.put(event, '1000002')))
    expect(fresh.every(Boolean)).toBe(true)
    expect(await inOrder()).toEqual(events.map(event => event.id))
    // The first one goes alone; what came while it was written shares the next ones.
    expect(writes.mock.calls.map(([documents]) => documents.length)).toEqual([1, 500, 500, 199])
  })

  it('tells what it knows from what is new, also within one write', async () => {
    const inbox = createInbox(database.models, dayMs, patient)
    const [first, ...rest] = messages(40)
    if (first === undefined) throw new Error('no event')
    await inbox.put(first, '1000002')
    const answers = await Promise.all(
      [first, ...rest, ...rest, first].map(event => inbox.put(event, '1000002')),
    )
    expect(answers).toEqual([false, ...rest.map(() => true), ...rest.map(() => false), false])
    expect(await database.models.inbox.countDocuments()).toBe(40)
  })

  it('refuses one that the database does not take, and none of those beside it', async () => {
    const inbox = createInbox(database.models, dayMs, patient)
    const [first, second, third] = messages(3)
    const strange = { ...second, id: ['no', 'key'] } as never
    const answers = await Promise.allSettled(
      [message(), first, strange, third].map(event => inbox.put(event as BotEvent, '1000002')),
    )
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(await inOrder()).toHaveLength(3)
  })

  it('acknowledges nothing that the majority has not confirmed', async () => {
    const inbox = createInbox(database.models, dayMs, patient)
    const [known, fresh] = messages(2) as [BotEvent, BotEvent]
    await inbox.put(known, '1000002')
    const insertMany = database.models.inbox.collection.insertMany.bind(database.models.inbox.collection)
    vi.spyOn(database.models.inbox.collection, 'insertMany').mockImplementation(
      async (documents, options) => {
        const error = await insertMany(documents, options).then(
          () => Object.assign(new Error('no majority'), { writeErrors: [] }),
          (refused: Error) => refused,
        )
        const result = { getWriteConcernError: () => ({ code: 64 }) }
        throw Object.defineProperty(error, 'result', { value: result })
      },
    )
    const answers = await Promise.allSettled(
      [message(), known, fresh].map(event => inbox.put(event, '1000002')),
    )
    expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  })

  it('keeps whom an event names, and who received it', async () => {
    const name = 'host:1:-:abcdef01'
    const inbox = createInbox(database.models, dayMs, { ...patient, process: name })
    const added = parseEvent(
      `<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>${second}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>LiNa</UserID><ExternalUserID>wm1</ExternalUserID></xml>`,
    )
    await inbox.put(added, '1000002')
    const stored = await database.models.inbox.findById(added.id).orFail().lean()
    expect(stored).toMatchObject({ userid: 'LiNa', externalUserid: 'wm1' })
    expect(Math.abs(arrivedAt(stored) - Date.now())).toBeLessThan(60_000)
    expect([isReceivedBy(stored, name), isReceivedBy(stored, 'host:1:-:abcdef02')]).toEqual([true, false])
  })

  it('keeps the order of arrival over instances whose clocks differ by minutes', async () => {
    vi.setSystemTime(Date.now() + 10 * 60_000)
    const ahead = await openClock(database.connection)
    const fast = createInbox(database.models, dayMs, { ...patient, clock: ahead })
    vi.setSystemTime(Date.now() - 20 * 60_000)
    const behind = await openClock(database.connection)
    const slow = createInbox(database.models, dayMs, { ...patient, clock: behind })
    const unsure = (clock: Clock) => clock.now() - clock.earliest()
    const events = messages(6)
    for (const [index, event] of events.entries()) {
      await (index % 2 === 0 ? fast : slow).put(event, '1000002')
      // The database's time is known to so many milliseconds.
      await new Promise(done => setTimeout(done, 50 + unsure(ahead) + unsure(behind)))
    }
    expect(await inOrder()).toEqual(events.map(event => event.id))
  })
})

describe('the inbox of a database that stalls', () => {
  let database: Database
  let proxy: StallingProxy
  let connection: ReturnType<typeof createConnection>
  let models: Models
  beforeAll(async () => {
    database = await openTestDatabase()
    proxy = await openStallingProxy(inject('mongodbUri'))
    connection = createConnection(`mongodb://127.0.0.1:${proxy.port}/?directConnection=true`, {
      dbName: database.connection.name,
      bufferCommands: false,
    })
    await connection.asPromise()
    models = createModels(connection)
  })
  afterAll(async () => {
    proxy?.goOn()
    await connection?.close(true)
    await proxy?.close()
    await database?.close()
  })
  afterEach(() => {
    vi.useRealTimers()
    proxy.goOn()
  })
  const patienceMs = 500
  const timed = async (work: Promise<unknown>): Promise<number> => {
    const began = performance.now()
    await expect(work).rejects.toThrow()
    return performance.now() - began
  }

  it('refuses every event within its patience, and takes them when the database is back', async () => {
    // Its patience goes by these timers alone, however busy the machine is.
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const inbox = createInbox(models, dayMs, { limits: { patienceMs } })
    await inbox.put(message(), '1000002')
    proxy.stall()
    const waits: Promise<number>[] = []
    const events = messages(8)
    for (const event of events) {
      waits.push(timed(inbox.put(event, '1000002')))
      await vi.advanceTimersByTimeAsync(100)
    }
    await vi.advanceTimersByTimeAsync(patienceMs)
    const took = await Promise.all(waits)
    expect(Math.max(...took)).toBeLessThanOrEqual(patienceMs)
    vi.useRealTimers()
    proxy.goOn()
    await vi.waitFor(() => Promise.all(events.map(event => inbox.put(event, '1000002'))), { timeout: 30_000 })
    expect(await database.models.inbox.countDocuments()).toBe(9)
  })

  it('refuses at once what finds too much before it', async () => {
    const inbox = createInbox(models, dayMs, { limits: { patienceMs, waitingMax: 20 } })
    await vi.waitFor(() => inbox.put(message(), '1000002'), { timeout: 30_000 })
    proxy.stall()
    const written = inbox.put(message(), '1000002').catch((error: unknown) => error)
    const waiting = messages(20).map(event => inbox.put(event, '1000002').catch((error: unknown) => error))
    await expect(inbox.put(message(), '1000002')).rejects.toMatchObject({ code: 'inbox_unavailable' })
    const heavy = createInbox(models, dayMs, { limits: { patienceMs, waitingCharacters: 1_000 } })
    const large = ['a', 'b'].map(() =>
      heavy.put(message('长'.repeat(2_000)), '1000002').catch(() => 'refused'),
    )
    await expect(heavy.put(message(), '1000002')).rejects.toMatchObject({ code: 'inbox_unavailable' })
    proxy.goOn()
    await Promise.all([written, ...waiting, ...large])
    await vi.waitFor(() => inbox.put(message(), '1000002'), { timeout: 30_000 })
  })
})
