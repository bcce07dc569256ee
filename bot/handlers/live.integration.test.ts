import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { createLiveHandlers, type HandlerSet } from './live.ts'
import { publishHandler } from './publish.ts'

const document = (key: string, over: object = {}) => ({
  schemaVersion: 1,
  key,
  title: '退款',
  trigger: { message: { contains: ['退款'] } },
  steps: [{ id: 'answer', action: 'reply', with: { text: '好' } }],
  ...over,
})

describe('the handlers of a corp that run', () => {
  let database: Database
  let corpId = ''
  let told: [string, HandlerSet['broken']][]
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    corpId = `ww${randomUUID()}`
    told = []
    vi.useFakeTimers({ toFake: ['Date'] })
  })
  afterEach(() => vi.useRealTimers())

  const publish = (key: string, over: object = {}) =>
    publishHandler(database.models, corpId, document(key, over), actions)
  const open = () => createLiveHandlers(database.models, actions, (...what) => void told.push(what))
  const keys = ({ handlers }: HandlerSet) => handlers.map(handler => handler.key)

  it('stand in the order of their priority, then of their keys', async () => {
    for (const [key, priority] of [
      ['c', 5],
      ['b', 5],
      ['a', 7],
      ['z', 0],
    ] as const)
      await publish(key, { priority })
    expect(keys(await open().of(corpId))).toEqual(['z', 'b', 'c', 'a'])
  })

  it('are those of the corp that are switched on', async () => {
    await publish('a')
    await publish('b', { enabled: false })
    await publishHandler(database.models, `${corpId}-2`, document('c'), actions)
    expect(keys(await open().of(corpId))).toEqual(['a'])
    expect(keys(await open().of('ww-nobody'))).toEqual([])
  })

  it('are the same set until a second has passed, and then the new one', async () => {
    const live = open()
    await publish('a')
    const first = await live.of(corpId)
    vi.advanceTimersByTime(500)
    await publish('b')
    expect(await live.of(corpId)).toBe(first)
    vi.advanceTimersByTime(500)
    expect(keys(await live.of(corpId))).toEqual(['a', 'b'])
    expect(keys(first)).toEqual(['a'])
  })

  it('are not compiled again where nothing has changed', async () => {
    const live = open()
    await publish('a')
    const first = await live.of(corpId)
    vi.advanceTimersByTime(60_000)
    expect(await live.of(corpId)).toBe(first)
  })

  it('follow a publish and a switch of a machine whose clock is behind', async () => {
    const live = open()
    const revisions = async () =>
      (await live.of(corpId)).handlers.map(handler => [handler.key, handler.revision])
    await publish('a')
    await publish('b')
    expect(await revisions()).toEqual([
      ['a', 1],
      ['b', 1],
    ])
    const now = Date.now()
    vi.setSystemTime(now - 60_000)
    await publish('b', { title: '新' })
    vi.setSystemTime(now + 1_000)
    expect(await revisions()).toEqual([
      ['a', 1],
      ['b', 2],
    ])
    await database.models.handlers.updateOne({ corpId, key: 'a' }, { $set: { enabled: false } })
    vi.advanceTimersByTime(1_000)
    expect(await revisions()).toEqual([['b', 2]])
  })

  it('are without one that was deleted, within a second', async () => {
    const live = open()
    await publish('a')
    vi.advanceTimersByTime(1)
    await publish('b')
    await live.of(corpId)
    await database.models.handlers.deleteOne({ corpId, key: 'a' })
    vi.advanceTimersByTime(1_000)
    expect(keys(await live.of(corpId))).toEqual(['b'])
  })

  it('run without the one that this release cannot read, and tell of it once', async () => {
    await publish('a')
    await database.models.handlers.create({
      corpId,
      key: 'old',
      revision: 4,
      enabled: true,
      document: document('old', { steps: [{ id: 'x', action: 'fax.send' }] }),
      updatedAt: new Date(),
    })
    const live = open()
    expect(keys(await live.of(corpId))).toEqual(['a'])
    vi.advanceTimersByTime(1_000)
    const { broken } = await live.of(corpId)
    expect(broken).toEqual([
      { key: 'old', problems: [{ path: 'steps.0.action', message: '"fax.send" is not an action' }] },
    ])
    expect(told).toEqual([[corpId, broken]])
  })

  it('are read once for all who ask at the same time', async () => {
    await publish('a')
    const live = open()
    const sets = await Promise.all([live.of(corpId), live.of(corpId), live.of(corpId)])
    expect(new Set(sets).size).toBe(1)
  })
})
