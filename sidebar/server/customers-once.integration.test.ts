import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control, openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import type { Profile, TagGroups } from '../api.ts'

/** Followed by lina. */
const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
const wangyulan = 'wmMTjJCgAA8UoEV79hWgp7KNXHpOB5vA'
const fresh = 'wmMTjJCgAAW40W1DuWKWJDR5Lt5sYp4n'

let sidekick: TestSidekick
let lina: Visitor
let vip = ''

beforeAll(async () => {
  sidekick = await startTestSidekick()
  lina = await openVisitor(sidekick).login('lina')
  const { groups } = (await lina.get('/sidebar/api/tags')).json<TagGroups>()
  vip = groups.flatMap(group => group.tags).find(tag => tag.name === 'VIP')?.tagId ?? ''
})
afterAll(() => sidekick.stop())
afterEach(() => control(sidekick, 'DELETE', 'faults'))

const change = (what: string, body: object, id = zhangsan) =>
  lina.post(`/sidebar/api/customers/${id}/${what}`, { key: randomUUID(), ...body })
const profile = async (id = zhangsan) => (await lina.get(`/sidebar/api/customers/${id}`)).json<Profile>()
const code = (answer: { json<T>(): T }) => answer.json<{ error: { code: string } }>().error.code
const rows = async (kind: string, id = zhangsan) =>
  (await profile(id)).timeline.filter(row => row.kind === kind).map(row => row.text)

/** While the work goes on, the database takes no row of this kind and text. */
async function withoutRow(
  row: { kind: 'tagged' | 'remarked' | 'staged' | 'noted'; text: string },
  id: string,
  work: () => Promise<void>,
): Promise<void> {
  const { collection } = sidekick.database.models.trajectories
  const same = { externalUserid: id, ...row }
  await collection.insertOne({ corpId: 'other', key: randomUUID(), ...same })
  await collection.createIndex({ externalUserid: 1, kind: 1, text: 1 }, { unique: true, name: 'in-the-way' })
  await work()
  await collection.dropIndex('in-the-way')
  await collection.deleteOne({ corpId: 'other', ...same })
}

describe('a change whose row could not be written', () => {
  it.each([
    ['tags', () => ({ add: [vip], remove: [] }), 'tagged', '+VIP', fresh],
    ['remark', () => ({ remark: '王阿姨' }), 'remarked', '王阿姨', fresh],
    ['stage', () => ({ stage: '无意向' }), 'staged', '待跟进 → 无意向', fresh],
    ['notes', () => ({ text: '下周再问' }), 'noted', '下周再问', fresh],
  ] as const)('has it when the request comes again: %s', async (what, body, kind, text, id) => {
    const request = { key: randomUUID(), ...body() }
    await withoutRow({ kind, text }, id, async () => {
      expect((await change(what, request, id)).status).toBe(500)
    })
    for (let turn = 0; turn < 2; turn += 1) expect((await change(what, request, id)).status).toBe(200)
    expect((await rows(kind, id)).filter(one => one === text)).toEqual([text])
  })

  it('begins the follow-up with a row of its own, also on the second try', async () => {
    const request = { key: randomUUID(), text: '先打个招呼' }
    await sidekick.database.models.follows.updateOne(
      { externalUserid: wangyulan, useridKey: 'lina' },
      { $set: { stage: '待跟进' } },
    )
    await withoutRow({ kind: 'staged', text: '待跟进 → 跟进中' }, wangyulan, async () => {
      expect((await change('notes', request, wangyulan)).status).toBe(500)
    })
    expect((await change('notes', request, wangyulan)).json<Profile>().follow.stage).toBe('跟进中')
    expect(await rows('staged', wangyulan)).toEqual(['待跟进 → 跟进中'])
    expect((await rows('noted', wangyulan)).filter(text => text === '先打个招呼')).toHaveLength(1)
  })

  it('has it although the data have come to be as wanted in between', async () => {
    const request = { key: randomUUID(), remark: '张三 量房' }
    await withoutRow({ kind: 'remarked', text: '张三 量房' }, zhangsan, async () => {
      expect((await change('remark', request)).status).toBe(500)
      expect((await profile()).follow.remark).toBe('张三 量房')
    })
    await change('remark', request)
    expect(await rows('remarked')).toEqual(['张三 量房'])
  })
})

describe('a key', () => {
  it('stands for one request', async () => {
    const key = randomUUID()
    expect((await change('notes', { key, text: '第一条' })).status).toBe(200)
    for (const [what, body, id] of [
      ['notes', { text: '第二条' }, zhangsan],
      ['stage', { stage: '已成交' }, zhangsan],
      ['notes', { text: '第一条' }, wangyulan],
    ] as const) {
      const answer = await change(what, { key, ...body }, id)
      expect([answer.status, code(answer)]).toEqual([400, 'bad_request'])
    }
    expect((await rows('noted')).filter(text => /^第.条$/.test(text))).toEqual(['第一条'])
  })

  it('of what was so already does nothing later', async () => {
    const request = { key: randomUUID(), stage: '已成交' }
    await change('stage', { stage: '已成交' })
    expect((await change('stage', request)).status).toBe(200)
    await change('stage', { stage: '跟进中' })
    const again = (await change('stage', request)).json<Profile>()
    expect(again.follow.stage).toBe('跟进中')
  })

  it('that comes five times at once is one call', async () => {
    const before = await callsOf(sidekick, 'externalcontact/remark')
    const request = { key: randomUUID(), remark: '张三 五遍' }
    const answers = await Promise.all(Array.from({ length: 5 }, () => change('remark', request)))
    expect(answers.map(one => one.status)).toEqual([200, 200, 200, 200, 200])
    expect((await callsOf(sidekick, 'externalcontact/remark')) - before).toBe(1)
    expect((await rows('remarked')).filter(text => text === '张三 五遍')).toHaveLength(1)
  })

  it('whose attempt died is taken over when its time is up, and waited for until then', async () => {
    const { requests } = sidekick.database.models
    const request = { key: randomUUID(), remark: '张三 接手' }
    await control(sidekick, 'POST', 'faults', [{ path: 'externalcontact/remark', errcode: 60011, times: 1 }])
    expect((await change('remark', request)).status).toBe(422)
    const mine = { key: `sidebar/lina/${request.key}` }
    await requests.updateOne(mine, { $set: { leaseUntil: new Date(Date.now() + 60_000) } })
    const busy = await change('remark', request)
    expect([busy.status, code(busy)]).toEqual([502, 'platform_unavailable'])
    await requests.updateOne(mine, { $set: { leaseUntil: new Date(Date.now() + 300) } })
    expect((await change('remark', request)).json<Profile>().follow.remark).toBe('张三 接手')
  })
})
