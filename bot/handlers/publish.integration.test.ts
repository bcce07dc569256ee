import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import type { Action, ActionTable } from '../actions/define.ts'
import { actions } from '../actions/registry.ts'
import { HandlerInvalid } from './compile.ts'
import { saveDraft } from './drafts.ts'
import { publishHandler, publishHandlers, publishRevision } from './publish.ts'
import { HandlerRefused } from './refusal.ts'
import { seedHandlers } from './seed.ts'
import { switchHandler } from './switch.ts'

const document = (text: string, over: object = {}) => ({
  schemaVersion: 1,
  key: 'refund-help',
  title: '退款',
  trigger: { message: { contains: ['退款'] } },
  steps: [{ id: 'answer', action: 'reply', with: { text } }],
  ...over,
})

const starter: Action = {
  id: 'test.start',
  title: '开始',
  summary: 'Starts another handler.',
  params: z.strictObject({ handler: z.string() }),
  output: z.object({}),
  effect: 'read',
  idempotent: true,
  run: async () => ({}),
  names: ({ handler }) => [{ kind: 'manual_handler', name: String(handler), path: 'handler' }],
}

describe('a handler in the database', () => {
  let database: Database
  let corpId = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    corpId = `ww${randomUUID()}`
  })

  const publish = (one: Record<string, unknown>, by?: string) =>
    publishHandler(database.models, corpId, one, actions, by)
  const department = (departmentId: string, name: string) => {
    return { corpId, departmentId, name, parentId: '1', order: 0, leaders: [] }
  }
  const member = (userid: string) => {
    return { corpId, userid, useridKey: userid, name: userid, departments: [], leads: [], status: 1 }
  }
  const seed = (...list: Record<string, unknown>[]) => seedHandlers(database.models, corpId, list, actions)
  const live = () => database.models.handlers.findOne({ corpId, key: 'refund-help' }).lean()
  const revisions = async () =>
    (await database.models.handlerRevisions.find({ corpId }).sort({ revision: 1 }).lean()).map(one => [
      one.revision,
      (one.document as ReturnType<typeof document>).steps[0]?.with.text,
    ])

  it('gets a new revision by each publish, and keeps those before', async () => {
    expect(await publish(document('一'))).toMatchObject({ key: 'refund-help', revision: 1 })
    expect(await publish(document('二'))).toMatchObject({ key: 'refund-help', revision: 2 })
    expect(await live()).toMatchObject({ revision: 2, enabled: true, document: document('二') })
    expect(await revisions()).toEqual([
      [1, '一'],
      [2, '二'],
    ])
  })

  it('stays as it is when the same document is published again, whatever the order of its fields', async () => {
    await publish(document('一'))
    const before = await live()
    const { steps, key, ...rest } = document('一')
    expect(await publish({ steps, ...rest, key })).toMatchObject({ key: 'refund-help', revision: 1 })
    expect(await live()).toEqual(before)
  })

  it('is switched as a document says, without a new revision, and left as it is by one that says nothing', async () => {
    await publish(document('一', { enabled: false }))
    expect(await live()).toMatchObject({ enabled: false, document: document('一') })
    await publish(document('一'))
    expect(await live()).toMatchObject({ enabled: false, revision: 1 })
    await publish(document('一', { enabled: true }), 'lina')
    expect(await live()).toMatchObject({
      enabled: true,
      revision: 1,
      switched: [{ on: true, by: 'lina', at: expect.any(Date) }],
    })
  })

  it('tells what was live before, and whether a publish has thrown the switch', async () => {
    const same = { key: 'refund-help', revision: 1, enabled: true }
    expect(await publish(document('一'))).toEqual({ ...same, before: 0 })
    expect(await publish(document('一'))).toEqual({ ...same, before: 1 })
    const off = await publish(document('二', { enabled: false }))
    expect(off).toEqual({ key: 'refund-help', revision: 2, before: 1, enabled: false, switched: 'off' })
    const on = await publish(document('二', { enabled: true }))
    expect(on).toMatchObject({ revision: 2, before: 2, enabled: true, switched: 'on' })
  })

  it('keeps who published each revision', async () => {
    await publish(document('一'), 'lina')
    await publish(document('二'))
    expect(
      await database.models.handlerRevisions.find({ corpId }).sort({ revision: 1 }).lean(),
    ).toMatchObject([{ by: 'lina' }, { by: 'operator' }])
  })

  it('is not switched on by a publish when somebody has switched it off meanwhile', async () => {
    await publish(document('一'))
    const { models } = database
    const handlerRevisions: typeof models.handlerRevisions = Object.create(models.handlerRevisions)
    handlerRevisions.create = (async (one: object) => {
      await switchHandler(models, corpId, 'refund-help', false, 'lina', actions)
      return models.handlerRevisions.create(one)
    }) as typeof handlerRevisions.create
    await publishHandler({ ...models, handlerRevisions }, corpId, document('二'), actions)
    expect(await live()).toMatchObject({
      revision: 2,
      enabled: false,
      switched: [{ on: false, by: 'lina' }],
    })
  })

  it('is left alone by a document that is refused', async () => {
    await publish(document('一'))
    await expect(publish(document('{{ nobody.name }} x'))).rejects.toThrow(HandlerInvalid)
    await expect(publish({ ...document('二'), key: '__proto__' })).rejects.toThrow(HandlerInvalid)
    expect(await live()).toMatchObject({ revision: 1, document: document('一') })
    expect(await revisions()).toEqual([[1, '一']])
  })

  it('gets a revision by each of several publishes at the same time', async () => {
    await publish(document('零'))
    const published = await Promise.all(['一', '二', '三'].map(text => publish(document(text))))
    expect(published.map(one => one.revision).sort()).toEqual([2, 3, 4])
    expect((await revisions()).map(([, text]) => text).sort()).toEqual(['一', '三', '二', '零'])
  })

  it('is live in the higher revision, also when it is published for the first time by several', async () => {
    await Promise.all(['一', '二', '三', '四'].map(text => publish(document(text))))
    const [revision, text] = (await revisions()).at(-1) ?? []
    expect(revision).toBe(4)
    expect(await live()).toMatchObject({ revision, document: document(String(text)) })
  })

  it('is published again in an older revision, as a new one that is switched as it was', async () => {
    await publish(document('一'))
    await publish(document('二', { enabled: false }))
    const again = (revision: number) =>
      publishRevision(database.models, corpId, 'refund-help', revision, actions, 'lina')
    expect(await again(1)).toMatchObject({ key: 'refund-help', revision: 3 })
    expect(await live()).toMatchObject({ revision: 3, enabled: false, document: document('一') })
    await expect(again(9)).rejects.toThrow(HandlerRefused)
    await expect(again(9)).rejects.toThrow('refund-help: has no such revision: 9; the newest is 3')
  })

  it('names departments by their ids once it is published', async () => {
    await database.models.staff.create(member('lina'))
    await database.models.departments.insertMany([
      department('27', '销售部'),
      department('28', '门店'),
      department('29', '门店'),
    ])
    await publish(
      document('一', {
        scope: { departments: ['name:销售部'], staff: ['Lina'], except: ['28', 'role:lead'] },
      }),
    )
    expect((await live())?.document).toMatchObject({
      scope: { departments: ['27'], staff: ['Lina'], except: ['28', 'role:lead'] },
    })
    for (const name of ['门店', '查无此部', '.*'])
      await expect(publish(document('二', { scope: { departments: [`name:${name}`] } }))).rejects.toThrow(
        HandlerInvalid,
      )
    expect(await live()).toMatchObject({ revision: 1 })
  })

  it('is refused when its scope names what is not there, by the path of each', async () => {
    await database.models.departments.create(department('27', '销售部'))
    const scope = {
      departments: ['3', 'name:查无此部'],
      staff: ['nobody'],
      apps: ['9'],
      except: ['x', 'app:9'],
    }
    const { problems } = await publish(document('一', { scope })).then(
      () => new HandlerInvalid('none', []),
      (error: HandlerInvalid) => error,
    )
    expect(problems.map(one => one.path).sort()).toEqual([
      'scope.apps.0',
      'scope.departments.0',
      'scope.departments.1',
      'scope.except.0',
      'scope.except.1',
      'scope.staff.0',
    ])
    expect(await live()).toBeNull()
  })

  it('may name another that is published with it, and neither is when one cannot be', async () => {
    const starts = (handler: string, key: string) =>
      document(handler, {
        ...{ key, trigger: { manual: true } },
        steps: [{ id: 'start', action: 'test.start', with: { handler } }],
      })
    const table: ActionTable = new Map([...actions, ['test.start', starter]])
    const both = [starts('two', 'one'), starts('one', 'two')]
    const publishAll = (list: Record<string, unknown>[]) =>
      publishHandlers(database.models, corpId, list, table)
    await expect(publishAll([...both, starts('three', 'four')])).rejects.toThrow('four: steps.0.with.handler')
    expect(await database.models.handlerRevisions.countDocuments({ corpId })).toBe(0)
    expect(await publishAll(both)).toMatchObject([
      { key: 'one', revision: 1 },
      { key: 'two', revision: 1 },
    ])
  })

  it('goes live with those that it is published with, or stays as it is with them when the database fails', async () => {
    const { handlers, handlerRevisions } = database.models
    const [one, two, three] = ['one', 'two', 'three'].map(key => document('一', { key }))
    const all = [one, two, three].map(each => each as Record<string, unknown>)
    await publishHandlers(database.models, corpId, [document('零', { key: 'two' })], actions)
    const create = handlerRevisions.create.bind(handlerRevisions)
    let left = 1
    handlerRevisions.create = ((...args: Parameters<typeof create>) => {
      left -= 1
      return left < 0 ? Promise.reject(new Error('the database is away')) : create(...args)
    }) as typeof handlerRevisions.create
    try {
      await expect(publishHandlers(database.models, corpId, all, actions)).rejects.toThrow('away')
    } finally {
      handlerRevisions.create = create
    }
    const stored = async () =>
      (await handlers.find({ corpId }).sort({ key: 1 }).lean()).map(({ key, revision, enabled }) => ({
        ...{ key, revision, enabled },
      }))
    expect(await stored()).toEqual([{ key: 'two', revision: 1, enabled: true }])
    expect(await publishHandlers(database.models, corpId, all, actions)).toMatchObject([
      { key: 'one', revision: 2, before: 0 },
      { key: 'two', revision: 2, before: 1 },
      { key: 'three', revision: 1, before: 0 },
    ])
    expect(await stored()).toEqual([
      { key: 'one', revision: 2, enabled: true },
      { key: 'three', revision: 1, enabled: true },
      { key: 'two', revision: 2, enabled: true },
    ])
  })

  it('keeps texts of any signs as they were written', async () => {
    const text = '$set {{ staff.name }}.a 🙂 <b> .* \\'
    await publish(document(text))
    expect((await live())?.document).toEqual(document(text))
  })

  it('of one corp is not that of another', async () => {
    await publish(document('一'))
    await publishHandler(database.models, `${corpId}-2`, document('二'), actions)
    expect(await live()).toMatchObject({ document: document('一') })
  })

  it('that came with the release follows the next one as long as nobody has edited it', async () => {
    await seed(document('一'))
    await seed(document('二'))
    expect(await live()).toMatchObject({ revision: 2, document: document('二') })
    const before = await live()
    await seed(document('二'))
    expect(await live()).toEqual(before)
  })

  it('that somebody has edited is left alone by every later release', async () => {
    await seed(document('一'))
    await publish(document('我们的'))
    await seed(document('一'))
    await seed(document('二'))
    expect(await live()).toMatchObject({ revision: 2, document: document('我们的') })
    expect(await revisions()).toEqual([
      [1, '一'],
      [2, '我们的'],
    ])
  })

  it('that was switched off stays off when the release changes it', async () => {
    await seed(document('一'))
    await database.models.handlers.updateOne({ corpId, key: 'refund-help' }, { $set: { enabled: false } })
    await seed(document('二'))
    expect(await live()).toMatchObject({ enabled: false, document: document('二') })
  })

  it('arrives beside a draft of the same key, which stays a draft', async () => {
    await saveDraft(database.models, corpId, document('草稿'), actions, 'lina')
    await seed(document('一'))
    expect(await live()).toMatchObject({
      revision: 1,
      enabled: true,
      document: document('一'),
      draft: { document: document('草稿'), by: 'lina' },
    })
    await seed(document('二'))
    expect(await live()).toMatchObject({ revision: 2, draft: { document: document('草稿') } })
  })

  it('arrives once by many instances that start at the same time', async () => {
    await Promise.all(Array.from({ length: 6 }, () => seed(document('一'))))
    expect(await database.models.handlers.find({ corpId }).lean()).toMatchObject([
      { document: document('一') },
    ])
  })

  it('that came with the release and cannot run does not arrive, and says why', async () => {
    const broken = document('{{ nobody.name }} x', { key: 'broken' })
    await expect(seed(broken)).rejects.toThrow(/^broken: steps\.0\.with\.text names "nobody"/)
    expect(await database.models.handlers.countDocuments({ corpId })).toBe(0)
  })
})
