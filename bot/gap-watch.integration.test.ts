import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import { type Clock, createClock } from '../models/clock.ts'
import type { Database } from '../models/connect.ts'
import { createGapWatch, type GapWatch } from './gap-watch.ts'
import { createMetrics, type Metrics } from './metrics.ts'

const beatMs = 20
const gapMs = 15_000

let database: Database
let watches: GapWatch[]
let asked: string[]
beforeEach(async () => {
  database = await openTestDatabase()
  watches = []
  asked = []
  const app = { app: '1', callback: { token: 't', aesKey: 'k' } }
  for (const [corpId, secret] of [
    ['ww-one', 's'],
    ['ww-two', 's'],
    ['ww-only-receives', undefined],
  ] as const)
    await database.models.corps.create({
      corpId,
      name: corpId,
      apps: [{ ...app, ...(secret !== undefined && { secret }) }],
      updatedAt: new Date(),
    })
})
afterEach(async () => {
  for (const watch of watches) await watch.stop()
  await database.close()
})

/** What takes callbacks, as one of several instances. */
function instance(overrides: { gapMs?: number; clock?: Clock; metrics?: Metrics } = {}): GapWatch {
  const watch = createGapWatch({
    connection: database.connection,
    models: database.models,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
    clock: createClock(),
    requestReconcile: async corpId => void asked.push(corpId),
    beatMs,
    gapMs,
    ...overrides,
  })
  watches.push(watch)
  return watch
}
const meta = () => database.connection.collection<{ _id: string; at: Date; pending: object | null }>('meta')
const attendance = () => meta().findOne({ _id: 'callbacks' })
const gaps = () => database.models.gaps.find().sort({ corpId: 1, from: 1 }).lean()
/** Two beats later, so that whatever the first one found has been recorded. */
async function beats(): Promise<void> {
  for (let i = 0; i < 2; i += 1) {
    const before = (await attendance())?.at.getTime()
    await expect.poll(async () => (await attendance())?.at.getTime(), { interval: 5 }).not.toBe(before)
  }
}
const nobodyFor = (ms: number) =>
  meta().updateOne({ _id: 'callbacks' }, [{ $set: { at: { $subtract: ['$$NOW', ms] } } }])

describe('whoever takes callbacks', () => {
  it('finds no gap at the first start ever, nor where another one was there', async () => {
    instance().start()
    await beats()
    instance().start()
    await beats()
    expect(await gaps()).toEqual([])
  })

  it('finds that nobody was there: once, for each corp that can be read, by whichever comes first', async () => {
    const [one, other] = [instance(), instance()]
    one.start()
    await beats()
    await one.stop()
    await nobodyFor(60_000)
    const again = instance()
    for (const watch of [other, again]) watch.start()
    await expect.poll(gaps).toHaveLength(2)
    await beats()
    const found = await gaps()
    expect(found).toMatchObject([
      { corpId: 'ww-one', state: 'open', reason: 'unattended' },
      { corpId: 'ww-two', state: 'open', reason: 'unattended' },
    ])
    for (const { from, to } of found) {
      expect(to.getTime() - from.getTime()).toBeGreaterThanOrEqual(60_000)
      expect(to.getTime() - from.getTime()).toBeLessThan(70_000)
    }
    expect(asked.sort()).toEqual(['ww-one', 'ww-two'])
  })

  it('takes a shorter silence for none', async () => {
    instance().start()
    await beats()
    await nobodyFor(gapMs - 5_000)
    await beats()
    expect(await gaps()).toEqual([])
  })

  it('really stays away longer than the time that is set', async () => {
    // What a busy machine takes between two beats is no gap to this one.
    const one = instance()
    one.start()
    await beats()
    await one.stop()
    expect(await gaps()).toEqual([])
    const silentSince = Date.now()
    await expect.poll(() => Date.now() - silentSince).toBeGreaterThan(1_050)
    instance({ gapMs: 1_000 }).start()
    await expect.poll(gaps).toHaveLength(2)
  })

  it('records what one found that died before it could', async () => {
    const [from, to] = [new Date(Date.now() - 90_000), new Date(Date.now() - 30_000)]
    await meta().insertOne({ _id: 'callbacks', at: new Date(), pending: { from, to } })
    instance().start()
    await expect.poll(gaps).toMatchObject([
      { corpId: 'ww-one', from, to },
      { corpId: 'ww-two', from, to },
    ])
    await expect.poll(async () => (await attendance())?.pending).toBeNull()
  })
})

describe('events that were refused', () => {
  it('are a gap from the first one to the next that was stored', async () => {
    const one = instance()
    one.start()
    const begun = Date.now()
    one.refused()
    one.refused()
    await beats()
    expect(await gaps()).toEqual([])
    one.stored()
    one.stored()
    await expect.poll(gaps).toHaveLength(2)
    const [gap] = await gaps()
    expect(gap).toMatchObject({ reason: 'refused', corpId: 'ww-one' })
    // What is refused now came up to five seconds ago.
    expect(gap?.from.getTime()).toBeGreaterThanOrEqual(begun - 5_100)
    await beats()
    expect(await gaps()).toHaveLength(2)
  })

  it('are a gap too where none comes any more that could be stored', async () => {
    const metrics = createMetrics()
    const one = instance({ gapMs: 1_000, metrics })
    const begun = Date.now()
    one.refused()
    one.start()
    // A busy machine may stay away for so long itself: such a gap becomes one with it, and bears its own reason.
    const refused = async () =>
      (await metrics.gaps.get()).values.find(({ labels }) => labels.reason === 'refused')?.value
    await expect.poll(refused).toBe(2)
    const found = await gaps()
    expect(found).toHaveLength(2)
    for (const { from } of found) expect(from.getTime()).toBeLessThan(begun)
  })

  it('are told in the time of the database, whatever the clock of the host says', async () => {
    const behind = 3_600_000
    const clock = createClock()
    const databaseNow = (): number => Date.now() + behind
    clock.learn(databaseNow(), performance.now())
    const one = instance({ clock })
    const begun = databaseNow() - 10_000
    one.refused()
    one.stored()
    one.start()
    await expect.poll(gaps).toHaveLength(2)
    const [{ from, to } = { from: new Date(0), to: new Date(0) }] = await gaps()
    expect(from.getTime()).toBeGreaterThan(begun)
    expect(to.getTime() - from.getTime()).toBeLessThan(10_000)
  })

  it('are not forgotten by one that stops before any is stored again', async () => {
    const one = instance()
    one.refused()
    await one.stop()
    expect(await gaps()).toMatchObject([{ reason: 'refused' }, { reason: 'refused' }])
  })

  it('make an open gap longer that they touch, and are none of those that are closed', async () => {
    const one = instance()
    one.start()
    one.refused()
    one.stored()
    await expect.poll(gaps).toHaveLength(2)
    const before = await gaps()
    await database.models.gaps.updateMany({}, { $set: { before: {} } })
    one.refused()
    await beats()
    one.stored()
    await expect.poll(async () => (await gaps())[0]?.to).not.toEqual(before[0]?.to)
    const longer = await gaps()
    expect(longer.map(gap => gap.from)).toEqual(before.map(gap => gap.from))
    expect(longer[0]?.before).toBeUndefined()
    await database.models.gaps.updateMany({}, { $set: { state: 'closed' } })
    one.refused()
    one.stored()
    await expect.poll(gaps).toHaveLength(4)
  })
})
