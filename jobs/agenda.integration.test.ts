import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { generateCorp } from '../fixtures/simulator/generate.ts'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../fixtures/test/start-platform.ts'
import { createClock } from '../models/clock.ts'
import type { Database } from '../models/connect.ts'
import { createJobs, type JobLogEntry, type Jobs } from './agenda.ts'
import { jobCollection } from './records.ts'

const { corpId, agentId } = platformApp
const corp = () => generateCorp({ staff: 3, customers: 20, groups: 0, seed: 3 })

let database: Database
let platform: TestPlatform
let started: Jobs[] = []
let entries: JobLogEntry[] = []
/** What jobs wait for before they call the platform. */
let held: Promise<void> | undefined

const sim: TestPlatform['control'] = (...request) => platform.control(...request)
const calls = (path: string): Promise<number> => platform.calls(path)
const sentTo = async (userid: string): Promise<unknown[]> =>
  ((await sim('GET', 'outbox?since=0')) as { kind: string; params: { touser?: string } }[]).filter(
    ({ kind, params }) => kind === 'app_message' && params.touser === userid,
  )

const jobs = (worker = true): Jobs => {
  const client = async () => {
    await held
    return platform.client
  }
  const apps = { client, corpIds: async () => [corpId] }
  const log = (entry: JobLogEntry) => entries.push(entry)
  const clock = createClock()
  const { connection, models } = database
  const made = createJobs({ connection, models, apps, clock, log, worker })
  started.push(made)
  return made
}
/** Does something while no job gets beyond its beginning. */
const whileJobsWait = async <T>(work: () => Promise<T>): Promise<T> => {
  let go = () => {}
  held = new Promise(resolve => {
    go = resolve
  })
  return work().finally(() => {
    go()
    held = undefined
  })
}
const until = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 20_000, interval: 100 })
const allSynced = () =>
  until(async () => {
    const states = await database.models.syncStates.find({ state: 'complete' }).lean()
    expect(states.map(({ what }) => what).sort()).toEqual(['customers', 'staff', 'tags'])
  })

beforeAll(async () => {
  database = await openTestDatabase()
  platform = await startTestPlatform(corp)
})

afterAll(async () => {
  await platform?.close()
  await database?.close()
})

beforeEach(async () => {
  entries = []
  for (const model of Object.values(database.models)) await model.deleteMany({})
  await jobCollection(database.connection).deleteMany({})
  await sim('POST', 'reset', {})
  await database.models.corps.create({
    corpId,
    name: '小木家居',
    apps: [{ app: agentId, secret: 'sealed', callback: { token: 'sealed', aesKey: 'sealed' } }],
    updatedAt: new Date(),
  })
})

afterEach(async () => {
  await Promise.all(started.map(one => one.stop()))
  started = []
})

describe('workers', () => {
  it('sync everything that was never synced at their start, once for all of them, and plan the next time', async () => {
    await whileJobsWait(() => Promise.all([jobs().start(), jobs().start()]))
    await allSynced()
    for (const path of [
      'department/list',
      'externalcontact/get_corp_tag_list',
      'externalcontact/batch/get_by_user',
    ]) {
      expect(await calls(path), path).toBe(1)
    }
    await until(async () => {
      const list = await jobs(false).list()
      expect(list.map(({ name, state }) => [name, state])).toEqual([
        ['gap.reconcile', 'planned'],
        ['media.refresh', 'planned'],
        ['sync.customers', 'planned'],
        ['sync.staff', 'planned'],
        ['sync.tags', 'planned'],
      ])
      for (const { nextRunAt } of list) expect(nextRunAt?.getTime()).toBeGreaterThan(Date.now())
    })
  })

  it('run what two processes ask for at the same time once', async () => {
    await Promise.all([jobs().start(), jobs().start()])
    await allSynced()
    const before = await calls('externalcontact/get_corp_tag_list')
    const asking = [jobs(false), jobs(false)]
    const ids = await whileJobsWait(() =>
      Promise.all(asking.map(one => one.enqueue('sync.tags', { corpId }))),
    )
    expect(new Set(ids).size).toBe(1)
    await until(async () => {
      expect(await calls('externalcontact/get_corp_tag_list')).toBeGreaterThan(before)
      expect((await asking[0]?.list())?.find(({ name }) => name === 'sync.tags')?.state).toBe('planned')
    })
    expect((await calls('externalcontact/get_corp_tag_list')) - before).toBe(1)
  })

  it('take over what a dead worker was running, without waiting for its lock', async () => {
    const asking = jobs(false)
    await asking.enqueue('sync.tags', { corpId })
    // As it stands after a kill: locked a moment ago, nothing planned, and the worker's time is over.
    const held = { lockedAt: new Date(), nextRunAt: null, lastModifiedBy: 'gone:1:x' }
    await jobCollection(database.connection).updateOne({ name: 'sync.tags' }, { $set: held })
    const over = new Date(Date.now() - 1)
    await database.models.locks.create({ _id: 'worker:gone:1:x', owner: 'gone:1:x', until: over })
    await jobs().start()
    await allSynced()
    expect(entries).toContainEqual(
      expect.objectContaining({ level: 'warn', message: expect.stringMatching(/gone:1:x/) }),
    )
  })

  it('hand over a sync at the page where they were stopped', async () => {
    await sim('POST', 'reset', { staff: 3, customers: 450, groups: 0, seed: 3 })
    // Two pages come, and the third one does not before the worker is stopped.
    const path = 'externalcontact/batch/get_by_user'
    await sim('POST', 'faults', [
      { path, delayMs: 1, times: 2 },
      { path, delayMs: 60_000, times: 1 },
    ])
    const first = jobs()
    await first.start()
    await until(async () => {
      const state = await database.models.syncStates.findOne({ what: 'customers' }).lean()
      expect(state?.counts.seen).toBeGreaterThanOrEqual(200)
    })
    await first.stop()
    expect(await database.models.syncStates.findOne({ what: 'customers' }).lean()).toMatchObject({
      state: 'running',
    })
    await jobs().start()
    await allSynced()
    expect(await database.models.follows.countDocuments()).toBe(495)
    // Five pages; the one that was under way is asked for again.
    expect(await calls(path)).toBeLessThanOrEqual(6)
  })

  it('report a stored job of a name that they do not have, and go on', async () => {
    await jobCollection(database.connection).insertOne({
      name: 'sync.moons',
      data: { corpId },
      nextRunAt: new Date(0),
    } as never)
    await jobs().start()
    await allSynced()
    expect(entries).toContainEqual(expect.objectContaining({ level: 'warn', job: 'sync.moons' }))
    expect((await jobs(false).list()).find(({ name }) => name === 'sync.moons')).toMatchObject({
      known: false,
    })
  })

  it('say why a job failed, and try it again later', async () => {
    await sim('POST', 'faults', [{ path: 'department/list', errcode: 48002 }])
    await jobs().start()
    await until(async () => {
      const job = (await jobs(false).list()).find(({ name }) => name === 'sync.staff')
      expect(job).toMatchObject({ state: 'failed', failReason: expect.stringMatching(/48002/) })
      expect(job?.sync).toMatchObject({ state: 'failed', error: { code: 'wecom_48002' } })
    })
    await sim('DELETE', 'faults')
    await jobs(false).enqueue('sync.staff', { corpId })
    await allSynced()
    await until(async () => {
      const job = (await jobs(false).list()).find(({ name }) => name === 'sync.staff')
      expect(job).toMatchObject({ state: 'planned', failCount: 0 })
      expect(job).not.toHaveProperty('failReason')
    })
  })
})

describe('a push', () => {
  it('is sent once, and not again when it is run again for the same moment', async () => {
    const worker = jobs()
    await worker.start()
    await worker.push(corpId, { key: 'hello', title: '问候', to: ['staff0001'], text: '早上好' })
    await until(async () => {
      expect(await database.models.pushes.findOne({ key: 'hello' }).lean()).toMatchObject({
        lastResult: { ok: true, invalidUsers: [] },
      })
    })
    await until(async () => {
      expect((await worker.list()).filter(({ name }) => name === 'push.app')).toEqual([])
    })
    const sent = await database.models.pushes.findOne({ key: 'hello' }).lean()
    await worker.enqueue('push.app', {
      corpId,
      key: 'hello',
      plannedAt: new Date((sent?.lastSentAt?.getTime() ?? 0) - 1),
    })
    await until(async () => {
      expect((await worker.list()).filter(({ name }) => name === 'push.app')).toEqual([])
    })
    expect(await sentTo('staff0001')).toHaveLength(1)
  })

  it('of a schedule is planned in the time zone of the corp', async () => {
    const before = Date.now()
    const { runAt } = await jobs(false).push(corpId, {
      key: 'morning',
      title: '早会',
      to: ['@all'],
      text: '早会十分钟后开始',
      cron: '50 8 * * *',
    })
    expect(runAt.getTime()).toBeGreaterThan(before)
    expect([runAt.getUTCHours(), runAt.getUTCMinutes()]).toEqual([0, 50])
  })

  it('that repeats too often, or whose schedule cannot be read, is refused', async () => {
    const push = { key: 'often', title: '过密', to: ['staff0001'], text: '!' }
    const asking = jobs(false)
    await expect(asking.push(corpId, { ...push, cron: '* * * * *' })).rejects.toThrow(/every 5 minutes/)
    await expect(asking.push(corpId, { ...push, cron: 'soon' })).rejects.toThrow(/not a cron expression/)
    await expect(asking.push(corpId, { ...push, at: new Date(0) })).rejects.toThrow(/is over already/)
    expect(await database.models.pushes.countDocuments()).toBe(0)
  })
})

describe('media.refresh', () => {
  it('uploads what is missing or ends soon, and nothing else', async () => {
    const { models } = database
    const in3Days = new Date(Date.now() + 3 * 24 * 3_600_000)
    const material = {
      corpId,
      category: 'c',
      title: 't',
      kind: 'image',
      file: 'f1',
      fileName: 'sofa.png',
    } as const
    const bytes = Buffer.from('89504e470d0a1a0a00000000', 'hex')
    await models.files.create({ corpId, sha256: 'f1', contentType: 'image/png', bytes })
    // A link's thumbnail is a picture that stays, and needs no copy of three days.
    await models.materials.create([
      { ...material, key: 'linked', kind: 'link', url: 'https://example.com' },
      { ...material, key: 'shown', kind: 'link', url: 'https://example.com', pictureUrl: 'https://x' },
      { ...material, key: 'new' },
      { ...material, key: 'old', media: { mediaId: 'old', expiresAt: new Date(Date.now() + 1_000) } },
      { ...material, key: 'fresh', media: { mediaId: 'fresh', expiresAt: in3Days } },
    ])
    await jobs().start()
    await until(async () => {
      const soon = { 'media.expiresAt': { $gt: new Date(Date.now() + 2 * 24 * 3_600_000) } }
      expect(await models.materials.countDocuments(soon)).toBe(3)
    })
    expect(await calls('media/upload')).toBe(2)
    await until(async () => {
      const linked = await models.materials.findOne({ key: 'linked' }).lean()
      expect(linked?.pictureUrl).toMatch(/^http.*\/wwpic\//)
    })
    expect(await calls('media/uploadimg')).toBe(1)
    expect(await models.materials.findOne({ key: 'fresh' }).lean()).toMatchObject({
      media: { mediaId: 'fresh' },
    })
  })
})
