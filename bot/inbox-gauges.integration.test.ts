import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { type DatabaseProxy, startDatabaseProxy } from '../fixtures/test/database-proxy.ts'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'
import { watchQueries } from '../fixtures/test/query-watch.ts'
import { type Database, openDatabase } from '../models/connect.ts'
import { migrate } from '../models/migrations.ts'
import { createInboxGauges } from './inbox-gauges.ts'
import { createMetrics } from './metrics.ts'

const watch = watchQueries()
let proxy: DatabaseProxy
let database: Database
beforeAll(async () => {
  proxy = await startDatabaseProxy(freshDatabaseUri())
  database = await openDatabase({ mongodbUri: proxy.uri, dataDir: '', log: () => undefined })
  await migrate(database.connection, database.models)
})
afterAll(async () => {
  await database.connection.dropDatabase()
  await database.close()
  await proxy.down()
  watch.stop()
})
afterEach(() => vi.useRealTimers())

const minute = 60_000
const event = (id: string, lane: string, state: string, dueInMs = 0) => ({
  _id: id,
  corpId: 'ww1',
  lane,
  state,
  createdAt: new Date(),
  notBefore: new Date(Date.now() + dueInMs),
})
const store = (...events: object[]) => database.models.inbox.collection.insertMany(events as never)

describe('the gauges of the inbox', () => {
  const metrics = createMetrics()
  const read = async (patienceMs = 20_000) => {
    await createInboxGauges(database.models, metrics, patienceMs)()
    const text = await metrics.registry.metrics()
    const value = (name: string) =>
      text.match(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.*)$`, 'm'))?.[1]
    return {
      fast: value('sidekick_inbox_waiting{lane="fast"}'),
      slow: value('sidekick_inbox_waiting{lane="slow"}'),
      oldest: Math.floor(Number(value('sidekick_inbox_oldest_seconds{lane="fast"}'))),
      slowOldest: value('sidekick_inbox_oldest_seconds{lane="slow"}'),
      dead: value('sidekick_inbox_dead'),
      notices: value('sidekick_notices_waiting'),
      gaps: value('sidekick_gaps_open'),
      up: value('sidekick_database_up'),
    }
  }

  it('are nought where nothing waits', async () => {
    const nought = {
      fast: '0',
      slow: '0',
      oldest: 0,
      slowOldest: '0',
      dead: '0',
      notices: '0',
      gaps: '0',
      up: '1',
    }
    expect(await read()).toEqual(nought)
  })

  it('tell how many wait in each lane or for a retry, since when the first one could be handled, and what was given up', async () => {
    await store(
      event('a', 'fast', 'waiting', -minute),
      event('b', 'fast', 'waiting', -2 * minute),
      event('c', 'slow', 'waiting', minute),
      event('planned', 'slow', 'waiting', 60 * minute),
      event('d', 'fast', 'dead', -9 * minute),
      event('e', 'slow', 'done', -9 * minute),
    )
    const gap = { corpId: 'ww1', from: new Date(0), to: new Date(1), foundAt: new Date() }
    await database.models.gaps.create({ ...gap, reason: 'refused', state: 'open' })
    const notices = ['waiting', 'sent', 'failed'].map(state => ({ _id: state as never, state }))
    await database.models.notices.collection.insertMany(notices as never)
    const { oldest, ...others } = await read()
    expect(others).toEqual({
      fast: '2',
      slow: '1',
      slowOldest: '0',
      dead: '1',
      notices: '1',
      gaps: '1',
      up: '1',
    })
    expect(oldest).toBeGreaterThanOrEqual(120)
    expect(oldest).toBeLessThan(130)
  })

  it('count no further than 10,000, however many there are', async () => {
    await store(...Array.from({ length: 10_050 }, (_, i) => event(`many-${i}`, 'fast', 'waiting')))
    expect((await read()).fast).toBe('10000')
  })

  it('are read anew after five seconds, and not for each who asks', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const refresh = createInboxGauges(database.models, metrics, 20_000)
    const from = watch.sent.length
    const asked = () => watch.sent.length - from
    await Promise.all([refresh(), refresh()])
    const once = asked()
    expect(once).toBeGreaterThan(0)
    await refresh()
    expect(asked()).toBe(once)
    vi.advanceTimersByTime(5_000)
    await refresh()
    expect(asked()).toBe(2 * once)
  })

  it('have no value while the database is away, which they say', async () => {
    await proxy.down()
    const { up, ...others } = await read(500)
    expect(up).toBe('0')
    expect(Object.values(others).filter(value => value !== undefined && !Number.isNaN(value))).toEqual([])
    await proxy.up()
    await expect.poll(async () => (await read()).up).toBe('1')
  })
})
