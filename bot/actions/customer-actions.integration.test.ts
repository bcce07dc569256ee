import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from './registry.ts'

const { corpId } = platformApp
/** Followed by lina in the demo corp. */
const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'

describe('an action on a customer', () => {
  let database: Database
  let platform: TestPlatform
  let vip = { id: '', name: '' }
  let steps = 0
  let key = ''
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    const state = (await platform.control('GET', 'state')) as {
      tagGroups: { groupId: string; name: string; tags: { id: string; name: string }[] }[]
    }
    await database.models.tags.insertMany(
      state.tagGroups.flatMap(group =>
        group.tags.map(tag => ({
          ...{ corpId, tagId: tag.id, groupId: group.groupId, groupName: group.name },
          ...{ name: tag.name, order: 0 },
        })),
      ),
    )
    vip = state.tagGroups.flatMap(({ tags }) => tags).find(({ name }) => name === 'VIP') ?? vip
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))
  beforeEach(async () => {
    steps += 1
    key = `event/handler/step${steps}`
    const { follows, customers, trajectories } = database.models
    for (const model of [follows, customers, trajectories]) await model.collection.deleteMany({})
    await customers.create({ corpId, externalUserid: zhangsan, name: '张三', type: 1, gender: 0, tags: [] })
    await follows.create({
      ...{ corpId, userid: 'lina', useridKey: 'lina', externalUserid: zhangsan, customerName: '张三' },
      ...{ status: 'active', stage: '待跟进' },
    })
    await platform.client.call('externalcontact/mark_tag', {
      ...{ userid: 'lina', external_userid: zhangsan, remove_tag: [vip.id] },
    })
  })
  afterEach(() => platform.control('DELETE', 'faults'))

  const context = () => actionContext(database.models, platform, { key })
  const run = (id: string, params: object) =>
    actions.get(id)?.run(context(), { customer: '张三', ...params }) as Promise<Record<string, unknown>>
  const preview = (id: string, params: object) =>
    actions.get(id)?.preview?.(context(), { customer: '张三', ...params })
  const follow = () => database.models.follows.findOne({ corpId, externalUserid: zhangsan }).lean()
  const story = async () => (await database.models.trajectories.find({ corpId }).lean()).map(one => one.text)
  const changing = ['externalcontact/mark_tag', 'externalcontact/remark']
  const calls = async () => (await Promise.all(changing.map(path => platform.calls(path)))).join()
  /** But for the moments of writing. */
  const stored = async () => {
    const { knownAt: _known, lastFollowUpAt: _last, ...rest } = (await follow()) ?? {}
    return JSON.stringify([rest, await story(), await database.models.customers.find().lean()])
  }

  const cases = [
    ['customer.tag', { add: ['VIP'] }, { added: ['VIP'], removed: [] }, () => ({ tags: [vip.id] }), '+VIP'],
    [
      'customer.stage',
      { stage: '已成交' },
      { from: '待跟进', stage: '已成交' },
      () => ({ stage: '已成交' }),
      '待跟进 → 已成交',
    ],
    [
      'customer.remark',
      { remark: '滨江张三' },
      { remark: '滨江张三', cut: false },
      () => ({ remark: '滨江张三' }),
      '滨江张三',
    ],
    [
      'customer.note',
      { text: '量过尺寸' },
      { text: '已记下对 张三 的跟进：\n量过尺寸' },
      () => ({ stage: '跟进中' }),
      '量过尺寸',
    ],
  ] as const

  it.each(cases)('%s does what it says, once for a key', async (id, params, output, change, row) => {
    expect(await run(id, params)).toMatchObject(output)
    expect(await follow()).toMatchObject(change())
    const before = await stored()
    await run(id, params)
    expect(JSON.stringify(await story())).toContain(row)
    expect((await story()).filter(text => text === row)).toHaveLength(1)
    expect(await stored()).toBe(before)
  })

  it('customer.note of the event\u2019s own customer is an automation\u2019s record, no follow-up', async () => {
    const event = { ...context().event, userid: 'lina', externalUserid: zhangsan }
    await actions.get('customer.note')?.run({ ...context(), event }, { text: '来自春展' })
    expect(await database.models.trajectories.distinct('kind', { corpId })).toEqual(['recorded'])
    expect(await follow()).toMatchObject({ stage: '待跟进' })
  })

  it.each(cases)('%s previews the same without doing it', async (id, params, output) => {
    const [before, asked] = [await stored(), await calls()]
    expect(await preview(id, params)).toMatchObject(output)
    expect([await stored(), await calls()]).toEqual([before, asked])
  })

  it.each([
    ['customer.tag', { add: ['VIP'] }, 'externalcontact/mark_tag', () => ({ tags: [vip.id] }), '+VIP'],
    ['customer.remark', { remark: '滨江' }, 'externalcontact/remark', () => ({ remark: '滨江' }), '滨江'],
  ] as const)(
    '%s comes to the same after a call that was cut off',
    async (id, params, path, change, row) => {
      // The platform does it, and the answer is lost.
      await platform.control('POST', 'faults', [{ path, drop: true, times: 20 }])
      await expect(run(id, params)).rejects.toThrow()
      await platform.control('DELETE', 'faults')
      await run(id, params)
      expect(await follow()).toMatchObject(change())
      expect((await story()).filter(text => text === row)).toHaveLength(1)
    },
    30_000,
  )

  it('customer.tag names a tag with its group where another group has the name, in output, answer and trajectory', async () => {
    const { tags } = database.models
    const { groupName } = await tags.findOne({ tagId: vip.id }).orFail().lean()
    const other = { corpId, tagId: 'other', groupId: 'other', groupName: '来源', name: 'VIP', order: 0 }
    await tags.create(other)
    try {
      const told = await run('customer.tag', { add: [`${groupName}/VIP`, '新客户'] })
      expect(told).toMatchObject({
        added: [`${groupName}/VIP`, '新客户'],
        text: expect.stringContaining(`加上：${groupName}/VIP、新客户`),
      })
      expect(await story()).toEqual([`+${groupName}/VIP +新客户`])
    } finally {
      await tags.deleteOne({ tagId: 'other' })
    }
  })

  it('customer.untag takes away what is there, and asks for nothing that is not', async () => {
    await run('customer.tag', { add: ['VIP'] })
    key = `${key}b`
    expect(await preview('customer.untag', { tags: ['VIP'] })).toMatchObject({ removed: ['VIP'] })
    expect(await run('customer.untag', { tags: ['VIP', '新客户'] })).toMatchObject({ removed: ['VIP'] })
    expect((await follow())?.tags).toEqual([])
    const asked = await calls()
    expect(await run('customer.untag', { tags: ['VIP'] })).toMatchObject({ removed: [] })
    expect(await calls()).toBe(asked)
    await expect(run('customer.untag', { tags: [] })).rejects.toMatchObject({ code: 'tags_missing' })
  })

  it('customer.remark cuts at 20 characters, and says so', async () => {
    const told = await run('customer.remark', { remark: '长'.repeat(25) })
    expect(told).toMatchObject({ remark: '长'.repeat(20), cut: true })
  })

  it('customer.stage leaves a stage that is there already', async () => {
    expect(await run('customer.stage', { stage: '待跟进' })).toMatchObject({
      text: '张三 本来就在“待跟进”阶段，没有改动。',
    })
    expect(await story()).toEqual([])
    await expect(run('customer.stage', { stage: '成交' })).rejects.toThrow('is none of 待跟进, 跟进中')
  })
})
