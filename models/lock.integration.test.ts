import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from './connect.ts'
import { askLock, isDuplicateKey, releaseLock, renewLock, takeLock } from './lock.ts'

describe('a lease on a name', () => {
  let database: Database
  let name = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    name = randomUUID()
  })
  afterEach(() => {
    vi.useRealTimers()
  })
  const take = (owner: string, ms = 60_000, of = name) => takeLock(database.models.locks, of, owner, ms)
  const held = () => database.models.locks.findById(name).lean()

  it('is had by one owner at a time', async () => {
    expect(await take('a')).toBe(true)
    expect(await take('b')).toBe(false)
    expect(await held()).toMatchObject({ owner: 'a' })
  })

  it('is had by exactly one of many who ask at once', async () => {
    const owners = Array.from({ length: 24 }, (_, i) => `owner ${i}`)
    const taken = await Promise.all(owners.map(owner => take(owner)))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect((await held())?.owner).toBe(owners[taken.indexOf(true)])
  })

  it('is prolonged by its owner', async () => {
    await take('a', 1_000)
    const first = await held()
    expect(await take('a', 60_000)).toBe(true)
    expect((await held())?.until.getTime()).toBeGreaterThan(first?.until.getTime() ?? Number.NaN)
  })

  it('falls to the next one when its time is over', async () => {
    await take('a', 0)
    expect(await take('b')).toBe(true)
    expect(await take('a')).toBe(false)
  })

  it('falls to exactly one of many when its time is over', async () => {
    await take('dead', 0)
    const taken = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(owner => take(owner)))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('is free as soon as it is given back', async () => {
    await take('a')
    await releaseLock(database.models.locks, name, 'a')
    expect(await take('b')).toBe(true)
  })

  it('is not given back by somebody who has lost it', async () => {
    await take('a', 0)
    await take('b')
    await releaseLock(database.models.locks, name, 'a')
    expect(await held()).toMatchObject({ owner: 'b' })
  })

  it('is renewed by its owner alone, who hears until when it runs', async () => {
    await take('a', 1_000)
    const until = await renewLock(database.models.locks, name, 'a', 60_000)
    expect(await held()).toMatchObject({ owner: 'a', until })
    expect(await renewLock(database.models.locks, name, 'b', 60_000)).toBeUndefined()
    expect(await held()).toMatchObject({ owner: 'a', until })
  })

  it('tells whoever asks in vain whose it is', async () => {
    const mine = await askLock(database.models.locks, name, 'a', 60_000)
    expect(await askLock(database.models.locks, name, 'b', 60_000)).toEqual(mine)
  })

  it.each([
    ['ahead', 10],
    ['behind', -10],
  ])(
    'runs by the clock of the database: one that is ten minutes %s changes nothing',
    async (_how, minutes) => {
      await take('a', 60_000)
      const before = await held()
      vi.setSystemTime(Date.now() + minutes * 60_000)
      expect(await take('b')).toBe(false)
      const until = await renewLock(database.models.locks, name, 'a', 120_000)
      const longer = (until?.getTime() ?? 0) - (before?.until.getTime() ?? 0)
      // And what passed in between, which is far from ten minutes.
      expect(longer).toBeGreaterThanOrEqual(60_000)
      expect(longer).toBeLessThan(120_000)
      await releaseLock(database.models.locks, name, 'a')
      expect(await take('b', 0)).toBe(true)
      vi.useRealTimers()
      expect(await take('a')).toBe(true)
    },
  )

  it('has nothing to do with a lease on another name', async () => {
    await take('a')
    expect(await take('b', 60_000, `${name}:2`)).toBe(true)
  })
})

describe('a duplicate key', () => {
  it('is told by its code', () => {
    expect(
      [{ code: 11000 }, { code: '11000' }, new Error('E11000'), null, 11000].map(isDuplicateKey),
    ).toEqual([true, false, false, false, false])
  })
})
