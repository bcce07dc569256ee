import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type QueryWatch, watchQueries } from '../../fixtures/test/query-watch.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'

/** What a burst of adds is made of, so that nobody makes it dearer without noticing. */
describe('what an add costs', () => {
  let watch: QueryWatch
  let sidekick: TestSidekick
  beforeAll(async () => {
    watch = watchQueries()
    sidekick = await startTestSidekick()
  })
  afterAll(async () => {
    await sidekick.stop()
    watch.stop()
  })

  async function adds(name: string): Promise<string> {
    const { externalUserid } = await sidekick.chat.customer(name).adds('lina')
    await sidekick.chat.expectWelcome(name)
    const { inbox } = sidekick.database.models
    await expect.poll(() => inbox.countDocuments({ state: 'waiting' }), { timeout: 15_000 }).toBe(0)
    return externalUserid
  }
  async function calls(): Promise<Record<string, number>> {
    const all = await control<Record<string, { count: number }>>(sidekick, 'GET', 'calls')
    return Object.fromEntries(Object.entries(all).map(([path, { count }]) => [path, count]))
  }

  it('is three calls of the platform and at most 30 commands of the database, the insert besides', async () => {
    // What is kept for seconds is there after the first one.
    await adds('先来的')
    const [from, before] = [watch.sent.length, await calls()]
    const externalUserid = await adds('后来的')
    const stored = await sidekick.database.models.inbox.find().sort({ createdAt: -1, arrival: -1 }).lean()
    const event = stored.find(one => one.xml.includes(externalUserid))?._id ?? 'none'
    const code = await sidekick.database.models.welcomes.findOne({ externalUserid }).lean()
    const own = [externalUserid, event, code?.welcomeCode ?? 'none', '新客户']
    const sent = watch.sent.slice(from).filter(({ command }) => {
      const text = JSON.stringify(command)
      return own.some(one => text.includes(one))
    })
    // 27, and a few for the leases that a slow machine renews.
    expect(sent.length, sent.map(({ site }) => site).join('\n')).toBeLessThanOrEqual(30)

    const after = await calls()
    const made = Object.entries(after).filter(([path, count]) => count > (before[path] ?? 0))
    expect(made.map(([path, count]) => [path, count - (before[path] ?? 0)]).sort()).toEqual([
      ['externalcontact/get', 1],
      ['externalcontact/mark_tag', 1],
      ['externalcontact/send_welcome_msg', 1],
    ])
  })
})
