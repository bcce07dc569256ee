import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PlatformCorp } from '../../fixtures/corp/shape.ts'
import { generateCorp } from '../../fixtures/simulator/generate.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { createClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import type { SyncName } from '../../models/sync-state.ts'
import { runSync } from './sync.ts'

const { corpId } = platformApp
const batch = 'externalcontact/batch/get_by_user'

let corp: PlatformCorp
let database: Database
let platform: TestPlatform

const control: TestPlatform['control'] = (...request) => platform.control(...request)
const calls = (path: string): Promise<number> => platform.calls(path)

const sync = (what: SyncName, report: (percent: number) => Promise<void> = async () => {}) =>
  runSync({
    corpId,
    what,
    models: database.models,
    client: platform.client,
    clock: createClock(),
    signal: new AbortController().signal,
    report,
  })

/** The platform's corp as it is from now on. */
const theCorpIs = async (next: PlatformCorp): Promise<void> => {
  corp = next
  await control('POST', 'reset', {})
}

beforeAll(async () => {
  corp = generateCorp({ staff: 4, customers: 350, groups: 0, seed: 7 })
  database = await openTestDatabase()
  platform = await startTestPlatform(() => corp)
})

afterAll(async () => {
  await platform?.close()
  await database?.close()
})

beforeEach(async () => {
  for (const model of Object.values(database.models)) await model.deleteMany({})
  await control('DELETE', 'faults')
  await theCorpIs(generateCorp({ staff: 4, customers: 350, groups: 0, seed: 7 }))
  // The reset has made the token of the test before worthless.
  await platform.client.call('getcallbackip', {}).catch(() => undefined)
})

describe('a sync', () => {
  it('holds what the platform holds, and writes nothing but its record the second time', async () => {
    const { models, connection } = database
    for (const what of ['staff', 'tags', 'customers'] as const) {
      expect(await sync(what)).toMatchObject({ state: 'complete', counts: { removed: 0 } })
    }
    expect(await models.staff.countDocuments({ contactsCustomers: true })).toBe(4)
    expect(await models.staff.findOne({ useridKey: 'staff0001' }).lean()).toMatchObject({ leads: ['1', '2'] })
    expect(await models.departments.countDocuments()).toBe(2)
    expect(await models.tags.countDocuments({ groupName: '客户情况' })).toBe(6)
    expect(await models.customers.countDocuments()).toBe(350)
    const pair = corp.customers[0]
    expect(await models.follows.findOne({ externalUserid: pair?.externalUserid ?? '' }).lean()).toMatchObject(
      {
        userid: 'staff0001',
        customerName: pair?.name,
        tags: pair?.follows[0]?.tags,
        status: 'active',
        stage: '待跟进',
        addedAt: new Date((pair?.follows[0]?.createTime ?? 0) * 1000),
      },
    )

    const written: string[] = []
    const reads = new Set(['find', 'findOne', 'countDocuments', 'aggregate'])
    connection.set('debug', (collection: string, method: string) => {
      if (!reads.has(method)) written.push(collection)
    })
    for (const what of ['staff', 'tags', 'customers'] as const) {
      expect(await sync(what)).toMatchObject({
        state: 'complete',
        counts: { created: 0, updated: 0, removed: 0 },
      })
    }
    connection.set('debug', false)
    expect(new Set(written)).toEqual(new Set(['sync_states']))
  })

  it('gives each customer the union of the tags of all who follow', async () => {
    await sync('customers')
    const shared = corp.customers.find(
      ({ follows }) => new Set(follows.flatMap(({ tags }) => tags)).size === 2,
    )
    expect(
      await database.models.customers.findOne({ externalUserid: shared?.externalUserid ?? '' }).lean(),
    ).toMatchObject({ tags: [...new Set(shared?.follows.flatMap(({ tags }) => tags))].sort() })
  })

  it('goes on at the page where a failed pass stopped', async () => {
    let saves = 0
    const failing = sync('customers', async () => {
      saves += 1
      if (saves === 2) await control('POST', 'faults', [{ path: batch, errcode: 48002 }])
    })
    await expect(failing).rejects.toMatchObject({ errcode: 48002 })
    const failed = await database.models.syncStates.findOne({ corpId, what: 'customers' }).lean()
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'wecom_48002' }, counts: { seen: 200 } })
    await control('DELETE', 'faults')
    const before = await calls(batch)

    expect(await sync('customers')).toMatchObject({ state: 'complete', counts: { seen: 385, created: 735 } })
    expect((await calls(batch)) - before).toBe(2)
    expect(await database.models.follows.countDocuments()).toBe(385)
  })

  it('skips the one member who cannot be read, names them, and ends nothing of theirs', async () => {
    await sync('customers')
    // 4, then 2, then 1 of them: the first one is the reason.
    await control('POST', 'faults', [{ path: batch, errcode: 60111, times: 3 }])
    const state = await sync('customers')
    expect(state).toMatchObject({
      state: 'partial',
      error: { code: 'skipped', message: '1 could not be read: staff0001 (60111)' },
      counts: { removed: 0 },
    })
    expect(await database.models.follows.countDocuments({ status: 'active' })).toBe(385)
  })

  it('begins a group anew when the platform has lost its cursor', async () => {
    let saves = 0
    const state = await sync('customers', async () => {
      saves += 1
      if (saves === 2) await control('POST', 'faults', [{ path: batch, errcode: 50100, times: 1 }])
    })
    expect(state).toMatchObject({ state: 'complete', counts: { created: 735, removed: 0 } })
  })

  it('ends a follow that the platform has no longer, but not an add that is not confirmed yet', async () => {
    await sync('customers')
    const { models } = database
    const unconfirmed = { corpId, userid: 'staff0001', useridKey: 'staff0001', externalUserid: 'wmhalf' }
    await models.follows.create({
      ...unconfirmed,
      relation: { first: 'event', at: new Date(), half: 'event' },
    })
    const next = structuredClone(corp)
    const gone = next.customers.find(({ follows }) => follows.length === 2)
    const externalUserid = gone?.externalUserid ?? ''
    gone?.follows.pop()
    await theCorpIs(next)

    expect(await sync('customers')).toMatchObject({ state: 'complete', counts: { removed: 1 } })
    const follows = await models.follows.find({ externalUserid }).lean()
    expect(follows.map(({ status }) => status).sort()).toEqual(['active', 'removed'])
    expect(await models.customers.findOne({ externalUserid }).lean()).toMatchObject({
      tags: gone?.follows[0]?.tags,
    })
    expect(await models.follows.findOne({ externalUserid: 'wmhalf' }).lean()).toMatchObject({
      status: 'active',
    })
  })

  it('leaves alone what belongs to the product', async () => {
    await sync('customers')
    const { models } = database
    const [pair] = await models.follows.find().limit(1).lean()
    const ours = { stage: '已成交', lastFollowUpAt: new Date(1_000), personalTags: ['爱猫'] } as const
    await models.follows.updateOne({ _id: pair?._id ?? null }, { $set: { ...ours, remark: 'stale' } })
    expect(await sync('customers')).toMatchObject({ counts: { updated: 1 } })
    expect(await models.follows.findById(pair?._id).lean()).toMatchObject({ ...ours, remark: pair?.remark })
  })

  it('does not revive a customer who deleted the staff member and stays listed', async () => {
    await sync('customers')
    const { models } = database
    const [pair] = await models.follows.find().limit(1).lean()
    await models.follows.updateOne(
      { _id: pair?._id ?? null },
      { $set: { status: 'lost', endedAt: new Date() } },
    )
    await sync('customers')
    expect(await models.follows.findById(pair?._id).lean()).toMatchObject({ status: 'lost' })
  })

  it('marks staff as gone only when the whole directory could be read', async () => {
    await sync('staff')
    const next = structuredClone(corp)
    next.staff = next.staff.filter(({ userid }) => userid !== 'staff0004')
    await theCorpIs(next)
    await control('POST', 'faults', [{ path: 'user/list', errcode: 60011, times: 1 }])
    expect(await sync('staff')).toMatchObject({ state: 'partial', counts: { removed: 0 } })
    expect(await sync('staff')).toMatchObject({ state: 'complete', counts: { removed: 1 } })
    expect(await database.models.staff.findOne({ useridKey: 'staff0004' }).lean()).toMatchObject({
      removedAt: expect.any(Date),
    })
  })
})
