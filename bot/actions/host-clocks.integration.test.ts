import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import { runSync } from '../../jobs/syncs/sync.ts'
import { type Clock, openClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { useridKey } from '../../models/userid.ts'
import { markTags, type Pair, writeRemark } from './customer-writes.ts'
import { readCustomer } from './read-customer.ts'
import { settleFollow } from './settle-follow.ts'

const { corpId } = platformApp

describe.each([
  ['ahead', 600_000],
  ['behind', -600_000],
])('an instance whose clock is ten minutes %s', (_how, skewMs) => {
  let database: Database
  let platform: TestPlatform
  let clock: Clock
  let pair: Pair
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    clock = await openClock(database.connection)
    const [customer] = loadDemoCorp().customers
    const userid = customer?.follows[0]?.userid
    if (userid === undefined) throw new Error('nobody follows the first customer of the demo')
    pair = { userid, externalUserid: customer?.externalUserid ?? '' }
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))
  afterEach(() => void vi.useRealTimers())
  const goWrong = () => void vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + skewMs })
  const follow = () =>
    database.models.follows
      .findOne({ corpId, useridKey: useridKey(pair.userid), externalUserid: pair.externalUserid })
      .orFail()
      .lean()
  const context = (event?: { externalUserid: string; createdAt: Date }) => {
    const { models } = database
    const { client } = platform
    return { models, client, clock, corp: { corpId }, key: 'test', now: new Date(), ...(event && { event }) }
  }
  const read = () => readCustomer(context(), corpId, pair.externalUserid, 'test')
  /** What the platform is told behind our back. */
  const remarkElsewhere = (remark: string) =>
    platform.client.call('externalcontact/remark', {
      userid: pair.userid,
      external_userid: pair.externalUserid,
      remark,
    })

  it('writes so that others know what they have read later', async () => {
    await read()
    goWrong()
    await writeRemark(context(), pair, '写的')
    vi.useRealTimers()
    await remarkElsewhere('别处写的')
    await vi.waitFor(async () => expect(await read()).toMatchObject({ overtaken: false }), 10_000)
    expect((await follow()).remark).toBe('别处写的')
  })

  it('knows what it has read earlier than others wrote', async () => {
    await database.models.follows.updateOne(
      { corpId, externalUserid: pair.externalUserid },
      { $set: { remark: '刚写的', knownAt: new Date(clock.now() + 60_000) } },
    )
    goWrong()
    expect(await read()).toMatchObject({ overtaken: true })
    expect((await follow()).remark).toBe('刚写的')
    const syncing = { corpId, what: 'customers', models: database.models, client: platform.client } as const
    await runSync({ ...syncing, clock, signal: new AbortController().signal, report: async () => undefined })
    expect((await follow()).remark).toBe('刚写的')
  })

  it('stores what it has read later than others wrote', async () => {
    await remarkElsewhere('最新的')
    const knownAt = new Date(clock.now() - 60_000)
    await database.models.follows.updateOne({ corpId, externalUserid: pair.externalUserid }, { knownAt })
    goWrong()
    expect(await read()).toMatchObject({ overtaken: false })
    expect((await follow()).remark).toBe('最新的')
  })

  it.each([
    ['young', 1_000, 'active', 'not_settled'],
    ['old', 120_000, 'removed', 'wecom_84061'],
  ])('knows a relation that the platform does not show as %s', async (_age, ageMs, status, code) => {
    const createdAt = new Date(clock.now() - ageMs)
    const stranger = { userid: pair.userid, externalUserid: `wm-unknown-${ageMs}` }
    const identity = { corpId, useridKey: useridKey(pair.userid), externalUserid: stranger.externalUserid }
    await database.models.follows.create({
      ...identity,
      userid: pair.userid,
      status: 'active',
      addedAt: createdAt,
    })
    goWrong()
    const unrelated = { path: 'externalcontact/mark_tag', errcode: 84061, times: 1 }
    await platform.control('POST', 'faults', [unrelated])
    const tag = { tagId: 'et1', label: '标签' }
    const marking = markTags(context({ ...stranger, createdAt }), stranger, [tag], [])
    await expect(marking).rejects.toMatchObject({ code })
    const reading = { askedAt: createdAt, shown: false, follows: [], overtaken: false, whole: true }
    await settleFollow(context(), corpId, stranger, reading)
    expect(await database.models.follows.findOne(identity).lean()).toMatchObject({ status })
  })
})
