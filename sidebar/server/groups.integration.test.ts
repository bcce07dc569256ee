import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control, openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import type { GroupView } from '../api.ts'

/** Owned by lina; wangfang and hemin are in it, and 橙子妈妈, who is nobody's customer. */
const binjiang = 'wrMTjJCgAAMfexUdN4Fkx3CpEkndArJR'
/** Owned by chenjie. */
const online = 'wrMTjJCgAA13T1VUN0PvOhF26mnnjjJK'

let sidekick: TestSidekick
let lina: Visitor

beforeAll(async () => {
  sidekick = await startTestSidekick({ ADMIN_STAFF: 'hemin' })
  lina = await openVisitor(sidekick).login('lina')
})
afterAll(() => sidekick.stop())
afterEach(() => control(sidekick, 'DELETE', 'faults'))

const open = (who: Visitor, chatId: string, query = '') => who.get(`/sidebar/api/groups/${chatId}${query}`)
const calls = () => callsOf(sidekick, 'externalcontact/groupchat/get')
const age = (chatId: string, ms = 120_000) =>
  sidekick.database.models.groups.updateOne({ chatId }, { $set: { readAt: new Date(Date.now() - ms) } })
const fault = (how: object) =>
  control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/groupchat/get', ...how }])

/** Another instance, which has asked the platform for nothing yet. */
async function elsewhere(visit: (there: Visitor) => Promise<void>): Promise<void> {
  const other = await sidekick.another()
  const there = openVisitor(sidekick, other.url)
  there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
  await visit(there)
  await other.stop()
}

describe('a group', () => {
  it('is shown with who is whose customer', async () => {
    const group = (await open(lina, binjiang)).json<GroupView>()
    expect(group).toMatchObject({ name: '木棠家居·滨江业主交流群', owner: '李娜' })
    const member = (name: string) => group.members.find(one => one.name === name)
    expect(member('李娜')).toMatchObject({ kind: 'staff', isOwner: true, isAdmin: false, mine: false })
    expect(member('王芳')).toMatchObject({ kind: 'staff', isAdmin: true })
    expect(member('何敏')).toMatchObject({ groupNickname: '售后何敏' })
    expect(member('张三')).toMatchObject({ kind: 'customer', mine: true, followers: ['李娜', '王芳'] })
    expect(member('橙子妈妈')).toMatchObject({ kind: 'outsider', mine: false, followers: [] })
  })

  it('shows whom of the members the asker may open', async () => {
    const wangfang = await openVisitor(sidekick).login('wangfang')
    const mine = (await open(wangfang, binjiang)).json<GroupView>().members.filter(one => one.mine)
    const opened = await Promise.all(mine.map(one => wangfang.get(`/sidebar/api/customers/${one.id}`)))
    expect(mine.length).toBeGreaterThan(2)
    expect(opened.map(one => one.status)).toEqual(mine.map(() => 200))
  })

  it.each([
    ['somebody outside', 'ZhangWei01', 403],
    ['a lead of another department', 'wangfang', 403],
    ['a lead over the owner', 'zhouming', 200],
    ['an admin', 'hemin', 200],
    ['a member', 'liuyang', 200],
  ])('is opened for %s with the right answer', async (_who, userid, status) => {
    const answer = await open(await openVisitor(sidekick).login(userid), online)
    expect(answer.status).toBe(status)
    if (status === 403) {
      expect(answer.json()).toEqual({
        error: { code: 'not_your_group', message: '你不在这个客户群里，看不到群资料' },
      })
    }
  })

  it('that is not there is not found', async () => {
    expect((await open(lina, 'wrUnknown')).status).toBe(404)
  })

  it('is read once a minute, and anew when that is asked for', async () => {
    await open(lina, binjiang)
    const before = await calls()
    await open(lina, binjiang)
    expect(await calls()).toBe(before)
    await age(binjiang)
    await elsewhere(async there => {
      await open(there, binjiang)
      expect(await calls()).toBe(before + 1)
    })
  })

  it('is shown as it was while the platform fails', async () => {
    await fault({ http: 502 })
    await age(binjiang)
    await elsewhere(async there => {
      expect((await open(there, binjiang, '?fresh=1')).json<GroupView>().members).toHaveLength(9)
      expect((await open(there, 'wrMTjJCgAALEZAsgpbpVKq2uRzqKgciM')).status).toBe(502)
    })
  })

  it('is not shown when what is held is older than a day', async () => {
    await fault({ http: 502 })
    await age(binjiang, 25 * 60 * 60_000)
    await elsewhere(async there => {
      const answer = await open(there, binjiang)
      expect([answer.status, answer.text.includes('木棠家居')]).toEqual([502, false])
    })
  })

  it.each([
    [40050, 404],
    [86003, 404],
    [60011, 422],
    [48002, 422],
  ])('is not shown when the platform refuses it with %d', async (errcode, status) => {
    await fault({ errcode })
    await age(binjiang)
    await elsewhere(async there => {
      const answer = await open(there, binjiang)
      expect([answer.status, answer.text.includes('木棠家居')]).toEqual([status, false])
      const again = await open(there, binjiang)
      expect(again.status).toBe(status)
    })
  })

  it('that is refused is not asked for again at once', async () => {
    await elsewhere(async there => {
      const before = await calls()
      for (let turn = 0; turn < 3; turn += 1) await open(there, 'wrNobodyKnows')
      expect((await calls()) - before).toBe(1)
    })
  })

  it('is asked for by one person only so often', async () => {
    await elsewhere(async there => {
      const before = await calls()
      const ids = Array.from({ length: 30 }, (_, at) => `wrUnknown${at}`)
      const answers = await Promise.all(ids.map(id => open(there, id)))
      expect((await calls()) - before).toBe(10)
      expect(answers.filter(one => one.status === 502)).toHaveLength(20)
    })
  })
})
