import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { actions } from '../../bot/actions/registry.ts'
import { builtInHandlers } from '../../bot/commands/builtin.ts'
import { putStart } from '../../bot/dispatch/starts.ts'
import { seedHandlers } from '../../bot/handlers/seed.ts'
import { saveCorp } from '../../bot/save-corp.ts'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { demoApp } from '../../fixtures/demo.ts'
import { type Simulator, startSimulator } from '../../fixtures/simulator/simulator.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import type { Database } from '../../models/connect.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { handlersExport } from './handler-export-verb.ts'
import { handlersImport, handlersValidate } from './handler-file-verbs.ts'
import { handlersList, handlersRevisions, handlersShow } from './handler-list-verbs.ts'
import {
  handlersOff,
  handlersOn,
  handlersPause,
  handlersPublish,
  handlersRemove,
  handlersResume,
} from './handler-switch-verbs.ts'
import { NotYetError, type Verb, when } from './verb.ts'

const good = `schemaVersion: 1
key: refund-help
title: 退款
trigger: { message: { contains: [退款] } }
steps:
  - { id: answer, action: reply, with: { text: 请稍等 } }
`
const tagging = `schemaVersion: 1
key: tag-refund
title: 标退款
trigger: { event: customer.added }
steps:
  - { id: tag, action: customer.tag, with: { add: [售后/退款] } }
`
const wrong = `schemaVersion: 1
key: wrong
title: 错的
trigger: { event: customer.addd }
steps:
  - { id: answer, action: reply, with: { text: x } }
`

let database: Database
let platform: Simulator
let operator: TestOperator
let corp = ''
beforeAll(async () => {
  database = await openTestDatabase()
  const key = Buffer.alloc(32)
  const app = demoApp(key)
  const callbackBase = 'http://127.0.0.1:9'
  platform = await startSimulator({ port: 0, callbackBase, app, corp: loadDemoCorp, quiet: true })
  corp = app.corpId
  await saveCorp(database.models, createSecretBox(key), {
    corpId: corp,
    name: '木棠家居',
    apps: [{ app: app.agentId, secret: app.secret, token: app.callbackToken, aesKey: app.callbackAesKey }],
  })
  operator = openOperator(database, { key, platform: platform.url })
})
afterAll(async () => {
  await operator?.close()
  await platform?.close()
  await database?.close()
})
beforeEach(async () => {
  await database.models.handlers.deleteMany({})
  await database.models.handlerRevisions.deleteMany({})
})

const run = (verb: Verb, args: Record<string, unknown> = {}) => operator.run(verb, { corp, ...args })
const folder = (): string => mkdtempSync(join(tmpdir(), 'handlers-'))
const file = (text: string, name = 'handlers.yaml', into = folder()): string => {
  writeFileSync(join(into, name), text)
  return join(into, name)
}
const live = (text: string) => run(handlersImport, { file: file(text), publish: true })
const stored = (key: string) => database.models.handlers.findOne({ corpId: corp, key }).lean()

const daily = `schemaVersion: 1
key: daily
title: 早报
trigger: { schedule: "0 9 * * *" }
steps:
  - { id: tell, action: staff.notify, with: { to: [admin], text: 早 } }
`
const manual = `schemaVersion: 1
key: remind
title: 提醒
trigger: { manual: true }
steps:
  - { id: tell, action: staff.notify, with: { to: [staff], text: 回访 } }
`

describe('what is to come', () => {
  it('of a schedule is its next moment, where the corp is', async () => {
    await live(daily)
    const next = /^\d{4}-\d\d-\d\d 09:00 Asia\/Shanghai$/
    expect((await run(handlersList)).rows?.[0]).toMatchObject({ 'next run': expect.stringMatching(next) })
    const said = /^runs next \d{4}-\d\d-\d\d 09:00 Asia\/Shanghai$/
    const { notes } = await run(handlersShow, { key: 'daily' })
    expect(notes).toContainEqual(expect.stringMatching(said))
    await run(handlersOff, { key: 'daily' })
    expect((await run(handlersShow, { key: 'daily' })).notes?.join()).not.toContain('runs next')
  })

  it('of one that is started by hand or by others is what they have planned', async () => {
    await live(manual)
    const at = new Date(Date.now() + 86_400_000)
    const start = { handler: 'remind', by: 'step', userid: 'lina', externalUserid: 'wm1' } as const
    await putStart(database.models, { corpId: corp, at, id: 'planned', start, retentionMs: 1 })
    const { notes } = await run(handlersShow, { key: 'remind' })
    expect(notes).toContain(`is planned for ${when(at)} for customer wm1 of lina: planned`)
    await database.models.inbox.deleteOne({ _id: 'planned' })
  })
})

describe('sidekick handlers validate', () => {
  it('checks the form, and the names in the corp, of all files, by line and column', async () => {
    const path = file(wrong)
    const answer = await run(handlersValidate, { _: [file(good), path, file(tagging)] })
    expect(answer).toMatchObject({ failed: true, notes: ['checked: their form, and the names in this corp'] })
    expect(answer.rows).toMatchObject([
      { at: `${path}:4:19`, key: 'wrong', path: 'trigger.event' },
      { key: 'tag-refund', path: 'steps.0.with.add.0', message: expect.stringContaining('--create-tags') },
    ])
  })

  it('tells of what cannot be read, and of all that is wrong with the others, in their order', async () => {
    const path = file(
      `${wrong}---\nkey: [a\n---\n${tagging.replace('title: 标退款', 'title: 7')}---\n${good}`,
    )
    const answer = await run(handlersValidate, { _: [path, file(good)] })
    expect(answer.failed).toBe(true)
    expect(answer.rows?.map(one => [one.key, one.path])).toEqual([
      ['wrong', 'trigger.event'],
      ['-', '-'],
      ['tag-refund', 'title'],
      ['tag-refund', 'steps.0.with.add.0'],
      ['refund-help', '-'],
    ])
    expect(answer.rows?.[1]).toMatchObject({
      at: `${path}:9:1`,
      message: expect.stringContaining('[ is never'),
    })
    expect(answer.rows?.[4]).toMatchObject({
      message: expect.stringMatching(/the key "refund-help" is that of/),
    })
  })

  it('proposes numbers as they stand in the file', async () => {
    const numbers = '{ event: customer.added, match: { state: { eq: 0012 }, half: { eq: 1.10 } } }'
    const path = file(
      tagging.replace('{ event: customer.added }', numbers).replace('[售后/退款]', '[3, 007, 4, 04]'),
    )
    const { rows } = await run(handlersValidate, { file: path, offline: true })
    expect(rows?.map(one => one.message)).toEqual([
      'is 12, and a text is needed: write "0012"',
      'is 1.1, and true or false is needed: write eq: true or eq: false',
      'is the number 3, and a text is needed: write "3"',
      'is the number 7, and a text is needed: write "007"',
      // Which of the two it is nobody knows.
      'is the number 4, and a text is needed: write "4"',
      'is the number 4, and a text is needed: write "4"',
    ])
  })

  it('notes a topic that is a comment, as an import does, and refuses nothing for it', async () => {
    const text = good
      .replace('title: 退款', 'title: 退款 #售后  ')
      .replace('trigger:', 'priority: 5 #早\ntrigger:')
    const path = file(`${text}---\n${manual.replace('title: 提醒', 'title: 提醒 # 回访')}`)
    const note = `${path}:3:11: "#售后" is a comment, which nobody gets to read; where it belongs to the text, put the whole text in quotes`
    const checked = await run(handlersValidate, { file: path, offline: true })
    expect(checked).toMatchObject({ failed: false, notes: [note, expect.stringContaining('checked')] })
    for (const publish of [false, true])
      expect((await run(handlersImport, { file: path, publish })).notes).toContain(note)
    expect(await stored('refund-help')).toMatchObject({ document: { title: '退款' } })
  })

  it('tells the first of very many problems, and how many more there are', async () => {
    const rubbish = Array.from({ length: 200 }, (_, index) => `key: k${index}\n`).join('---\n')
    const { rows, notes } = await run(handlersValidate, { file: file(rubbish), offline: true })
    expect(rows).toHaveLength(500)
    expect(notes).toContain('and 300 more problems')
  })

  it('checks the form alone where it is told to, or Sidekick was never started, and says so', async () => {
    const path = file(tagging)
    const offline = await run(handlersValidate, { file: path, offline: true })
    expect(offline).toMatchObject({ failed: false, notes: ['checked: their form alone (--offline)'] })
    const validate = (fault: Error, named?: string) =>
      handlersValidate.run({ file: path, _: [path], json: false, corp: named } as never, async () => {
        throw fault
      })
    expect(await validate(new NotYetError('no corp yet'))).toMatchObject({
      failed: false,
      data: { checked: ['form'] },
      notes: ['checked: their form alone (no corp yet)'],
    })
    await expect(validate(new NotYetError('no corp yet'), corp)).rejects.toThrow('no corp yet')
    await expect(validate(new Error('the database is away'))).rejects.toThrow('the database is away')
  })
})

describe('sidekick handlers import', () => {
  it('stores drafts, whatever they lack, and says what that is', async () => {
    const { head, rows, notes } = await run(handlersImport, { _: [file(good), file(wrong)] })
    expect(head).toEqual([
      { key: 'refund-help', result: 'draft', problems: 0 },
      { key: 'wrong', result: 'draft', problems: 1 },
    ])
    expect(rows).toMatchObject([{ key: 'wrong', path: 'trigger.event' }])
    expect(notes?.[0]).toContain('handlers publish')
    expect(await stored('wrong')).toMatchObject({ revision: 0, draft: { by: 'operator' } })
  })

  it('stores nothing when one of them has no key', async () => {
    const answer = await run(handlersImport, { _: [file(good), file('key: 退款\ntitle: x')] })
    expect(answer).toMatchObject({ failed: true, notes: [expect.stringContaining('nothing was stored')] })
    expect(answer.rows?.map(one => one.path)).toEqual(['schemaVersion', 'trigger', 'steps', 'key'])
    expect(await stored('refund-help')).toBeNull()
  })

  it('stores and publishes nothing when one of them cannot be read', async () => {
    const path = file(`${good}---\nkey: [a\n`)
    for (const publish of [false, true])
      expect(await run(handlersImport, { file: path, publish, 'create-tags': publish })).toMatchObject({
        failed: true,
        rows: [{ path: '-' }],
      })
    expect(await stored('refund-help')).toBeNull()
  })

  it('leaves a draft alone when what is live is imported, and tells whose draft another replaces', async () => {
    await live(good)
    const draft = { document: { key: 'refund-help' }, savedAt: new Date('2026-11-20T08:00:00Z'), by: 'lina' }
    await database.models.handlers.updateOne({ key: 'refund-help' }, { $set: { draft } })
    const result = async (text: string) => (await run(handlersImport, { file: file(text) })).rows?.[0]?.result
    expect(await result(good)).toBe('unchanged; a draft by lina of 2026-11-20 08:00:00 is kept')
    expect(await stored('refund-help')).toMatchObject({ draft })
    expect(await result(good.replace('请稍等', '马上'))).toBe(
      'draft, in place of one by lina of 2026-11-20 08:00:00',
    )
  })

  it('publishes all of a folder, or nothing', async () => {
    const into = folder()
    file(good, 'a.yaml', into)
    file(wrong, 'b.yaml', into)
    expect(await run(handlersImport, { file: into, publish: true })).toMatchObject({ failed: true })
    expect(await stored('refund-help')).toBeNull()
    file(good.replace('refund-help', 'other'), 'b.yaml', into)
    expect((await run(handlersImport, { file: into, publish: true })).rows).toEqual([
      { key: 'refund-help', revision: 1, result: 'new' },
      { key: 'other', revision: 1, result: 'new' },
    ])
  })

  it('tells what a publish changed: nothing, the revision, the switch', async () => {
    const result = async (text: string) => (await live(text)).rows?.[0]?.result
    await live(good)
    expect(await result(good)).toBe('unchanged')
    await run(handlersOff, { key: 'refund-help' })
    // Whoever switched it off does not have it switched on by the next import.
    const stays = 'and off: handlers on refund-help switches it on'
    expect(await result(good)).toBe(`unchanged, ${stays}`)
    expect(await result(good.replace('请稍等', '等一下'))).toBe(`new revision, ${stays}`)
    expect(await result(good)).toBe(`new revision, ${stays}`)
    const on = good.replace('title:', 'enabled: true\ntitle:')
    expect(await result(on)).toBe('unchanged, switched on by this import')
    const off = good.replace('title:', 'enabled: false\ntitle:')
    expect(await result(off)).toBe('unchanged, switched off by this import')
    await run(handlersOn, { key: 'refund-help' })
    expect(await result(off.replace('请稍等', '马上'))).toBe('new revision, switched off by this import')
  })

  it('tells that a file is older than what was live', async () => {
    await live(good)
    const { text } = await run(handlersExport)
    await live(good.replace('请稍等', '马上'))
    const { rows, notes } = await live(`${text}\n`)
    expect(rows).toEqual([{ key: 'refund-help', revision: 3, result: 'new revision' }])
    expect(notes).toContain(
      'refund-help: the file is of revision 1, and 2 was live; what it said is kept: handlers show refund-help --revision 2',
    )
    expect((await live(`${text}\n`)).notes?.filter(Boolean)).toEqual([])
  })

  it('makes missing tags when it is told to, and only when nothing else is wrong', async () => {
    const both = [file(tagging), file(wrong)]
    expect(await live(tagging)).toMatchObject({ failed: true })
    const refused = await run(handlersImport, { _: both, publish: true, 'create-tags': true })
    expect(refused.rows).toMatchObject([{ path: 'trigger.event' }])
    const made = await run(handlersImport, { file: both[0], publish: true, 'create-tags': true })
    expect(made).toMatchObject({ rows: [{ key: 'tag-refund' }], notes: ['made the tags 售后/退款'] })
    expect(await database.models.tags.findOne({ corpId: corp, name: '退款' }).lean()).toMatchObject({
      groupName: '售后',
    })
  })
})

describe('departments of a scope', () => {
  const scoped = good.replace('trigger:', 'scope: { departments: ["name:线上组"], except: ["5"] }\ntrigger:')
  const held = (departmentId: string, name: string) => ({
    corpId: corp,
    departmentId,
    name,
    parentId: '1',
    order: 1,
    leaders: [],
  })
  beforeAll(async () => {
    const all = [held('4', '线上组'), held('5', '客服组'), held('6', '仓库'), held('7', '仓库')]
    await database.models.departments.insertMany(all)
  })
  afterAll(() => database.models.departments.deleteMany({}))
  const exported = async () => `${(await run(handlersExport)).text}\n`

  it('are exported by name, which is an id again where they are imported', async () => {
    await live(scoped)
    const before = await stored('refund-help')
    expect(before?.document?.scope).toEqual({ departments: ['4'], except: ['5'] })
    const text = await exported()
    expect(text).toContain('departments: [ name:线上组 ], except: [ name:客服组 ]')
    expect((await run(handlersShow, { key: 'refund-help' })).text).toContain('name:线上组')
    const data = (await run(handlersExport)).data as { scope: unknown }[]
    expect(data[0]?.scope).toMatchObject({ departments: ['name:线上组'] })
    expect((await live(text)).rows?.[0]?.result).toBe('unchanged')
    expect(await stored('refund-help')).toEqual(before)
  })

  it('stay ids where several have the name, and an import tells which they are here', async () => {
    await live(scoped.replace('"name:线上组"', '"7"'))
    const text = await exported()
    expect(text).toContain('departments: [ "7" ]')
    const note = expect.stringMatching(
      /^scopes name departments by id, and in this corp "7" is 仓库; write "name:仓库"/,
    )
    for (const verb of [handlersImport, handlersValidate])
      expect((await run(verb, { file: file(text) })).notes).toContainEqual(note)
    expect((await live(text)).notes).toContainEqual(note)
    expect((await live(good)).notes?.join()).not.toContain('by id')
  })
})

describe('drafts of one import', () => {
  const plan = manual
    .replace('key: remind', 'key: remind-plan')
    .replace('manual: true', 'event: customer.added')
    .replace(/ {2}- .*/, '  - { id: later, action: handler.schedule, with: { handler: remind, after: 1d } }')

  it('may name each other, and one that names a draft is told to wait for it', async () => {
    const { rows } = await run(handlersImport, { file: file(`${plan}---\n${manual}`) })
    expect(rows).toEqual([
      { key: 'remind-plan', result: 'draft', problems: 0 },
      { key: 'remind', result: 'draft', problems: 0 },
    ])
    const refused = await run(handlersPublish, { key: 'remind-plan' })
    expect(refused.rows?.[0]?.message).toMatch(/"remind", which is a draft: publish that first/)
    await run(handlersPublish, { key: 'remind' })
    expect((await run(handlersPublish, { key: 'remind-plan' })).failed).toBeUndefined()
  })

  it('are not told to name themselves', async () => {
    const { rows } = await run(handlersImport, { file: file(plan) })
    expect(rows?.[0]?.message).toBe('names the handler "remind", which is not there')
  })
})

describe('sidekick handlers export', () => {
  const exported = async (args: object = {}) => `${(await run(handlersExport, { ...args })).text}\n`

  it('gives what changes nothing when it is imported, and is the same text afterwards', async () => {
    await seedHandlers(database.models, corp, builtInHandlers, actions)
    await live(good)
    await run(handlersOff, { key: 'refund-help' })
    const text = await exported()
    const before = await database.models.handlers.find().sort({ key: 1 }).lean()
    expect(text).toContain('key: refund-help\ntitle: 退款\nenabled: false\nrevision: 1\n')
    await live(text)
    expect(await database.models.handlers.find().sort({ key: 1 }).lean()).toEqual(before)
    expect((await run(handlersImport, { file: file(text) })).rows).toEqual(
      before.map(({ key }) => ({ key, result: 'unchanged: this is what is live', problems: 0 })),
    )
    expect(await exported()).toBe(text)
  })

  it('gives those that are named, with a line for editors, and refuses what is not live', async () => {
    await live(good)
    await run(handlersImport, { file: file(wrong) })
    const text = await exported({ _: ['refund-help'], schema: '../handler.schema.json' })
    expect(text).toMatch(/^# yaml-language-server: \$schema=\.\.\/handler\.schema\.json\nschemaVersion: 1\n/)
    expect((await run(handlersExport)).notes).toEqual(['1 that are drafts alone are left out'])
    await expect(run(handlersExport, { _: ['wrong'] })).rejects.toThrow('nothing of wrong is live')
  })

  it('tells which files of a folder are of handlers that are not stored, and leaves them', async () => {
    await live(good)
    const into = folder()
    await run(handlersImport, { file: file(good.replace('refund-help', 'drafted'), 'drafted.yaml', into) })
    const several = `${good}---\n${good.replace('refund-help', 'gone')}`.replace('refund-help', 'former')
    const path = file(several, 'former.yml', into)
    const torn = file('key: [', 'torn.yaml', into)
    file('{}', 'handler.schema.json', into)
    file('no handler', 'README.md', into)
    const before = readFileSync(path, 'utf8')
    const { notes, data } = await run(handlersExport, { _: ['refund-help'], out: into })
    expect(notes).toEqual([
      undefined,
      `${path} has former, gone, which are not stored: importing the folder brings them back`,
      expect.stringContaining(`${torn}:1:`),
    ])
    expect(data).toMatchObject({ left: [{ file: path, keys: ['former', 'gone'] }, { file: torn }] })
    expect(readFileSync(path, 'utf8')).toBe(before)
  })

  it('writes one file, or a file each into a folder', async () => {
    await live(good)
    await live(good.replace('refund-help', 'other'))
    const into = join(folder(), 'deeper')
    await run(handlersExport, { out: into })
    expect(readdirSync(into)).toEqual(['other.yaml', 'refund-help.yaml'])
    const whole = join(into, 'all.yaml')
    await run(handlersExport, { out: whole })
    expect(readFileSync(whole, 'utf8')).toBe(await exported())
  })
})

describe('sidekick handlers list and show', () => {
  it('tell how each stands', async () => {
    await live(good)
    await run(handlersImport, { file: file(good.replace('请稍等', '马上')) })
    await run(handlersImport, { file: file(wrong) })
    await live(good.replace('refund-help', 'gone').replace('title: 退款', 'title: 退款\nenabled: false'))
    await live(good.replace('refund-help', 'torn'))
    await database.models.handlers.updateOne({ key: 'torn' }, { $unset: { 'document.steps': 1 } })
    const { rows, data } = await run(handlersList)
    expect(rows?.map(row => [row.key, row.state, row.revision, row['24 h']])).toEqual([
      ['gone', 'off', 1, 0],
      ['refund-help', 'on + draft', 1, 0],
      ['torn', 'broken', 1, 0],
      ['wrong', 'draft', 0, 0],
    ])
    expect(data).toHaveLength(4)
    const torn = await run(handlersShow, { key: 'torn' })
    expect(torn.notes?.slice(0, 2)).toEqual(['this handler is broken', expect.stringMatching(/^steps /)])
  })

  it('tell how the last run ended, and of a command whose typist was refused no failure', async () => {
    await live(good)
    const begun = {
      ...{
        corpId: corp,
        event: 'e',
        eventName: 'message.text',
        handler: 'refund-help',
        revision: 1,
        steps: [],
      },
      ...({ state: 'failed', startedAt: new Date(), expireAt: new Date(Date.now() + 60_000) } as const),
    }
    const ended = async (change: object) => {
      await database.models.runs.create({ ...begun, ...change })
      const { rows } = await run(handlersList)
      await database.models.runs.deleteMany({ event: 'e' })
      return rows?.[0]?.ended
    }
    expect(await ended({ trigger: 'message' })).toBe('failed')
    expect(await ended({ trigger: 'command', gaveUp: true })).toBe('failed')
    expect(await ended({ trigger: 'command' })).toBe('refused')
  })

  it('tell in which order they are asked, and what starts them', async () => {
    await live(good.replace('steps:', 'priority: 5\nafter: stop\nsteps:'))
    await live(daily)
    expect((await run(handlersList)).rows).toMatchObject([
      { key: 'daily', priority: 1000, after: 'continue', trigger: '0 9 * * *' },
      { key: 'refund-help', priority: 5, after: 'stop', trigger: '退款 in a message' },
    ])
  })

  it('tell of a live one that it is a dry run', async () => {
    const dry = good.replace('steps:', 'run: { dryRun: true }\nsteps:')
    await live(dry)
    await live(dry.replace('refund-help', 'off').replace('title: 退款', 'title: 退款\nenabled: false'))
    await run(handlersImport, { file: file(dry.replace('refund-help', 'drafted')) })
    await run(handlersImport, { file: file(good) })
    const { rows, data } = await run(handlersList)
    expect(rows?.map(row => [row.key, row.state])).toEqual([
      ['drafted', 'draft'],
      ['off', 'off'],
      ['refund-help', 'on, dry run + draft'],
    ])
    expect(data).toMatchObject([{ dryRun: false }, { dryRun: true }, { dryRun: true }])
    const { notes } = await run(handlersShow, { key: 'refund-help' })
    expect(notes?.[0]).toBe('this handler is on, and a dry run: it does nothing')
  })

  it('tell why one is broken', async () => {
    await live(good)
    await database.models.handlers.updateOne({ key: 'refund-help' }, { 'document.run': { cooldown: '60d' } })
    const { notes } = await run(handlersList)
    expect(notes).toContain(
      'refund-help is broken and does not run: run.cooldown "60d" is more than 30 days; write at most 30d',
    )
  })

  it('show it as it is exported, an older revision, or its draft', async () => {
    await live(good)
    await live(good.replace('请稍等', '马上'))
    await run(handlersImport, { file: file(good.replace('请稍等', '草稿')) })
    const text = async (args: object) => (await run(handlersShow, { key: 'refund-help', ...args })).text
    expect(`${await text({})}\n`).toBe(`${(await run(handlersExport)).text}\n`)
    expect(await text({ revision: '1' })).toContain('请稍等')
    expect(await text({ draft: true })).toContain('草稿')
    await expect(text({ revision: '9' })).rejects.toThrow('there is no revision 9 of refund-help')
    await expect(text({ revision: 'abc' })).rejects.toThrow('--revision is a number')
    await expect(text({ revision: '1', draft: true })).rejects.toThrow('name one of them')
    await expect(run(handlersShow, { key: 'x' })).rejects.toThrow('there is no handler x')
  })

  it('list the revisions, and by whom they were published', async () => {
    await live(good)
    await live(good.replace('请稍等', '马上'))
    expect((await run(handlersRevisions, { key: 'refund-help' })).rows).toMatchObject([
      { revision: 2, live: 'yes', by: 'operator' },
      { revision: 1, live: '', by: 'operator' },
    ])
    await expect(run(handlersRevisions, { key: 'x' })).rejects.toThrow('nothing of x was ever published')
  })
})

describe('sidekick handlers publish', () => {
  it('makes a draft live, and an older revision again', async () => {
    await run(handlersImport, { file: file(good) })
    expect((await run(handlersPublish, { key: 'refund-help' })).text).toBe(
      'refund-help is live in revision 1, and on',
    )
    await live(good.replace('请稍等', '马上'))
    const again = await run(handlersPublish, { key: 'refund-help', revision: '1' })
    expect(again.text).toBe('refund-help is live in revision 3, and on')
    await expect(run(handlersPublish, { key: 'refund-help' })).rejects.toThrow('has no draft')
    await expect(run(handlersPublish, { key: 'refund-help', revision: 'x' })).rejects.toThrow('is a number')
  })

  it('says of an older revision, or a draft, that it is live in a handler that is off', async () => {
    await live(good)
    await run(handlersOff, { key: 'refund-help' })
    const again = await run(handlersPublish, { key: 'refund-help', revision: '1' })
    const text = (revision: number) =>
      `refund-help is live in revision ${revision}, and off: handlers on refund-help switches it on`
    expect(again.text).toBe(text(1))
    await run(handlersImport, { file: file(good.replace('请稍等', '马上')) })
    expect((await run(handlersPublish, { key: 'refund-help' })).text).toBe(text(2))
  })

  it('names what keeps a draft from it', async () => {
    await run(handlersImport, { file: file(wrong) })
    expect(await run(handlersPublish, { key: 'wrong' })).toMatchObject({
      failed: true,
      rows: [{ path: 'trigger.event' }],
      notes: ['nothing was published'],
    })
  })
})

describe('sidekick handlers on, off, pause, resume and remove', () => {
  it('throw the switch, and say when it stands so already', async () => {
    await live(good)
    const key = 'refund-help'
    expect((await run(handlersOff, { key })).text).toBe('refund-help is off')
    expect((await run(handlersOff, { key })).text).toMatch(
      /^refund-help is off already, since .* by operator$/,
    )
    expect((await run(handlersOn, { key })).text).toBe('refund-help is on')
    await expect(run(handlersOn, { key: 'x' })).rejects.toThrow('x: there is no handler of this key')
  })

  it('pause the corp and end that, once each', async () => {
    expect((await run(handlersPause)).text).toBe('paused; handlers resume ends it')
    expect((await run(handlersPause)).text).toMatch(/^paused already, since .* by operator$/)
    expect((await run(handlersList)).notes).toEqual([expect.stringMatching(/is paused since .* by operator/)])
    expect((await run(handlersResume)).text).toMatch(/^resumed; it was paused since/)
    expect((await run(handlersResume)).text).toBe('nothing was paused')
  })

  it('remove one only when that is confirmed', async () => {
    await live(good)
    const key = 'refund-help'
    expect((await run(handlersRemove, { key })).text).toBe('refund-help would be removed; --yes does it')
    expect(await stored(key)).not.toBeNull()
    await run(handlersRemove, { key, yes: true })
    expect(await stored(key)).toBeNull()
    await expect(run(handlersRemove, { key })).rejects.toThrow('there is no handler refund-help')
  })
})
