import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { contactOf, lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes } from '../../fixtures/test/probes.ts'
import type { BotEvent } from '../events/parse.ts'
import { type FactDefinition, factTable } from '../handlers/fact-table.ts'
import type { Facts } from '../handlers/facts.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'

type Path = keyof typeof factTable
/** What comes from the database, and not from the event, the time or the run alone. */
type HeldPath = Extract<Path, `${'corp' | 'staff' | 'customer' | 'follow'}.${string}`>

/** Of each fact what it is when everything is held, and what when nothing is: the type misses none of the table. */
const held: Readonly<Record<HeldPath, { full: unknown; bare: unknown }>> = {
  'corp.corpId': { full: rigCorp, bare: rigCorp },
  'corp.name': { full: '测试', bare: '测试' },
  'corp.timeZone': { full: 'Asia/Shanghai', bare: 'Asia/Shanghai' },
  'staff.userid': { full: 'LiNa', bare: 'nobody' },
  'staff.name': { full: '李娜', bare: 'nobody' },
  'staff.departments': { full: ['3', '5'], bare: [] },
  'staff.role': { full: 'lead', bare: 'staff' },
  'staff.position': { full: '家居顾问', bare: '' },
  'customer.externalUserid': { full: 'wmFull', bare: 'wmBare' },
  'customer.name': { full: '小林', bare: '' },
  'customer.type': { full: 2, bare: 0 },
  'customer.gender': { full: 2, bare: 0 },
  'customer.corpName': { full: '青禾设计', bare: '' },
  'customer.position': { full: '采购', bare: '' },
  'customer.tags': { full: ['VIP', '春展', '老客户'], bare: [] },
  'follow.status': { full: 'lost', bare: '' },
  'follow.remark': { full: '林女士', bare: '' },
  'follow.description': { full: '春展认识', bare: '' },
  'follow.tags': { full: ['VIP', '春展'], bare: [] },
  'follow.groupedTags': { full: ['客户等级/VIP', '渠道/春展'], bare: [] },
  'follow.personalTags': { full: ['爱喝茶'], bare: [] },
  'follow.stage': { full: '已成交', bare: '待跟进' },
  'follow.state': { full: 'fair-2026', bare: '' },
  'follow.addWay': { full: 1, bare: null },
  'follow.addWayName': { full: '扫描二维码', bare: '' },
  'follow.addedAt': { full: '2026-03-01 18:05', bare: '' },
  'follow.days': { full: 10, bare: null },
  'follow.lastFollowUpAt': { full: '2026-03-10 00:30', bare: '' },
  'follow.quietDays': { full: 1, bare: null },
}
const heldPaths = Object.keys(held) as HeldPath[]
/** The installation's own: there is no event without them. */
const always: readonly string[] = ['corp.corpId', 'corp.name', 'corp.timeZone']

const names = ['event', 'corp', 'staff', 'customer', 'follow', 'time'] as const
const pathsBelow = (facts: Facts, name: keyof Facts) => Object.keys(facts[name]).map(key => `${name}.${key}`)
const at = (facts: Facts, path: string): unknown => {
  const [name = '', field = ''] = path.split('.')
  return (facts as unknown as Record<string, Record<string, unknown>>)[name]?.[field]
}

/** Whether a value is what the table says of its fact. */
function isOf({ type, missing, oneOf, form }: FactDefinition, value: unknown): boolean {
  if (value === null) return missing === true
  if (type === 'list of text') return Array.isArray(value) && value.every(one => typeof one === 'string')
  if (typeof value !== (type === 'text' ? 'string' : type)) return false
  if (oneOf !== undefined && !oneOf.includes(value as string)) return false
  return form === undefined || value === '' || form.pattern.test(value as string)
}

describe('the facts of an event', () => {
  let rig: OwnEventRig
  let deps: DispatchDeps
  let full: Facts
  let bare: Facts
  const factsOf = async (event: BotEvent): Promise<Facts> =>
    (await loadSurroundings(deps, event, event.name)).facts
  beforeAll(async () => {
    rig = await openOwnEventRig(createProbes().actions)
    // Wednesday, ten o'clock in the morning in Shanghai.
    deps = { ...rig.deps, clock: { ...rig.deps.clock, now: () => Date.parse('2026-03-11T02:00:00Z') } }
    const { models } = rig.deps
    await models.staff.updateOne(
      { corpId: rigCorp, userid: 'lina' },
      { userid: 'LiNa', name: '李娜', departments: ['3', '5'], leads: ['5'], position: '家居顾问' },
    )
    await models.tags.insertMany([
      { corpId: rigCorp, tagId: 't1', groupId: 'g1', groupName: '客户等级', name: 'VIP', order: 0 },
      { corpId: rigCorp, tagId: 't2', groupId: 'g2', groupName: '渠道', name: '春展', order: 0 },
      { corpId: rigCorp, tagId: 't3', groupId: 'g1', groupName: '客户等级', name: '老客户', order: 1 },
      { corpId: 'wwother', tagId: 't1', groupId: 'g1', groupName: '别家', name: '别家的', order: 0 },
    ])
    await models.customers.create({
      ...{ corpId: rigCorp, externalUserid: 'wmFull', name: '小林', type: 2, gender: 2 },
      ...{ corpName: '青禾设计', position: '采购', tags: ['t1', 't2', 't3', 'gone'] },
    })
    await models.follows.create({
      ...{ corpId: rigCorp, userid: 'LiNa', useridKey: 'lina', externalUserid: 'wmFull', status: 'lost' },
      ...{ remark: '林女士', description: '春展认识', personalTags: ['爱喝茶'], tags: ['t1', 't2', 'gone'] },
      ...{ stage: '已成交', state: 'fair-2026', addWay: 1, customerName: '小林', remarkMobiles: [] },
      addedAt: new Date('2026-03-01T10:05:00Z'),
      lastFollowUpAt: new Date('2026-03-09T16:30:00Z'),
    })
    // Nobody whom the platform knows either.
    rig.platform.next('user/get', response =>
      response.end(JSON.stringify({ errcode: 60111, errmsg: 'none' })),
    )
    full = await factsOf(contactOf('lina', 'wmFull'))
    bare = await factsOf(contactOf('nobody', 'wmBare'))
  })
  afterAll(() => rig.close())

  it('are those of the table and no others, but what belongs to the event and the run', () => {
    const table = Object.keys(factTable).filter(path => !path.startsWith('run.'))
    for (const facts of [full, bare]) {
      const found = names.flatMap(name => pathsBelow(facts, name))
      const ownFields = found.filter(path => path.startsWith('event.') && path !== 'event.name')
      expect(found.filter(path => !ownFields.includes(path)).sort()).toEqual(table.sort())
    }
  })

  it('have the time of the database, whatever the host takes it for', () => {
    expect([at(full, 'time.date'), at(full, 'time.time')]).toEqual(['2026-03-11', '10:00'])
  })

  it('have of the database each one that the table has', () => {
    const ofDatabase = Object.keys(factTable).filter(path => /^(corp|staff|customer|follow)\./.test(path))
    expect(heldPaths.sort()).toEqual(ofDatabase.sort())
    // What is the same with everything held and with nothing would be tested by neither.
    const same = heldPaths.filter(path => JSON.stringify(held[path].full) === JSON.stringify(held[path].bare))
    expect(same.sort()).toEqual([...always].sort())
  })

  it.each(heldPaths)('have %s as it is held, and as documented where nothing is', path => {
    expect([at(full, path), at(bare, path)]).toEqual([held[path].full, held[path].bare])
  })

  it.each(Object.keys(factTable).filter(path => !path.startsWith('run.')))(
    'have in %s what the table says',
    path => {
      const definition: FactDefinition = factTable[path as Path]
      for (const facts of [full, bare]) expect(at(facts, path)).toSatisfy(value => isOf(definition, value))
    },
  )

  it('have nothing of a customer where the event is about none', async () => {
    const { staff, customer, follow } = await factsOf(lineFrom('lina', '你好'))
    expect([staff.name, customer, follow]).toEqual(['李娜', {}, {}])
  })

  it('count days from the announcement where the platform has not told when the relation began', async () => {
    await rig.deps.models.follows.create({
      ...{ corpId: rigCorp, userid: 'LiNa', useridKey: 'lina', externalUserid: 'wmNew' },
      ...{ remarkMobiles: [], tags: [], personalTags: [] },
      relation: { first: 'e1', at: new Date('2026-03-10T15:59:00Z') },
    })
    const { follow } = await factsOf(contactOf('lina', 'wmNew'))
    expect(follow).toMatchObject({ status: 'active', addedAt: '2026-03-10 23:59', days: 1, quietDays: null })
  })

  it('call an admin an admin, who leads nobody', async () => {
    const admins = { corpId: rigCorp, userids: ['WangFang'] }
    const event = lineFrom('wangfang', '你好')
    const { facts } = await loadSurroundings({ ...deps, admins }, event, event.name)
    expect(facts.staff.role).toBe('admin')
  })
})
