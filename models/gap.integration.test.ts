import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from './connect.ts'
import { recordGap } from './gap.ts'

let database: Database
let corpId = ''
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  corpId = `ww${randomUUID()}`
})

const start = Date.parse('2026-03-01T10:00:00Z')
const minute = (at: number) => new Date(start + at * 60_000)
const record = (from: number, to: number) =>
  recordGap(database.models.gaps, corpId, { from: minute(from), to: minute(to), reason: 'refused' })
const gaps = () => database.models.gaps.find({ corpId }).sort({ from: 1 }).lean()
const close = () =>
  database.models.gaps.updateMany({ corpId }, { $set: { state: 'closed', closedAt: new Date(), before: {} } })

describe('a gap', () => {
  it('that is known is recorded no second time, nor opened again', async () => {
    expect([await record(0, 10), await record(0, 10), await record(2, 5)]).toEqual([true, false, false])
    await close()
    expect(await record(0, 10)).toBe(false)
    expect(await gaps()).toMatchObject([{ state: 'closed' }])
  })

  it('that is longer than a closed one of the same beginning opens that again', async () => {
    await record(0, 10)
    await close()
    expect(await record(0, 20)).toBe(true)
    const [gap, ...more] = await gaps()
    expect(more).toEqual([])
    expect(gap).toMatchObject({ state: 'open', from: minute(0), to: minute(20) })
    expect(gap).not.toHaveProperty('before')
    expect(gap).not.toHaveProperty('closedAt')
  })

  it('that joins a closed one of the same beginning and an open one makes one of all', async () => {
    await record(0, 3)
    await close()
    await record(5, 10)
    expect(await record(0, 6)).toBe(true)
    expect(await gaps()).toMatchObject([{ state: 'open', from: minute(0), to: minute(10) }])
  })

  it('between two open ones makes one of them', async () => {
    await record(0, 3)
    await record(6, 9)
    expect(await record(3, 6)).toBe(true)
    expect(await gaps()).toMatchObject([{ state: 'open', from: minute(0), to: minute(9) }])
  })

  it('is told by one only of those who find it at once', async () => {
    const told = await Promise.all(Array.from({ length: 8 }, () => record(0, 10)))
    expect(told.filter(Boolean)).toHaveLength(1)
    expect(await gaps()).toMatchObject([{ from: minute(0), to: minute(10) }])
  })

  it('is one row, whatever parts of it are found at once', async () => {
    for (let round = 0; round < 10; round += 1) {
      corpId = `ww${randomUUID()}`
      await Promise.all([record(0, 4), record(3, 8), record(7, 12), record(1, 9)])
      expect(await gaps()).toMatchObject([{ state: 'open', from: minute(0), to: minute(12) }])
    }
  })
})
