import { randomUUID } from 'node:crypto'
import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  it,
  type MockInstance,
  vi,
} from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { watchQueries } from '../../fixtures/test/query-watch.ts'
import { type Database, openDatabase } from '../../models/connect.ts'
import type { Models } from '../../models/models.ts'
import { actions } from '../actions/registry.ts'
import type { HandlerSet } from './handler-set.ts'
import { createLiveHandlers } from './live.ts'
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
  let looks: MockInstance<typeof setInterval>
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    corpId = `ww${randomUUID()}`
    told = []
    vi.useFakeTimers({ toFake: ['performance'] })
    // The look of every second comes by the clock of the machine, and not in the middle of a test.
    looks = vi.spyOn(globalThis, 'setInterval').mockImplementation(() => setTimeout(() => undefined))
  })
  afterEach(() => {
    vi.useRealTimers()
    looks.mockRestore()
  })

  /** A set this old is not used any more, so that whoever asks waits for a new one. */
  const outdate = () => vi.advanceTimersByTime(2_000)

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

  it('are the set that is held until it is 2 s old, and then the new one', async () => {
    const live = open()
    await publish('a')
    const first = await live.of(corpId)
    vi.advanceTimersByTime(1_999)
    await publish('b')
    expect(await live.of(corpId)).toBe(first)
    vi.advanceTimersByTime(1)
    expect(keys(await live.of(corpId))).toEqual(['a', 'b'])
    expect(keys(first)).toEqual(['a'])
    live.close()
  })

  it('are compiled again only where their document has changed', async () => {
    const live = open()
    await publish('a')
    await publish('b')
    const first = await live.of(corpId)
    outdate()
    expect(await live.of(corpId)).toBe(first)
    await publish('b', { title: '新' })
    outdate()
    const second = await live.of(corpId)
    expect(second.byKey.get('a')).toBe(first.byKey.get('a'))
    expect(second.byKey.get('b')).toMatchObject({ title: '新', revision: 2 })
    live.close()
  })

  it('follow an edit by hand that raises no revision', async () => {
    const live = open()
    await publish('a')
    await live.of(corpId)
    await database.models.handlers.collection.updateOne(
      { corpId, key: 'a' },
      { $set: { 'document.priority': 5 } },
    )
    outdate()
    expect((await live.of(corpId)).byKey.get('a')).toMatchObject({ priority: 5, revision: 1 })
    live.close()
  })

  it('stay as they are while somebody writes a draft, and do not count one that was never published', async () => {
    const live = open()
    await publish('a')
    const first = await live.of(corpId)
    const draft = { document: { key: 'a', nonsense: true }, savedAt: new Date(), by: 'lina' }
    await database.models.handlers.updateOne({ corpId, key: 'a' }, { $set: { draft } })
    outdate()
    expect(await live.of(corpId)).toBe(first)
    await database.models.handlers.create({
      ...{ corpId, key: 'b', revision: 0, enabled: false, draft, updatedAt: new Date() },
    })
    outdate()
    expect(await live.of(corpId)).toMatchObject({ handlers: [{ key: 'a' }], broken: [], off: [] })
    live.close()
  })

  it('are told apart from those that are off, of which little is held', async () => {
    const live = open()
    await publish('a')
    await publish('b', { enabled: false })
    const trigger = { message: { contains: ['退款'] } }
    expect(await live.of(corpId)).toMatchObject({
      handlers: [{ key: 'a' }],
      off: [{ key: 'b', revision: 1, title: '退款', trigger }],
    })
    await database.models.handlers.updateOne({ corpId, key: 'a' }, { $set: { enabled: false } })
    outdate()
    expect((await live.of(corpId)).off.map(one => one.key)).toEqual(['a', 'b'])
    live.close()
  })

  it('are paused with their corp', async () => {
    const live = open()
    expect((await live.of(corpId)).paused).toBeUndefined()
    const paused = { at: new Date(5_000), by: 'zhouming' }
    await database.models.corps.create({ corpId, name: corpId, apps: [], paused, updatedAt: new Date() })
    outdate()
    expect((await live.of(corpId)).paused).toMatchObject(paused)
    await database.models.corps.updateOne({ corpId }, { $unset: { paused: 1 } })
    outdate()
    expect((await live.of(corpId)).paused).toBeUndefined()
    live.close()
  })

  it('are without one that was deleted', async () => {
    const live = open()
    await publish('a')
    await publish('b')
    await live.of(corpId)
    await database.models.handlers.deleteOne({ corpId, key: 'a' })
    outdate()
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
    outdate()
    const { broken } = await live.of(corpId)
    expect(broken).toEqual([
      {
        key: 'old',
        revision: 4,
        trigger: { message: { contains: ['退款'] } },
        problems: [
          { path: 'steps.0.action', message: expect.stringMatching(/^"fax\.send" is not an action/) },
        ],
      },
    ])
    expect(told).toEqual([[corpId, broken]])
    await database.models.handlers.updateOne({ corpId, key: 'old' }, { $set: { document: document('old') } })
    outdate()
    expect(keys(await live.of(corpId))).toEqual(['a', 'old'])
    expect(told).toEqual([
      [corpId, broken],
      [corpId, []],
    ])
  })

  it('are read once for all who ask at the same time', async () => {
    await publish('a')
    const live = open()
    const sets = await Promise.all([live.of(corpId), live.of(corpId), live.of(corpId)])
    expect(new Set(sets).size).toBe(1)
  })

  it('run without one whose document bears another key than it is stored under', async () => {
    await publish('a')
    await database.models.handlers.updateOne({ corpId, key: 'a' }, { $set: { 'document.key': 'b' } })
    expect((await open().of(corpId)).broken).toMatchObject([
      { key: 'a', revision: 1, problems: [{ path: 'key', message: 'is "b", and it is stored as "a"' }] },
    ])
  })

  it.each([null, 'text', 7, [], [{ key: 'x' }]])(
    'run without one whose document is %j, on or off',
    async bad => {
      await publish('a')
      await publish('b')
      await publish('c')
      const { handlers } = database.models
      await handlers.collection.updateOne({ corpId, key: 'b' }, { $set: { document: bad } })
      await handlers.collection.updateOne({ corpId, key: 'c' }, { $set: { document: bad, enabled: false } })
      const set = await open().of(corpId)
      expect(keys(set)).toEqual(['a'])
      expect(set.broken).toMatchObject([{ key: 'b', problems: [{ message: expect.any(String) }] }])
      expect(set.off).toMatchObject([{ key: 'c', title: 'c' }])
    },
  )

  it('are kept while nobody asks, and then compiled again only where they have changed', async () => {
    await publish('a')
    await publish('b')
    await database.models.handlers.updateOne({ corpId, key: 'b' }, { $set: { 'document.steps': [] } })
    const live = open()
    const first = await live.of(corpId)
    const [lookAtAll] = looks.mock.lastCall ?? []
    vi.advanceTimersByTime(70_000)
    lookAtAll?.()
    await database.models.handlers.updateOne({ corpId, key: 'b' }, { $set: { document: document('b') } })
    const second = await live.of(corpId)
    expect(second.byKey.get('a')).toBe(first.byKey.get('a'))
    expect(told).toEqual([
      [corpId, first.broken],
      [corpId, []],
    ])
    live.close()
  })

  it('are told to be out of date once, however often the database cannot be asked', async () => {
    await publish('a')
    const own = await openTestDatabase()
    const failed: string[] = []
    const live = createLiveHandlers(
      own.models,
      actions,
      () => undefined,
      corp => void failed.push(corp),
    )
    await live.of(corpId)
    await own.connection.close(true)
    for (let looks = 0; looks < 3; looks += 1) {
      outdate()
      await live.of(corpId)
    }
    expect(failed).toEqual([corpId])
    live.close()
  })

  it('stay while the database is away, and are not to be had where it never was there', async () => {
    await publish('a')
    const own = await openTestDatabase()
    const away = createLiveHandlers(own.models, actions, () => undefined)
    const never = createLiveHandlers(own.models, actions, () => undefined)
    const set = await away.of(corpId)
    await own.connection.close(true)
    outdate()
    expect(await away.of(corpId)).toBe(set)
    await expect(never.of(corpId)).rejects.toThrow()
    away.close()
    never.close()
  })
})

describe('two instances', () => {
  it.each<
    [string, (models: Models, corpId: string) => Promise<unknown>, (set: HandlerSet) => unknown, unknown]
  >([
    [
      'a publish',
      (models, corpId) => publishHandler(models, corpId, document('a', { title: '新' }), actions),
      set => set.byKey.get('a')?.title,
      '新',
    ],
    [
      'a switch',
      (models, corpId) => models.handlers.updateOne({ corpId, key: 'a' }, { $set: { enabled: false } }),
      set => set.off.map(one => one.key),
      ['a'],
    ],
    [
      'a pause',
      (models, corpId) =>
        models.corps.updateOne({ corpId }, { $set: { paused: { at: new Date(), by: 'lina' } } }),
      set => set.paused?.by,
      'lina',
    ],
    [
      'an edit by hand',
      (models, corpId) =>
        models.handlers.collection.updateOne({ corpId, key: 'a' }, { $set: { 'document.title': '手改' } }),
      set => set.byKey.get('a')?.title,
      '手改',
    ],
  ])('go by %s within 2 s, without being asked for it', async (_what, change, seen, expected) => {
    const corpId = `ww${randomUUID()}`
    const first = await openTestDatabase()
    const second = await openDatabase({
      mongodbUri: inject('mongodbUri'),
      name: first.connection.name,
      dataDir: inject('dataDir'),
      log: () => undefined,
    })
    await publishHandler(first.models, corpId, document('a'), actions)
    await first.models.corps.create({ corpId, name: corpId, apps: [], updatedAt: new Date() })
    const instances = [first, second].map(({ models }) =>
      createLiveHandlers(models, actions, () => undefined),
    )
    await Promise.all(instances.map(live => live.of(corpId)))
    await change(first.models, corpId)
    const changedAt = performance.now()
    for (const live of instances) {
      let [askedAt, before] = [changedAt, 0]
      await expect
        .poll(
          async () => {
            before = askedAt - changedAt
            askedAt = performance.now()
            return seen(await live.of(corpId))
          },
          { interval: 20 },
        )
        .toEqual(expected)
      // Whoever asks later than that is given what is new; how long the answer takes is another matter.
      expect(before).toBeLessThan(2_000)
    }
    for (const live of instances) live.close()
    await second.close()
    await first.close()
  })
})

describe('an event', () => {
  it('waits for no look at the database while the set is fresh', async () => {
    const watch = watchQueries()
    const database = await openTestDatabase()
    const corpId = `ww${randomUUID()}`
    for (let n = 0; n < 20; n += 1) await publishHandler(database.models, corpId, document(`h${n}`), actions)
    // Neither does it grow old meanwhile, nor does the look of every second fall into it.
    vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] })
    const live = createLiveHandlers(database.models, actions, () => undefined)
    const first = await live.of(corpId)
    const before = watch.sent.length
    const sets = new Set<HandlerSet>()
    for (let n = 0; n < 1_000; n += 1) sets.add(await live.of(corpId))
    expect([...sets]).toEqual([first])
    expect(watch.sent.slice(before).filter(one => one.command.find === 'handlers')).toEqual([])
    vi.useRealTimers()
    live.close()
    watch.stop()
    await database.close()
  })
})
