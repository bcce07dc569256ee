import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { createMemoryLimits } from '../bot/wecom/limits/memory.ts'
import type { Ask, LimitStore } from '../bot/wecom/limits/store.ts'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from './connect.ts'
import { createLimitStore } from './limit-store.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const ask = (more: Partial<Ask> = {}): Ask => ({
  rate: { perSecond: 0.001, burst: 10 },
  priority: 'interactive',
  want: 1,
  keep: 0,
  activeMs: 60_000,
  ...more,
})
const instance = (): LimitStore => createLimitStore(database.models.limits)
const because = { ms: 60_000, errcode: 45009, errmsg: '$not an expression' }

/** Brings a count to where it stands so much later. @returns the moment as the count has it then */
type Later = (key: string, ms: number, moment?: Date) => Promise<Date | undefined>

/** By the time of the database: all that is stored lies further back. */
const laterStored: Later = async (key, ms, moment) => {
  const { collection } = database.models.limits
  const back = (field: string) => ({ $subtract: [field, ms] })
  const sent = { $map: { input: '$sent', in: back('$$this') } }
  await collection.updateOne({ _id: `rate:${key}` as never }, [
    { $set: { at: back('$at'), restUntil: back('$restUntil') } },
  ])
  await collection.updateOne({ _id: `member:${key}` as never }, [{ $set: { sent } }])
  return moment && new Date(moment.getTime() - ms)
}

/** By the clocks of this process, which have gone on so far. */
const clocks = { aheadMs: 0, date: Date.now, passed: performance.now.bind(performance) }
const laterHere: Later = async (_key, ms, moment) => {
  clocks.aheadMs += ms
  vi.spyOn(Date, 'now').mockImplementation(() => clocks.date() + clocks.aheadMs)
  vi.spyOn(performance, 'now').mockImplementation(() => clocks.passed() + clocks.aheadMs)
  return moment
}

describe.each([
  ['in the database', instance, laterStored],
  ['in memory', createMemoryLimits, laterHere],
])('counts %s', (_where, create, later) => {
  let store: LimitStore
  let key: string
  beforeEach(() => {
    clocks.aheadMs = 0
    store = create()
    key = `ww1:user/get:${randomUUID()}`
  })
  afterEach(() => {
    vi.restoreAllMocks()
  })

  it('give what is wanted while a bucket holds it, and leave in it what is kept', async () => {
    expect(await store.take(key, ask({ want: 4 }))).toMatchObject({ granted: 4, level: 6 })
    expect(await store.take(key, ask({ want: 4, keep: 5 }))).toMatchObject({ granted: 1 })
    expect(await store.take(key, ask({ want: 4, keep: 5 }))).toMatchObject({ granted: 0 })
    expect(await store.take(key, ask({ want: 9 }))).toMatchObject({ granted: 5 })
    expect(await store.take(key, ask())).toMatchObject({ granted: 0 })
    expect(await store.take(`${key}:other`, ask())).toMatchObject({ granted: 1 })
  })

  it('refill as time passes, never beyond the burst', async () => {
    const rate = { perSecond: 100, burst: 10 }
    await store.take(key, ask({ rate, want: 10 }))
    await expect.poll(async () => (await store.take(key, ask({ rate, want: 0 }))).level).toBeGreaterThan(5)
    await expect.poll(async () => (await store.take(key, ask({ rate, want: 0 }))).level).toBe(10)
    await sleep(50)
    expect((await store.take(key, ask({ rate, want: 0 }))).level).toBe(10)
  })

  it('grant nothing while a bucket rests, and say why', async () => {
    expect(await store.rest(key, because, 3_600_000)).toEqual(because)
    const { granted, rest } = await store.take(key, ask())
    expect(granted).toBe(0)
    expect(rest).toMatchObject({ errcode: 45009, errmsg: because.errmsg })
    expect(rest?.ms).toBeGreaterThan(50_000)
    expect(rest?.ms).toBeLessThanOrEqual(60_000)
    // Whoever was refused meanwhile learns of the same rest.
    const other = await store.rest(key, { ms: 90_000, errcode: 45036, errmsg: '' }, 3_600_000)
    expect(other.errcode).toBe(45009)
    expect(other.ms).toBeLessThanOrEqual(60_000)
  })

  it('rest twice as long each time, up to the longest, when the last rest was not long ago', async () => {
    const [first, longest] = [20 * 60_000, 60 * 60_000]
    const rest = async () => (await store.rest(key, { ...because, ms: first }, longest)).ms
    const over = async (ms: number) => {
      expect((await store.take(key, ask())).rest?.ms).toBeGreaterThan(0)
      await later(key, ms)
      expect((await store.take(key, ask())).rest).toBeUndefined()
    }
    for (const ms of [first, 2 * first, longest]) {
      expect(await rest()).toBe(ms)
      await over(ms + 1)
    }
    expect(await rest()).toBe(longest)
    await over(2 * longest)
    expect(await rest()).toBe(first)
  })

  it('count the messages to a member in every window', async () => {
    const windows = [
      { ms: 60_000, most: 3 },
      { ms: 3_600_000, most: 4 },
    ]
    const claims = []
    for (let turn = 0; turn < 3; turn += 1) claims.push(await store.claim(key, windows))
    const times = claims.map(claim => ('at' in claim ? claim.at.getTime() : Number.NaN))
    expect(new Set(times).size).toBe(3)
    const full = await store.claim(key, windows)
    if ('at' in full) throw new Error('a fourth message had no room')
    expect(full.ages).toHaveLength(3)
    for (const age of full.ages) expect(age).toBeLessThan(30_000)
    expect(await store.claim(`${key}:other`, windows)).toHaveProperty('at')
    // Only the longer window is full.
    const wide = [
      { ms: 1, most: 9 },
      { ms: 3_600_000, most: 3 },
    ] as const
    expect(await store.claim(key, wide)).toHaveProperty('ages')
  })

  it('forget a claim that is taken back, and that one only', async () => {
    const windows = [{ ms: 60_000, most: 2 }]
    const first = await store.claim(key, windows)
    await store.claim(key, windows)
    if ('at' in first) await store.unclaim(key, first.at)
    expect(await store.claim(key, windows)).toHaveProperty('at')
    expect(await store.claim(key, windows)).toHaveProperty('ages')
  })

  it('count a message from when it was sent, if that was later', async () => {
    const windows = [{ ms: 40 * 60_000, most: 1 }]
    const claim = await store.claim(key, windows)
    if (!('at' in claim)) throw new Error('the first message had no room')
    const at = await later(key, 25 * 60_000, claim.at)
    if (at !== undefined) await store.settle(key, at)
    await later(key, 20 * 60_000)
    const late = await store.claim(key, windows)
    expect('ages' in late && late.ages[0]).toBeLessThan(40 * 60_000)
    await later(key, 20 * 60_000)
    expect(await store.claim(key, windows)).toHaveProperty('at')
  })
})

describe('counts that instances share', () => {
  let key: string
  beforeEach(() => {
    key = randomUUID()
  })

  it('give no more than there is, however many ask at once', async () => {
    const instances = [instance(), instance(), instance()]
    const asks = Array.from({ length: 30 }, (_, at) => instances[at % 3]?.take(key, ask({ want: 2 })))
    const grants = await Promise.all(asks)
    expect(grants.reduce((sum, grant) => sum + (grant?.granted ?? 0), 0)).toBe(10)
    const windows = [{ ms: 60_000, most: 7 }]
    const claims = await Promise.all(
      Array.from({ length: 20 }, (_, at) => instances[at % 3]?.claim(key, windows)),
    )
    expect(claims.filter(claim => claim !== undefined && 'at' in claim)).toHaveLength(7)
  })

  it('tell how many instances are calling with a priority, for as long as they say so', async () => {
    const [one, two] = [instance(), instance()]
    await one.take(key, ask())
    await one.take(key, ask({ priority: 'bulk' }))
    expect((await two.take(key, ask({ activeMs: 100 }))).instances).toBe(2)
    expect((await one.take(key, ask({ priority: 'bulk' }))).instances).toBe(1)
    await expect.poll(async () => (await one.take(key, ask({ want: 0 }))).instances).toBe(1)
  })

  it('let one instance have a record, until it gives it back or its time is over', async () => {
    const [one, two] = [instance(), instance()]
    const taken = await Promise.all([one, two, one, two].map(store => store.hold(key, 60_000)))
    expect(taken).toEqual([taken[0], !taken[0], taken[0], !taken[0]])
    const [holder, other] = taken[0] ? [one, two] : [two, one]
    await other.release(key)
    expect(await other.hold(key, 50)).toBe(false)
    await holder.release(key)
    expect(await other.hold(key, 50)).toBe(true)
    await expect.poll(() => holder.hold(key, 50)).toBe(true)
  })

  it('leave the database by themselves', async () => {
    const store = instance()
    await store.take(key, ask())
    await store.claim(key, [{ ms: 1, most: 1 }])
    await store.hold(key, 1)
    const rows = await database.models.limits.find({ _id: { $regex: key } }).lean()
    expect(rows).toHaveLength(3)
    for (const { expireAt } of rows) expect(expireAt.getTime()).toBeGreaterThan(Date.now())
    const indexes = await database.models.limits.collection.indexes()
    expect(indexes).toContainEqual(expect.objectContaining({ key: { expireAt: 1 }, expireAfterSeconds: 0 }))
  })
})
