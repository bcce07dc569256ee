import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DatabaseProxy, startDatabaseProxy } from '../../fixtures/test/database-proxy.ts'
import { freshDatabaseUri } from '../../fixtures/test/open-database.ts'
import { openOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import { inboxGaps } from '../operator/gap-verb.ts'

let sidekick: TestSidekick
let proxy: DatabaseProxy
beforeAll(async () => {
  proxy = await startDatabaseProxy(freshDatabaseUri())
  sidekick = await startTestSidekick({ MONGODB_URI: proxy.uri })
  await sidekick.another()
})
afterAll(async () => {
  await sidekick?.stop()
  await proxy?.down()
})

const closed = () => sidekick.database.models.gaps.find({ state: 'closed' }).sort({ from: 1 }).lean()
const customerPasses = async () =>
  ((await control(sidekick, 'GET', 'calls')) as Record<string, { count: number }>)[
    'externalcontact/get_corp_tag_list'
  ]?.count ?? 0

describe('a gap', () => {
  it('in which the database was away is reconciled by itself, and says what it missed', async () => {
    const { chat, database, simulator } = sidekick
    await chat.customer('先来').adds('lina')
    await chat.expectWelcome('先来')
    await proxy.down()
    // Three tries, all of them answered with 503.
    await chat.staff('lina').says('帮助')
    // Not even those of the next event come through: what was refused may have been stored a moment later.
    await sidekick.callbacksTo('http://127.0.0.1:1')
    await chat.customer('错过的').adds('lina')
    await sidekick.callbacksTo(sidekick.url)
    const { customers } = (await (await fetch(`${simulator.url}/__sim/state`)).json()) as {
      customers: { name: string; externalUserid: string }[]
    }
    const externalUserid = customers.find(one => one.name === '错过的')?.externalUserid ?? ''
    await proxy.up()
    await expect.poll(() => fetch(`${sidekick.url}/readyz`).then(one => one.status)).toBe(200)
    await chat.customer('后来').adds('lina')
    await chat.expectWelcome('后来')
    await expect.poll(closed, { timeout: 40_000, interval: 200 }).toMatchObject([
      {
        missed: 1,
        syncs: { staff: { state: 'complete' }, customers: { state: 'complete' } },
      },
    ])
    // By 503 to begin with; after 15 s it is also known by nobody having been able to say that it was there.
    const [gap] = await closed()
    expect(['refused', 'unattended']).toContain(gap?.reason)
    expect(await database.models.inbox.countDocuments({ orderKey: `customer:${externalUserid}` })).toBe(0)
    expect(await database.models.follows.findOne({ externalUserid }).lean()).toMatchObject({
      customerName: '错过的',
      status: 'active',
    })
  }, 90_000)

  it('in which nobody took callbacks is reconciled once, though two instances run', async () => {
    const { database } = sidekick
    const passes = await customerPasses()
    const before = await closed()
    await database.connection
      .collection<{ _id: string }>('meta')
      .updateOne({ _id: 'callbacks' }, [{ $set: { at: { $subtract: ['$$NOW', 60_000] } } }])
    await expect
      .poll(async () => (await closed()).length, { timeout: 40_000, interval: 200 })
      .toBe(before.length + 1)
    expect((await closed()).at(-1)).toMatchObject({
      syncs: { tags: { state: 'complete' } },
    })
    expect(await customerPasses()).toBe(passes + 1)
    const operator = openOperator(database)
    const { rows } = await operator.run(inboxGaps)
    expect(rows).toHaveLength(before.length + 1)
    await operator.close()
    const { text } = await fetch(`${sidekick.url}/metrics`).then(async one => ({ text: await one.text() }))
    expect(text).toMatch(/^sidekick_gaps_open 0$/m)
  })
})
