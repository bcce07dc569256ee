import { randomUUID } from 'node:crypto'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { type QueryWatch, watchQueries } from '../../fixtures/test/query-watch.ts'
import type { Database } from '../../models/connect.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { actions } from '../actions/registry.ts'
import { createApps } from '../apps.ts'
import { createLiveHandlers } from '../handlers/live.ts'
import { publishHandler } from '../handlers/publish.ts'
import { saveCorp } from '../save-corp.ts'
import { createWecom, type Wecom } from '../wecom/client.ts'
import { createMemoryTokenStore } from '../wecom/token-store.ts'
import { createScheduleWatch } from './schedules.ts'

const secrets = createSecretBox(Buffer.alloc(32, 7))
const minute = 60_000
const hour = 60 * minute
/** In Shanghai half past eight, and nine o'clock. */
const [halfPastEight, nine] = [Date.parse('2026-11-23T00:30:00Z'), Date.parse('2026-11-23T01:00:00Z')]

describe('the look at schedules', () => {
  let watch: QueryWatch
  let database: Database
  let wecom: Wecom
  let corpId = ''
  beforeAll(async () => {
    watch = watchQueries()
    database = await openTestDatabase()
    wecom = createWecom({ store: createMemoryTokenStore() })
  })
  afterAll(async () => {
    await wecom.close()
    await database.close()
    watch.stop()
  })
  beforeEach(async () => {
    await database.models.corps.deleteMany({})
    corpId = `ww${randomUUID()}`
    const apps = [{ app: '1000002', secret: 's', token: 't', aesKey: 'k' }]
    await saveCorp(database.models, secrets, { corpId, name: corpId, apps })
  })

  /** A worker that has just been started. */
  function open() {
    const { models } = database
    return createScheduleWatch({
      models,
      apps: createApps(models, secrets, wecom),
      live: createLiveHandlers(models, actions, () => undefined),
      process: `host:1:-:${randomUUID().slice(0, 8)}`,
      retentionMs: 24 * hour,
      log: pino({ level: 'silent' }),
    })
  }
  async function publish(key: string, schedule: string, publishedAt = nine - 24 * hour) {
    const step = { id: 'tell', action: 'staff.notify', with: { to: ['admin'], text: '早' } }
    const document = { schemaVersion: 1, key, title: '早报', trigger: { schedule }, steps: [step] }
    await publishHandler(database.models, corpId, document, actions)
    await database.models.handlerRevisions.updateMany({ corpId, key }, { publishedAt: new Date(publishedAt) })
  }
  const switchOn = (key: string, at: number) =>
    database.models.handlers.updateOne(
      { corpId, key },
      { $push: { switched: { at: new Date(at), on: true, by: 'zhouming' } } },
    )
  const planned = async () => {
    const rows = await database.models.inbox.find({ corpId }).sort({ createdAt: 1 }).lean()
    return rows.map(row => `${row.start?.handler} ${row.createdAt.toISOString().slice(11, 16)}`)
  }

  it('makes the start of what has become due, and gives its key', async () => {
    await publish('morning', '0 9 * * 1-5')
    const look = open()
    expect(await look(nine - 500)).toEqual([])
    expect(await look(nine + 300)).toEqual([{ corpId, key: 'handler:morning', lane: 'slow' }])
    expect(await database.models.inbox.findOne({ corpId }).lean()).toMatchObject({
      app: 'sidekick',
      name: 'handler.due',
      state: 'waiting',
      orderKey: 'handler:morning',
      createdAt: new Date(nine),
      notBefore: new Date(nine),
      expireAt: new Date(nine + 24 * hour),
      start: { handler: 'morning', by: 'schedule' },
    })
  })

  it('makes it once, however many workers look and however often they start', async () => {
    await publish('morning', '0 9 * * *')
    const looks = [open(), open(), open()]
    for (const look of looks) await look(nine - 1_000)
    const made = await Promise.all(looks.map(look => look(nine + 10)))
    expect(made.flat()).toHaveLength(1)
    for (const look of looks) expect(await look(nine + 1_000)).toEqual([])
    expect(await open()(nine + 50 * minute)).toEqual([])
    expect(await planned()).toEqual(['morning 01:00'])
  })

  it('makes up for the newest moment that nobody saw, within an hour', async () => {
    await publish('often', '*/10 * * * *')
    await publish('daily', '30 8 * * *')
    await open()(nine + 25 * minute)
    expect(await planned()).toEqual(['daily 00:30', 'often 01:20'])
  })

  it('leaves what is older than that', async () => {
    await publish('daily', '0 9 * * *')
    await open()(nine + hour + 1)
    expect(await planned()).toEqual([])
  })

  it('makes up for the newest moment of a sleep', async () => {
    await publish('often', '*/10 * * * *')
    const look = open()
    await look(halfPastEight + 1)
    await look(nine + 5 * minute)
    expect(await planned()).toEqual(['often 00:30', 'often 01:00'])
  })

  it('makes up for nothing from before the handler was published or switched on', async () => {
    await publish('fresh', '0 9 * * *', nine + minute)
    await publish('switched', '0 9 * * *')
    await switchOn('switched', nine + minute)
    await open()(nine + 2 * minute)
    expect(await planned()).toEqual([])
  })

  it('sees a change within 2 s, and what became due meanwhile', async () => {
    await publish('moved', '0 10 * * *')
    const look = open()
    await look(nine - 2_000)
    await publish('moved', '0 9 * * *', nine - 500)
    await publish('added', '0 9 * * *', nine - 500)
    await publish('late', '0 9 * * *', nine + 500)
    await expect
      .poll(async () => {
        await look(nine + 1_000)
        return (await planned()).sort()
      })
      .toEqual(['added 01:00', 'moved 01:00'])
  })

  it('goes by the corp’s time zone', async () => {
    await database.models.corps.updateOne({ corpId }, { timeZone: 'Europe/Berlin' })
    await publish('morning', '0 9 * * *')
    const look = open()
    await look(nine + 1)
    expect(await planned()).toEqual([])
    await look(nine + 7 * hour + 1)
    expect(await planned()).toEqual(['morning 08:00'])
  })

  it('asks the database nothing about 500 handlers that are not due', async () => {
    await publish('daily-0', '0 3 * * *')
    const { document, ...stored } = await database.models.handlers
      .findOne({ corpId }, { _id: 0 })
      .orFail()
      .lean()
    const copies = Array.from({ length: 499 }, (_, n) => {
      const key = `daily-${n + 1}`
      return { ...stored, key, document: { ...document, key, trigger: { schedule: `${n % 60} 3 * * *` } } }
    })
    await database.models.handlers.insertMany(copies)
    const look = open()
    await look(nine)
    const from = watch.sent.length
    for (let n = 0; n < 50; n += 1) await look(nine + n)
    // What the compiled set and the corp are read anew with is not for each of them.
    expect(
      watch.sent.slice(from).filter(({ command }) => JSON.stringify(command).includes('daily-')),
    ).toEqual([])
    // It is by the second, not by the handler: a machine that takes long for fifty looks has some of it.
    expect(watch.sent.length - from).toBeLessThan(copies.length)
    expect(await planned()).toEqual([])
  })
})
