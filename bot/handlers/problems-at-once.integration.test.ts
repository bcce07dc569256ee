import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { HandlerInvalid } from './compile.ts'
import { checkDraft } from './drafts.ts'
import { publishHandler, publishHandlers } from './publish.ts'
import { planTags } from './tag-plan.ts'

const sound = `schemaVersion: 1
key: sound
title: 试
scope: { departments: ["3"], staff: [], roles: [staff], apps: [], except: ["role:lead"] }
trigger: { event: customer.added, match: { state: { prefix: fair } } }
when: { all: [{ path: time.hour, is: gt, value: 9 }, { not: { path: follow.tags, is: contains, value: VIP } }] }
priority: 5
after: stop
run: { timeoutMs: 5000, cooldown: 10m }
steps:
  - { id: tag, action: customer.tag, with: { add: [渠道/春展] }, onError: continue, retry: { max: 2 } }
  - { id: plan, action: handler.schedule, with: { handler: remind, after: 3d } }
  - { id: tell, action: staff.notify, if: { path: steps.tag.ok, is: eq, value: true }, with: { to: [lead], text: "{{ customer.name }}好" } }
`
const remind = `schemaVersion: 1
key: remind
title: 提醒
trigger: { manual: true }
steps: [{ id: tell, action: staff.notify, with: { to: [staff], text: 回访 } }]
`
type Written = Record<string, unknown>
const read = (text: string) => parse(text) as Written

describe('what is wrong with a document in a corp', () => {
  let database: Database
  let corpId = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    corpId = `ww${randomUUID()}`
    const { models } = database
    const department = { corpId, departmentId: '3', name: '销售部', parentId: '1', order: 0, leaders: [] }
    const tag = { corpId, tagId: 'et1', groupId: 'g', groupName: '渠道', name: '春展', order: 0 }
    const vip = { ...tag, tagId: 'et2', name: 'VIP' }
    await Promise.all([models.departments.create(department), models.tags.insertMany([tag, vip])])
    await publishHandler(models, corpId, read(remind), actions)
  })

  const check = async (document: Written, documents: Written[] = []) =>
    (await checkDraft(database.models, corpId, document, actions, { documents })).problems.map(
      ({ path, message }) => `${path} ${message}`,
    )

  it('is said at once, names with all else', async () => {
    const document = read(`schemaVersion: 1
key: both
title: 2026
scope: { departments: ["9", 3], staf: [a], apps: ["7"] }
trigger: { event: customer.addd }
when: { path: follow.tag, is: exists }
steps:
  - { id: a, action: customer.tag, with: { add: [渠道/春展, 渠道/夏展], remove: VIP } }
  - { id: b, action: staff.notfy, with: { to: [nobody] } }
  - { id: c, action: staff.notify, with: { to: [nobody, "@all"], text: "{{ customer.nmae }}" } }
  - { id: d, action: handler.schedule, with: { handler: remnid } }
`)
    expect(await check(document)).toEqual([
      'title is the number 2026, and a text is needed: write "2026"',
      'scope.departments.0 names the department "9", which is not there; there is "3" (销售部)',
      'scope.departments.1 is the number 3, and a text is needed: write "3"',
      'scope.staf is no field here; did you mean staff?',
      'scope.apps.0 names the app "7", which is not there',
      'trigger.event "customer.addd" is not the name of an event; did you mean customer.added?',
      'when names follow.tag, which is no fact; did you mean follow.tags?',
      'steps.0.with.add.1 names the tag "渠道/夏展", which is not there: write "渠道/春展", or publish with --create-tags to make it',
      'steps.0.with.remove is the text "VIP", and a list is needed: write ["VIP"]',
      'steps.1.action "staff.notfy" is not an action; did you mean staff.notify?',
      'steps.2.with.to.0 names the staff member "nobody", who is not there: write the userid as the console shows it',
      'steps.2.with.to.1 "@all" is everybody, and notices go to members; write userids, staff, lead, leads or admin, or use app.send',
      'steps.2.with.text names customer.nmae, which is no fact; did you mean customer.name?',
      'steps.3.with.handler names the handler "remnid", which is not there: write "remind"',
      'steps.3.with needs after or at',
    ])
  })

  it('is a placeholder of another tool too', async () => {
    const document = read(sound.replace('{{ customer.name }}好', '#客户昵称#好'))
    const problem =
      'steps.2.with.text says #客户昵称# as it stands, which is a placeholder of other tools; write {{ customer.name }}'
    expect(await check(document)).toEqual([problem])
    const refused = await publishHandler(database.models, corpId, document, actions).catch(error => error)
    expect(refused).toBeInstanceOf(HandlerInvalid)
  })

  it('is not that it names another document whose key or trigger is what is wrong', async () => {
    const start = read(sound.replace('handler: remind', 'handler: other'))
    const other = (from: string, to: string) =>
      read(remind.replace('key: remind', 'key: other').replace(from, to))
    expect(await check(start, [start, other('', '')])).toEqual([])
    expect(await check(start, [start, other('manual: true', 'manul: true')])).toEqual([])
    expect(await check(start, [start, other('key: other', 'kye: other')])).toEqual([])
    expect(await check(start, [start, {}])).toEqual([])
    expect(await check(start, [start])).toHaveLength(1)
    expect(await check(start, [start, other('manual: true', 'schedule: "0 9 * * *"')])).toEqual([
      'steps.1.with.handler names the handler "other", which no step can start: give it trigger: { manual: true }',
    ])
  })

  it('is all but the tags that would be made, whatever else has the name of one', async () => {
    const document = read(sound.replace('渠道/春展', '新组/新标签').replace('title: 试', 'title: 试\nkye: 1'))
    const named = { ...read(remind), key: '新组/新标签' }
    const plan = await planTags(database.models, corpId, [document, named], actions)
    expect(plan.missing).toEqual(['新组/新标签'])
    expect(plan.problems.map(list => list.map(one => one.path))).toEqual([['kye'], ['key']])
  })

  it('is never nothing where publishing refuses it, and never something where publishing takes it', async () => {
    const { models } = database
    await fc.assert(
      fc.asyncProperty(mutated(read(sound)), async document => {
        await models.handlers.deleteMany({ corpId, key: { $ne: 'remind' } })
        const problems = await check(document)
        const refused = await publishHandlers(models, corpId, [document], actions).then(
          () => [],
          (error: unknown) => {
            if (!(error instanceof HandlerInvalid)) throw error
            return error.problems.map(({ path, message }) => `${path} ${message}`)
          },
        )
        expect(refused).toEqual(problems)
        const live = await models.handlers.countDocuments({ corpId, key: { $ne: 'remind' } })
        expect(live).toBe(problems.length === 0 ? 1 : 0)
      }),
      { numRuns: 80 },
    )
  })
})

/** A document of which up to three parts are other than they were, gone, or beside something else. */
function mutated(document: Written): fc.Arbitrary<Written> {
  const value = fc.oneof(
    fc.constantFrom<unknown>(null, '', 0, -1, 1.5, true, [], {}, '{{ x', '{{ customer.nmae }}', 'lead', [[]]),
    fc.constantFrom<unknown>({ all: [] }, { path: 'follow.tag', is: 'exists' }, { event: 1, command: 2 }),
    fc.jsonValue({ maxDepth: 3 }),
  )
  const mutation = fc.record({
    at: fc.nat(),
    how: fc.constantFrom('replace', 'remove', 'add', 'keep'),
    name: fc.constantFrom('titel', 'with', 'is', 'not', 'all', 'constructor', 'toString', '0', ''),
    value,
  })
  return fc.array(mutation, { maxLength: 3 }).map(mutations => {
    const copy = structuredClone(document)
    for (const { at, how, name, value } of mutations) {
      // Of its own, or the same one would stand in itself when it is put twice.
      const put = structuredClone(value)
      const places = placesIn(copy)
      const [part, key] = places[at % places.length] ?? [copy, 'key']
      if (how === 'replace') part[key] = put
      if (how === 'remove') delete part[key]
      // No list of a file has names.
      if (how === 'add' && !Array.isArray(part)) part[name] = put
    }
    return copy
  })
}

/** Every object and list in a value with each of its names. */
function placesIn(value: unknown): [Written, string][] {
  if (typeof value !== 'object' || value === null) return []
  const part = value as Written
  return Object.keys(part).flatMap(key => [[part, key] as [Written, string], ...placesIn(part[key])])
}
