import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control, openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import type { Profile, TagGroups, TimelinePage } from '../api.ts'

/** Followed by lina and by wangfang, who leads her department. */
const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
/** Followed by lina alone. */
const wangyulan = 'wmMTjJCgAA8UoEV79hWgp7KNXHpOB5vA'
/** Followed by liuyang alone. */
const tony = 'wmMTjJCgAAw7vT4E2DK6Be8ORDPaGiCy'

let sidekick: TestSidekick
let lina: Visitor

beforeAll(async () => {
  sidekick = await startTestSidekick({ ADMIN_STAFF: 'sunyue' })
  lina = await openVisitor(sidekick).login('lina')
})
afterAll(() => sidekick.stop())
afterEach(() => control(sidekick, 'DELETE', 'faults'))

const as = (userid: string) => openVisitor(sidekick).login(userid)
const open = (who: Visitor, id: string) => who.get(`/sidebar/api/customers/${id}`)
const profile = async (id = zhangsan) => (await open(lina, id)).json<Profile>()
const change = (what: string, body: object, id = zhangsan, who = lina) =>
  who.post(`/sidebar/api/customers/${id}/${what}`, { key: randomUUID(), ...body })

const outbox = async (kind: string) =>
  (await control<{ kind: string; params: unknown }[]>(sidekick, 'GET', 'outbox')).filter(
    one => one.kind === kind,
  )
const fault = (path: string, how: object) => control(sidekick, 'POST', 'faults', [{ path, ...how }])
const code = (answer: { json<T>(): T }) => answer.json<{ error: { code: string } }>().error.code

async function tagId(name: string): Promise<string> {
  const { groups } = (await lina.get('/sidebar/api/tags')).json<TagGroups>()
  return groups.flatMap(group => group.tags).find(tag => tag.name === name)?.tagId ?? ''
}

describe('the profile', () => {
  it('is one’s own follow, with tags, notes and who else follows', async () => {
    const shown = await profile()
    expect(shown).toMatchObject({
      externalUserid: zhangsan,
      name: '张三',
      gender: 1,
      editable: true,
      others: [{ name: '王芳' }],
      follow: {
        userid: 'lina',
        staffName: '李娜',
        remark: '滨江-张三 三居全屋',
        mobiles: ['13800001001'],
        stage: '跟进中',
        addWay: '扫描二维码',
        state: 'fair-2026-spring',
        status: 'active',
      },
    })
    expect(shown.follow.tags.map(tag => `${tag.group}/${tag.name}`).sort()).toEqual(
      ['意向等级/高', '渠道/春展', '装修进度/木工中', '户型/三居', '风格偏好/原木'].sort(),
    )
    expect(shown.timeline[0]).toMatchObject({
      kind: 'noted',
      by: '李娜',
      text: '木工还有一周收尾，约下周六带爱人来店里定布料',
    })
    expect(shown.timelineNext).toBeNull()
  })

  it('of somebody else’s customer is refused without any data', async () => {
    const answer = await open(lina, tony)
    expect(answer.status).toBe(403)
    expect(answer.json()).toEqual({
      error: { code: 'not_your_customer', message: '这位客户不是你在跟进，暂时看不到资料' },
    })
    for (const path of ['timeline?before=1-000000000000000000000000', '']) {
      expect((await lina.get(`/sidebar/api/customers/${tony}/${path}`)).text).not.toContain('Tony')
    }
  })

  it.each([
    ['a lead', 'chenjie', 200],
    ['a lead of all departments', 'zhouming', 200],
    ['an admin', 'sunyue', 200],
    ['a lead of another department', 'wangfang', 403],
  ])('of a colleague’s customer for %s', async (_who, userid, status) => {
    const answer = await open(await as(userid), tony)
    expect(answer.status).toBe(status)
    if (status === 200)
      expect(answer.json()).toMatchObject({ editable: false, follow: { staffName: '刘洋' } })
  })

  it('shows one’s own follow first, also to a lead', async () => {
    const shown = (await open(await as('wangfang'), zhangsan)).json<Profile>()
    expect(shown.follow.remark).toBe('张三（娜娜客户）')
    expect(shown.editable).toBe(true)
  })

  it('of a customer who has deleted the staff member cannot be changed', async () => {
    await control(sidekick, 'POST', `customers/${wangyulan}/delete`, { staff: 'lina', by: 'customer' })
    await expect.poll(async () => (await profile(wangyulan)).follow.status).toBe('lost')
    expect((await profile(wangyulan)).editable).toBe(false)
    const answer = await change('remark', { remark: '王阿姨' }, wangyulan)
    expect(answer.status).toBe(403)
    expect(code(answer)).toBe('read_only')
  })

  it('of a colleague’s customer cannot be changed by a lead', async () => {
    const answer = await change('notes', { text: '帮忙盯一下' }, tony, await as('chenjie'))
    expect(code(answer)).toBe('read_only')
  })

  it.each(['..%2f..%2ftags', 'a b', 'x'.repeat(65), '%E0%A4%A'])('has no customer %j', async id => {
    const answer = await open(lina, id)
    expect([answer.status, code(answer)]).toEqual([400, 'bad_request'])
  })
})

describe('a customer who is not synced', () => {
  it('is said to be so, and is there after a refresh', async () => {
    const { models } = sidekick.database
    const gone = { externalUserid: wangyulan }
    await models.follows.deleteMany(gone)
    await models.customers.deleteMany(gone)
    const answer = await open(lina, wangyulan)
    expect([answer.status, code(answer)]).toEqual([404, 'customer_not_synced'])
    await control(sidekick, 'POST', 'customers/add', { staff: 'hemin', externalUserid: wangyulan })
    const hemin = await as('hemin')
    const refreshed = await hemin.post(`/sidebar/api/customers/${wangyulan}/refresh`)
    expect(refreshed.status).toBe(200)
    expect(refreshed.json<Profile>().name).toBe('王玉兰')
  })

  it('is refreshed only for those who may see them', async () => {
    const answer = await lina.post(`/sidebar/api/customers/${tony}/refresh`)
    expect(code(answer)).toBe('not_your_customer')
    const unknown = await lina.post('/sidebar/api/customers/wmUnknown/refresh')
    expect(code(unknown)).toBe('customer_not_synced')
  })

  it('has one’s own relation afterwards as the platform says', async () => {
    const { follows } = sidekick.database.models
    const id = 'wmMTjJCgAAxlqBGCsHc81f7DXtd0Fwiw'
    const own = { corpId: sidekick.app.corpId, useridKey: 'lina', externalUserid: id }
    await follows.updateOne(own, { $set: { status: 'removed', endedAt: new Date(Date.now() - 60_000) } })
    expect((await profile(id)).editable).toBe(false)
    const revived = await lina.post(`/sidebar/api/customers/${id}/refresh`)
    expect(revived.json<Profile>()).toMatchObject({ editable: true, follow: { status: 'active' } })
  })

  it('has a relation ended that the platform does not list, unless it is young or not confirmed', async () => {
    const { follows } = sidekick.database.models
    const { corpId } = sidekick.app
    const hour = new Date(Date.now() - 3_600_000)
    const half = { first: 'e1', at: hour, half: 'e1' }
    const status = async (more: object) => {
      await follows.updateOne(
        { corpId, useridKey: 'hemin', externalUserid: zhangsan },
        { $set: { userid: 'hemin', status: 'active', stage: '待跟进', addedAt: hour, ...more } },
        { upsert: true },
      )
      const hemin = await as('hemin')
      const answer = await hemin.post(`/sidebar/api/customers/${zhangsan}/refresh`)
      await follows.updateOne(
        { corpId, useridKey: 'hemin', externalUserid: zhangsan },
        { $unset: { relation: 1 } },
      )
      return answer.json<Profile>().follow.status
    }
    expect(await status({ addedAt: new Date() })).toBe('active')
    expect(await status({ relation: half })).toBe('active')
    expect(await status({ relation: { ...half, full: 'e2' } })).toBe('removed')
    await follows.deleteOne({ corpId, useridKey: 'hemin', externalUserid: zhangsan })
  })

  it('is read from the platform once for many who ask', async () => {
    const calls = () => callsOf(sidekick, 'externalcontact/get')
    const before = await calls()
    await Promise.all(
      Array.from({ length: 8 }, () =>
        lina.post(`/sidebar/api/customers/wmMTjJCgAAlTNmXAR1QbcD7653nHdlg9/refresh`),
      ),
    )
    expect((await calls()) - before).toBe(1)
  })

  it('stays what it was while the platform fails', async () => {
    await fault('externalcontact/get', { http: 502 })
    const answer = await lina.post('/sidebar/api/customers/wmMTjJCgAAwSqdmZHUAld9oinhgwh1j6/refresh')
    expect([answer.status, code(answer)]).toEqual([502, 'platform_unavailable'])
    expect((await profile('wmMTjJCgAAwSqdmZHUAld9oinhgwh1j6')).name).toBe('小鹿🦌')
  })
})

describe('tags', () => {
  it('are listed by group, in the order of the admin console', async () => {
    const { groups } = (await lina.get('/sidebar/api/tags')).json<TagGroups>()
    expect(groups.map(group => group.name)).toEqual([
      '意向等级',
      '渠道',
      '客户状态',
      '装修进度',
      '户型',
      '风格偏好',
    ])
    expect(groups[0]?.tags.map(tag => tag.name)).toEqual(['高', '中', '低'])
  })

  it('are changed on the platform, in the profile and in the trajectory, once for each key', async () => {
    const [vip, three] = [await tagId('VIP'), await tagId('三居')]
    const before = (await outbox('mark_tag')).length
    const request = { key: randomUUID(), add: [vip], remove: [three] }
    const [first, second] = [await change('tags', request), await change('tags', request)]
    expect(first.status).toBe(200)
    const names = first.json<Profile>().follow.tags.map(tag => tag.name)
    expect(names).toContain('VIP')
    expect(names).not.toContain('三居')
    expect(second.json<Profile>().follow.tags).toEqual(first.json<Profile>().follow.tags)
    const marks = (await outbox('mark_tag')).slice(before)
    expect(marks.map(mark => mark.params)).toEqual([
      { userid: 'lina', external_userid: zhangsan, add_tag: [vip], remove_tag: [three] },
    ])
    const rows = (await profile()).timeline.filter(row => row.kind === 'tagged')
    expect(rows.map(row => row.text)).toEqual(['+VIP -三居'])
  })

  it('stay as they were where the platform fails', async () => {
    const before = await profile()
    await fault('externalcontact/mark_tag', { http: 503 })
    const answer = await change('tags', { add: [await tagId('别墅')], remove: [] })
    expect([answer.status, code(answer)]).toEqual([502, 'platform_unavailable'])
    expect(await profile()).toEqual(before)
  })

  it('that the platform refuses say why, in Chinese', async () => {
    await fault('externalcontact/mark_tag', { errcode: 60011, times: 1 })
    const answer = await change('tags', { add: [await tagId('别墅')], remove: [] })
    expect(answer.status).toBe(422)
    expect(answer.json()).toEqual({
      error: { code: 'platform_refused', message: expect.stringContaining('请检查应用可见范围') },
    })
  })

  it.each([
    ['that nobody knows', { add: ['etUnknown'], remove: [] }],
    ['both added and removed', { add: ['etA'], remove: ['etA'] }],
    ['none at all', { add: [], remove: [] }],
    ['with a field that nobody asked for', { add: ['etA'], remove: [], userid: 'zhouming' }],
  ])('%s are refused', async (_what, body) => {
    const answer = await change('tags', body)
    expect([answer.status, code(answer)]).toEqual([400, 'bad_request'])
  })
})

describe('remark, stage and note', () => {
  it('a remark is changed on the platform first', async () => {
    await fault('externalcontact/remark', { errcode: 60011, times: 1 })
    expect((await change('remark', { remark: '张三 改过' })).status).toBe(422)
    expect((await profile()).follow.remark).toBe('滨江-张三 三居全屋')
    const request = { key: randomUUID(), remark: '张三 改过' }
    expect((await change('remark', request)).json<Profile>().follow.remark).toBe('张三 改过')
    const sent = (await outbox('remark')).length
    expect((await change('remark', request)).status).toBe(200)
    expect((await outbox('remark')).length).toBe(sent)
    expect((await profile()).timeline[0]).toMatchObject({ kind: 'remarked', text: '张三 改过' })
  })

  it('a remark has at most 20 characters', async () => {
    expect((await change('remark', { remark: '一'.repeat(21) })).status).toBe(400)
  })

  it('a stage is told of as from where to where', async () => {
    expect((await change('stage', { stage: '已成交' })).json<Profile>().follow.stage).toBe('已成交')
    expect((await profile()).timeline[0]).toMatchObject({
      kind: 'staged',
      by: '李娜',
      text: '跟进中 → 已成交',
    })
    expect((await change('stage', { stage: '成交' })).status).toBe(400)
  })

  it('a note is written once for each key, and is a follow-up', async () => {
    const id = 'wmMTjJCgAAW40W1DuWKWJDR5Lt5sYp4n'
    expect((await profile(id)).follow.stage).toBe('待跟进')
    const request = { key: randomUUID(), text: ' 约了周六量房\n带样布 ' }
    await change('notes', request, id)
    const after = (await change('notes', request, id)).json<Profile>()
    const notes = after.timeline.filter(row => row.text === '约了周六量房\n带样布')
    expect(notes.map(row => row.kind)).toEqual(['noted'])
    expect(after.follow.stage).toBe('跟进中')
    expect(after.follow.lastFollowUpAt).toBe(notes[0]?.at)
  })

  it('one person’s key is not another’s', async () => {
    const key = randomUUID()
    await change('notes', { key, text: '娜娜记的' })
    const other = await change('notes', { key, text: '芳姐记的' }, zhangsan, await as('wangfang'))
    expect(other.json<Profile>().timeline.map(row => row.text)).toEqual(
      expect.arrayContaining(['娜娜记的', '芳姐记的']),
    )
  })

  it('a note that says nothing, or too much, is refused', async () => {
    for (const text of ['', '  \n ', '字'.repeat(1001)])
      expect((await change('notes', { text })).status).toBe(400)
  })
})

describe('the timeline', () => {
  it('goes on where the page above ended, also among rows of one moment', async () => {
    const { trajectories } = sidekick.database.models
    const id = 'wmMTjJCgAAxlqBGCsHc81f7DXtd0Fwiw'
    const at = new Date('2026-01-02T03:04:05Z')
    await trajectories.insertMany(
      Array.from({ length: 45 }, (_, index) => ({
        corpId: sidekick.app.corpId,
        externalUserid: id,
        userid: 'lina',
        useridKey: 'lina',
        kind: 'noted' as const,
        at,
        text: `第 ${index} 条`,
        key: `test/${index}`,
      })),
    )
    const first = await profile(id)
    const texts = first.timeline.map(row => row.text)
    let next = first.timelineNext
    while (next !== null) {
      const page = (
        await lina.get(`/sidebar/api/customers/${id}/timeline?before=${next}`)
      ).json<TimelinePage>()
      texts.push(...page.timeline.map(row => row.text))
      next = page.timelineNext
    }
    const ours = texts.filter(text => text.startsWith('第 '))
    expect(ours).toEqual(Array.from({ length: 45 }, (_, index) => `第 ${44 - index} 条`))
    expect((await lina.get(`/sidebar/api/customers/${id}/timeline?before=x`)).status).toBe(400)
  })

  it('ends for a staff member where the relation ended', async () => {
    const wang = await as('wangfang')
    const { models } = sidekick.database
    const endedAt = new Date()
    await models.follows.updateOne(
      { useridKey: 'wangfang', externalUserid: zhangsan },
      { $set: { status: 'removed', endedAt } },
    )
    await models.staff.updateOne({ useridKey: 'wangfang' }, { $set: { leads: [] } })
    await change('notes', { text: '之后才写的' })
    const shown = (await open(wang, zhangsan)).json<Profile>()
    expect(shown.editable).toBe(false)
    expect(shown.timeline.map(row => row.text)).not.toContain('之后才写的')
    expect(shown.timeline.length).toBeGreaterThan(0)
  })

  it('and all that came later are not for a staff member whose relation has ended', async () => {
    const wang = await as('wangfang')
    const { customers, follows } = sidekick.database.models
    const own = { useridKey: 'wangfang', externalUserid: zhangsan }
    await customers.updateOne(
      { externalUserid: zhangsan },
      { $set: { name: '改了名', avatar: 'https://x.example/new', corpName: '新东家', position: '总监' } },
    )
    const shown = (await open(wang, zhangsan)).json<Profile>()
    expect(shown).toMatchObject({ name: '张三', avatar: '', corpName: '', position: '', others: [] })
    await follows.updateOne(own, { $unset: { endedAt: 1 } })
    const timeless = (await open(wang, zhangsan)).json<Profile>()
    expect([timeless.timeline, timeless.timelineNext]).toEqual([[], null])
    const before = `${Date.now()}-${'f'.repeat(24)}`
    const page = await wang.get(`/sidebar/api/customers/${zhangsan}/timeline?before=${before}`)
    expect(page.json()).toEqual({ timeline: [], timelineNext: null })
  })
})
