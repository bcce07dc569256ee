import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { createTags } from '../actions/corp-tags.ts'
import { type ActionTable, defineAction } from '../actions/define.ts'
import { namedIn } from '../actions/named.ts'
import { actions as registered } from '../actions/registry.ts'
import { checkNames, missingTags } from './check-names.ts'
import { handlerDocument } from './schema.ts'

/** One action for each kind of name, so that the check is tried apart from what the actions name. */
const kinds = ['tag', 'material', 'robot', 'manual_handler', 'staff', 'department', 'contact_tag'] as const
const actions: ActionTable = new Map(
  kinds.map(kind => [
    `name.${kind}`,
    defineAction({
      ...{ id: `name.${kind}`, title: kind, summary: kind, effect: 'read', idempotent: true },
      params: z.object({ of: z.array(z.string()) }),
      output: z.object({}),
      names: params => namedIn(kind, params, 'of'),
      run: async () => ({}),
    }),
  ]),
)

const document = (steps: Partial<Record<(typeof kinds)[number], unknown>>, scope: object = {}) =>
  handlerDocument.parse({
    schemaVersion: 1,
    key: 'fair',
    title: '春展',
    trigger: { event: 'customer.added' },
    scope,
    steps: Object.entries(steps).map(([kind, of]) => ({ id: kind, action: `name.${kind}`, with: { of } })),
  })

describe('the names in a document', () => {
  let database: Database
  let corpId = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    corpId = `ww${randomUUID()}`
    await fill(database, corpId)
    // Another corp's things are none of ours.
    await fill(database, `ww${randomUUID()}`, '别家')
  })

  /** What a kind is called where that is not its name. */
  const said: Readonly<Record<string, string>> = {
    staff: 'staff member',
    manual_handler: 'handler',
    contact_tag: 'contact tags',
  }
  const check = (
    steps: Parameters<typeof document>[0],
    scope?: object,
    documents: Record<string, unknown>[] = [],
  ) => checkNames(database.models, corpId, document(steps, scope), actions, { documents })

  it('are as they should be where everything is there, and in templates', async () => {
    const steps = {
      tag: ['渠道/春展', 'vip', '{{ args.tags.add }}'],
      material: ['brochure'],
      robot: ['值班群'],
      manual_handler: ['follow-up'],
      staff: ['LiNa', '{{ staff.userid }}'],
      department: ['3', 'name:销售部'],
      contact_tag: ['3', ' 12 ', '{{ event.tag }}'],
    }
    const scope = {
      departments: ['3'],
      staff: ['lina'],
      apps: ['1000002'],
      except: ['LINA', '3', 'name:销售部', 'role:lead', 'app:1000002'],
    }
    expect(await check(steps, scope)).toEqual([])
    expect(await check({ tag: '{{ args.tags.add }}' })).toEqual([])
  })

  it.each([
    [{ tag: ['渠道/夏展'] }, '渠道/春展'],
    [{ tag: ['渠道/春展', '别家渠道/别家春展'] }, 'publish with --create-tags'],
    [{ tag: ['普通'] }, 'is in the groups 等级, 来往: write "等级/普通"'],
    [{ tag: ['没有组的标签'] }, 'put its group before it to have it made, such as "组/没有组的标签"'],
    [{ tag: [`渠道/${'长'.repeat(31)}`] }, 'give it a name of at most 30 characters'],
    [{ tag: ['渠道/已删'] }, 'publish with --create-tags to make it'],
    [
      { tag: ['客户状态/VIP，渠道/春展'] },
      'names the tag "客户状态/VIP，渠道/春展", which is not there: write each by itself, with plain commas between: "客户状态/VIP", "渠道/春展", or make it in WeCom first where it is one tag',
    ],
    [
      { tag: ['渠道/春展、夏展'] },
      'with plain commas between: "渠道/春展", "夏展", or make it in WeCom first',
    ],
    [{ material: ['brochures'] }, 'names the material "brochures", which is not there: write "brochure"'],
    [{ material: ['别家brochure'] }, 'names the material "别家brochure", which is not there'],
    [
      { material: ['brand-link'] },
      'names the material "brand-link", which is not there; there is "size-chart" (link), "brochure" (text)',
    ],
    [{ robot: ['值班'] }, 'names the robot "值班", which is not there: write "值班群"'],
    [
      { manual_handler: ['draft-only'] },
      'names the handler "draft-only", which is a draft: publish that first',
    ],
    // What no step can start is no proposal.
    [{ manual_handler: ['welcomes'] }, 'names the handler "welcomes", which is not there'],
    [
      { manual_handler: ['welcome'] },
      'names the handler "welcome", which no step can start: give it trigger',
    ],
    [{ manual_handler: ['fair'] }, 'names the handler "fair", which no step can start'],
    [
      { staff: ['nobody'] },
      'names the staff member "nobody", who is not there: write the userid as the console shows it',
    ],
    [{ staff: ['linna'] }, 'names the staff member "linna", who is not there: write "lina"'],
    [{ staff: ['李娜'] }, 'names the staff member "李娜", who is not there: write "lina"'],
    [
      { staff: ['lead，lina'] },
      'names the staff member "lead，lina", who is not there: write each by itself, with plain commas between: "lead", "lina"',
    ],
    [{ staff: ['gone'] }, 'names the staff member "gone"'],
    [
      { staff: ['name:销售部'] },
      'names the staff member "name:销售部", who is not there: it is a department, which app.send reaches by to: { departments: ["name:销售部"] } and a scope by its departments',
    ],
    [
      { staff: ['销售部'] },
      'it is a department, which app.send reaches by to: { departments: ["name:销售部"] }',
    ],
    [
      { staff: ['name:销售'] },
      'names the staff member "name:销售", who is not there: write the userid as the console shows it',
    ],
    [
      { department: ['9'] },
      'names the department "9", which is not there; there is "3" (销售部), "4" (客服部), "5" (客服部)',
    ],
    [{ department: ['销售部'] }, 'write "name:销售部"'],
    [{ department: ['销售二部'] }, 'which is not there: write "name:销售部"'],
    [{ department: ['财务'] }, 'which is not there; there is "3" (销售部), '],
    [
      { contact_tag: ['VIP'] },
      'names "VIP", and these are contact tags (通讯录里的成员标签), by their numbers, not customers\' tags: write a number such as "3"',
    ],
    [{ department: ['name:销售'] }, 'names the department "销售", which is not there'],
    [{ department: ['name:客服部'] }, 'which 2 are called: write one of the ids "4", "5"'],
  ])('%j is a problem', async (steps, message) => {
    const problems = await check(steps)
    expect(problems).toHaveLength(1)
    const [kind, names] = Object.entries(steps)[0] ?? []
    expect(problems[0]).toEqual({
      path: `steps.0.with.of.${(names?.length ?? 0) - 1}`,
      message: expect.stringContaining(message),
    })
    expect(problems[0]?.message).toContain(said[kind ?? ''] ?? kind)
  })

  const condition = (path: string, value: string) => ({ path, is: 'contains', value })
  const ofConditions = (when: object, step: object = when) =>
    handlerDocument.parse({
      ...{ schemaVersion: 1, key: 'fair', title: '春展', trigger: { event: 'customer.added' }, when },
      steps: [{ id: 'tell', if: step, action: 'staff.notify', with: { to: ['lead'], text: 'x' } }],
    })

  it.each([
    ['customer.tags', '投诉', 'names the tag "投诉", which is not there: make it first'],
    ['follow.tags', 'vip', 'names the tag "vip", which is not there: write "VIP", or make it first'],
    [
      'follow.groupedTags',
      '投诉/已投诉',
      'names the tag "投诉/已投诉", which is not there: publish with --create-tags to make it',
    ],
    [
      'follow.tags',
      'VIP，春展',
      'names the tag "VIP，春展", which is not there: ask for each by itself, below any: or all:, or make it in WeCom first where it is one tag',
    ],
    [
      'follow.groupedTags',
      '等级/VIP、渠道/春展',
      'names the tag "等级/VIP、渠道/春展", which is not there: ask for each by itself, below any: or all:, or make it in WeCom first where it is one tag',
    ],
    [
      'staff.departments',
      '99',
      'names the department "99", which is not there; there is "3" (销售部), "4" (客服部), "5" (客服部)',
    ],
  ])(
    'are a problem in conditions where %s never holds %s, by the path of each',
    async (path, value, message) => {
      const document = ofConditions({ all: [condition(path, value)] }, condition(path, value))
      expect(await checkNames(database.models, corpId, document, registered)).toEqual(
        ['when.all.0', 'steps.0.if'].map(at => ({ path: at, message })),
      )
    },
  )

  it('are as they should be in conditions where they are there, or will be', async () => {
    const grouped = ofConditions(condition('follow.groupedTags', '投诉/已投诉'))
    expect(await missingTags(database.models, corpId, grouped, registered)).toEqual(['投诉/已投诉'])
    const coming = { tags: ['投诉/已投诉'] }
    for (const document of [grouped, ofConditions(condition('follow.tags', '已投诉'))])
      expect(await checkNames(database.models, corpId, document, registered, coming)).toEqual([])
    const held = ofConditions(condition('customer.tags', 'VIP'))
    expect(await checkNames(database.models, corpId, held, registered)).toEqual([])
  })

  it('are never made of several in one, and are where the group that they go to has a comma', async () => {
    const { models } = database
    const missing = (...of: string[]) => missingTags(models, corpId, document({ tag: of }), actions)
    expect(await missing('客户状态/VIP，渠道/春展', '渠道/线上、线下', '来源、渠道/抖音')).toEqual([])
    await models.tags.create({
      ...{ corpId, tagId: 'et6', groupId: 'g', groupName: '来源、渠道', name: '线上、线下', order: 0 },
    })
    expect(await missing('来源、渠道/抖音', '来源、渠道/线上、线下')).toEqual(['来源、渠道/抖音'])
    expect(await check({ tag: ['来源、渠道/线上、线下', '线上、线下'] })).toEqual([])
  })

  it('may be a misspelt word of a list of recipients', async () => {
    const steps = [{ id: 'tell', action: 'staff.notify', with: { to: ['adimn', 'lead'], text: 'x' } }]
    const wrong = handlerDocument.parse({ ...document({ staff: [] }), steps })
    const [problem] = await checkNames(database.models, corpId, wrong, registered)
    expect(problem?.message).toMatch(/"adimn", who is not there: .*; did you mean admin\?$/)
  })

  it('may be several recipients in one, of which no word is proposed', async () => {
    const steps = [{ id: 'tell', action: 'staff.notify', with: { to: ['lead，lina'], text: 'x' } }]
    const wrong = handlerDocument.parse({ ...document({ staff: [] }), steps })
    const [problem] = await checkNames(database.models, corpId, wrong, registered)
    expect(problem?.message).toMatch(/with plain commas between: "lead", "lina"$/)
  })

  it('of materials are proposed as far as they fit there', async () => {
    const steps = [{ id: 'tell', action: 'app.send', with: { to: { users: ['lina'] }, image: 'brochures' } }]
    const wrong = handlerDocument.parse({ ...document({ staff: [] }), steps })
    const [problem] = await checkNames(database.models, corpId, wrong, registered)
    expect(problem?.message).toBe(
      'names the material "brochures", which is not there, nor is any other that fits here',
    )
  })

  it("of members' tags are a problem where app.send has them", async () => {
    const to = { users: ['lina'], tags: ['7', 'VIP'] }
    const steps = [{ id: 'tell', action: 'app.send', with: { to, text: 'x' } }]
    const wrong = handlerDocument.parse({ ...document({ staff: [] }), steps })
    const problems = await checkNames(database.models, corpId, wrong, registered)
    expect(problems.map(one => one.path)).toEqual(['steps.0.with.to.tags.1'])
  })

  it('are a problem each in a scope', async () => {
    const scope = { departments: ['9'], staff: ['nobody'], apps: ['1000009'], except: ['nothing', 'app:7'] }
    const problems = await check({ staff: [] }, scope)
    expect(problems.map(one => one.path)).toEqual([
      'scope.departments.0',
      'scope.staff.0',
      'scope.apps.0',
      'scope.except.0',
      'scope.except.1',
    ])
  })

  it('of exceptions are proposed as what they may be', async () => {
    const problems = await check({ staff: [] }, { except: ['role:lead', '李娜', '销售部', '3'] })
    expect(problems.map(one => one.message.split(': ').at(-1))).toEqual([
      'write "lina"',
      'write "name:销售部"',
    ])
  })

  it('may be those of handlers that are published together with it', async () => {
    const manual = { key: 'draft-only', trigger: { manual: true } }
    expect(await check({ manual_handler: ['draft-only'] }, {}, [manual])).toEqual([])
    // What is published decides, not what is live.
    const other = { key: 'follow-up', trigger: { event: 'customer.added' } }
    expect(await check({ manual_handler: ['follow-up'] }, {}, [other])).toHaveLength(1)
  })

  it('tell which tags could be made: each once, and none without a group', async () => {
    const steps = { tag: ['渠道/夏展', '渠道/春展', '渠道/夏展', '新组/a', '新组/A', '没有组', '/x', 'x/'] }
    expect(await missingTags(database.models, corpId, document(steps), actions)).toEqual([
      '渠道/夏展',
      '新组/a',
    ])
  })
})

/** Brings one of each into the database. */
async function fill({ models }: Database, corpId: string, prefix = ''): Promise<void> {
  const name = (one: string): string => `${prefix}${one}`
  const tag = (tagId: string, groupName: string, one: string, over: object = {}) => ({
    ...{ corpId, tagId, groupId: groupName, groupName: name(groupName), name: name(one), order: 0 },
    ...over,
  })
  const stored = (key: string, revision: number, trigger: object) => {
    const document = revision > 0 ? { document: { key, trigger } } : {}
    return { corpId, key, revision, enabled: false, updatedAt: new Date(), ...document }
  }
  const plain = { priority: 1, order: 1, leaders: [], parentId: '1' }
  await Promise.all([
    models.corps.create({
      ...{ corpId, name: '企业', timeZone: 'Asia/Shanghai', updatedAt: new Date() },
      apps: [{ app: prefix ? '1000009' : '1000002', callback: { token: 't', aesKey: 'k' } }],
    }),
    models.tags.insertMany([
      tag('et1', '渠道', '春展'),
      tag('et2', '等级', 'VIP'),
      tag('et3', '等级', '普通'),
      tag('et4', '来往', '普通'),
      tag('et5', '渠道', '已删', { removedAt: new Date() }),
    ]),
    models.materials.insertMany([
      { corpId, key: name('brochure'), category: 'c', title: '册子', kind: 'text' },
      { corpId, key: name('size-chart'), category: 'c', title: '尺寸', kind: 'link' },
    ]),
    models.corps.db.collection('robots').insertOne({ corpId, name: name('值班群') }),
    models.handlers.insertMany([
      stored(name('follow-up'), 1, { manual: true }),
      stored(name('welcome'), 1, { event: 'customer.added' }),
      stored(name('draft-only'), prefix ? 1 : 0, { manual: true }),
    ]),
    models.staff.insertMany(
      [name('lina'), name('gone')].map((userid, index) => ({
        ...{
          corpId,
          userid,
          useridKey: userid,
          name: index === 0 ? '李娜' : userid,
          departments: [],
          leads: [],
          status: 1,
        },
        ...(index === 1 && { removedAt: new Date() }),
      })),
    ),
    models.departments.insertMany([
      { corpId, departmentId: prefix ? '9' : '3', name: name('销售部'), ...plain },
      { corpId, departmentId: '4', name: name('客服部'), ...plain },
      { corpId, departmentId: '5', name: name('客服部'), ...plain },
    ]),
  ])
}

describe('missing tags', () => {
  let database: Database
  let platform: TestPlatform
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))

  const { corpId } = platformApp
  const make = (...names: string[]) => createTags(platform.client, database.models, corpId, names)
  const held = async (groupName: string) =>
    (await database.models.tags.find({ corpId, groupName, removedAt: null }).sort({ name: 1 }).lean()).map(
      one => one.name,
    )

  it('are made on the platform and here, a group of them by one call', async () => {
    const before = await platform.calls('externalcontact/add_corp_tag')
    expect(await make('展会/夏展', '展会/秋展')).toEqual(['展会/夏展', '展会/秋展'])
    expect(await held('展会')).toEqual(['夏展', '秋展'])
    expect(await platform.calls('externalcontact/add_corp_tag')).toBe(before + 1)
  })

  it('are made once by several publishers at the same time: the others find them', async () => {
    const made = await Promise.all([make('批次/一', '批次/二'), make('批次/二', '批次/三'), make('批次/一')])
    expect(made.flat().sort()).toEqual(['批次/一', '批次/二', '批次/三'].sort())
    expect(await held('批次')).toEqual(['一', '三', '二'].sort())
  })

  it('are taken over where somebody has made them on the platform meanwhile', async () => {
    await platform.client.call('externalcontact/add_corp_tag', {
      group_name: '手工',
      tag: [{ name: '老客' }],
    })
    expect(await held('手工')).toEqual([])
    expect(await make('手工/老客')).toEqual([])
    expect(await held('手工')).toEqual(['老客'])
  })
})
