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
const age = (chatId: string) =>
  sidekick.database.models.groups.updateOne({ chatId }, { $set: { readAt: new Date(Date.now() - 120_000) } })

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
    await sidekick.another().then(async other => {
      const there = openVisitor(sidekick, other.url)
      there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
      await open(there, binjiang)
      expect(await calls()).toBe(before + 1)
      await other.stop()
    })
  })

  it('is shown as it was while the platform fails', async () => {
    await control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/groupchat/get', errcode: 48002 }])
    await age(binjiang)
    const other = await sidekick.another()
    const there = openVisitor(sidekick, other.url)
    there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
    expect((await open(there, binjiang, '?fresh=1')).json<GroupView>().members).toHaveLength(9)
    const unknown = await open(there, 'wrMTjJCgAALEZAsgpbpVKq2uRzqKgciM')
    expect(unknown.status).toBe(422)
    await other.stop()
  })
})
