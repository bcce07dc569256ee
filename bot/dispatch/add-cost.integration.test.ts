import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type QueryWatch, type SentQuery, watchQueries } from '../../fixtures/test/query-watch.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'

/** What a burst of adds is made of, and what staff wait for meanwhile, so that nobody makes it dearer without noticing. */
describe('what an event costs', () => {
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

  async function settle(): Promise<void> {
    const { inbox } = sidekick.database.models
    await expect.poll(() => inbox.countDocuments({ state: 'waiting' })).toBe(0)
  }
  async function adds(name: string): Promise<string> {
    const { externalUserid } = await sidekick.chat.customer(name).adds('lina')
    await sidekick.chat.expectWelcome(name)
    await settle()
    return externalUserid
  }
  async function calls(): Promise<Record<string, number>> {
    const all = await control<Record<string, { count: number }>>(sidekick, 'GET', 'calls')
    return Object.fromEntries(Object.entries(all).map(([path, { count }]) => [path, count]))
  }

  it('an add: three calls of the platform and 27 commands of the database, 16 of them writes, the insert besides', async () => {
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
      return own.some(one => text.includes(one)) && !isRenewal({ command })
    })
    const sites = sent.map(({ site }) => site).join('\n')
    expect(sent.length, sites).toBeLessThanOrEqual(27)
    expect(sent.filter(writes).length, sites).toBeLessThanOrEqual(16)

    const after = await calls()
    // Materials may be uploaded meanwhile, for whomever.
    const made = Object.entries(after).filter(
      ([path, count]) => path.startsWith('externalcontact/') && count > (before[path] ?? 0),
    )
    expect(made.map(([path, count]) => [path, count - (before[path] ?? 0)]).sort()).toEqual([
      ['externalcontact/get', 1],
      ['externalcontact/mark_tag', 1],
      ['externalcontact/send_welcome_msg', 1],
    ])
  })

  it('a command: three writes and three reads that its answer waits for, the insert besides', async () => {
    const { chat, database } = sidekick
    await chat.staff('lina').says('帮助')
    await settle()
    const from = watch.sent.length
    await chat.staff('lina').says('帮助')
    await settle()
    const event = await database.models.inbox.findOne({ name: 'message.text' }).sort({ arrival: -1 }).lean()
    const own = [event?._id ?? 'none', 'staff:lina', '"useridKey":"lina"']
    const sent = watch.sent.slice(from).filter(({ command }) => {
      const text = JSON.stringify(command)
      return own.some(one => text.includes(one)) && !isRenewal({ command })
    })
    const answered = sent.findIndex(({ site }) => site.startsWith('bot/dispatch/reply-to.ts'))
    const before = sent.slice(0, answered + 1)
    const sites = before.map(({ site }) => site).join('\n')
    expect(before.filter(writes), sites).toHaveLength(3)
    // Two of the reads go out together.
    expect(before.length, sites).toBe(6)
  })
})

/** Of a lease, on a machine that is slow. */
function isRenewal({ command }: Pick<SentQuery, 'command'>): boolean {
  return (command.findAndModify === 'locks' && command.upsert !== true) || command.update === 'welcomes'
}

function writes({ command }: SentQuery): boolean {
  return !('find' in command || 'aggregate' in command)
}
