import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { builtInHandlers } from '../commands/builtin.ts'
import { saveDraft } from './drafts.ts'
import { pauseCorp, pauseOf, resumeCorp } from './pause.ts'
import { publishHandler } from './publish.ts'
import { seedHandlers } from './seed.ts'
import { removeHandler, switchHandler } from './switch.ts'

const key = 'refund-help'
const document = {
  schemaVersion: 1,
  key,
  title: '退款',
  trigger: { message: { contains: ['退款'] } },
  steps: [{ id: 'answer', action: 'reply', with: { text: '一' } }],
}

let database: Database
let corpId = ''
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  corpId = `ww${randomUUID()}`
})

const publish = (one: Record<string, unknown> = document) =>
  publishHandler(database.models, corpId, one, actions)
const stored = () => database.models.handlers.findOne({ corpId, key }).lean()

describe('the switch of a handler', () => {
  const turn = (on: boolean, by = 'lina', which = key) =>
    switchHandler(database.models, corpId, which, on, by, actions)

  it('is thrown without a new revision, and says when and by whom', async () => {
    await publish()
    expect(await turn(false)).toMatchObject({ on: false, changed: true, last: { on: false, by: 'lina' } })
    expect(await stored()).toMatchObject({ enabled: false, revision: 1, switched: [{ by: 'lina' }] })
    expect(await turn(false, 'operator')).toMatchObject({ changed: false, last: { by: 'lina' } })
    expect(await turn(true, 'operator')).toMatchObject({ on: true, changed: true })
    expect((await stored())?.switched).toMatchObject([{ on: false }, { on: true, by: 'operator' }])
  })

  it('keeps the last ten times', async () => {
    await publish()
    for (let time = 0; time < 12; time += 1) await turn(time % 2 === 1, `staff${time}`)
    expect(((await stored())?.switched ?? []).map(one => one.by)).toEqual(
      Array.from({ length: 10 }, (_, i) => `staff${i + 2}`),
    )
  })

  it('cannot be thrown for what is not there, or was never published', async () => {
    await expect(turn(true)).rejects.toThrow(
      'refund-help: there is no handler of this key; handlers list shows the keys that there are',
    )
    await saveDraft(database.models, corpId, document, actions, 'lina')
    await expect(turn(true)).rejects.toThrow('has never been published')
  })

  it('cannot switch on what cannot run, and says why; off it can', async () => {
    await publish()
    await database.models.handlers.updateOne(
      { corpId, key },
      { $set: { 'document.steps': [{ id: 'answer', action: 'gone.away' }] } },
    )
    expect(await turn(false)).toMatchObject({ changed: true })
    await expect(turn(true)).rejects.toThrow(/cannot run: steps\.0\.action/)
    expect(await stored()).toMatchObject({ enabled: false })
  })
})

describe('a handler that is removed', () => {
  it('leaves its revisions, and goes on counting them', async () => {
    await publish()
    await removeHandler(database.models, corpId, key)
    expect(await stored()).toBeNull()
    expect(await publish({ ...document, title: '新的' })).toMatchObject({ key, revision: 2 })
    await expect(removeHandler(database.models, corpId, 'other')).rejects.toThrow('no handler of this key')
  })

  it('is none that comes with the release, edited or not', async () => {
    await seedHandlers(database.models, corpId, builtInHandlers, actions)
    const remove = () => removeHandler(database.models, corpId, 'command-today')
    await expect(remove()).rejects.toThrow('switch it off instead')
    const edited = builtInHandlers.find(one => one.key === 'command-today') ?? {}
    await publish({ ...edited, title: '我们的' })
    await expect(remove()).rejects.toThrow('switch it off instead')
  })
})

describe('what comes with the release', () => {
  it('is switched on where somebody has to type for it, and nowhere else', async () => {
    await seedHandlers(database.models, corpId, builtInHandlers, actions)
    const all = await database.models.handlers.find({ corpId }).lean()
    expect(all.length).toBe(builtInHandlers.length)
    for (const { key, enabled, document } of all)
      expect([key, enabled]).toEqual([key, 'command' in Object(document?.trigger)])
  })
})

describe('the pause of a corp', () => {
  beforeEach(async () => {
    await database.models.corps.create({ corpId, name: '企业', apps: [], updatedAt: new Date() })
  })

  it('begins once, and says since when and by whose word', async () => {
    expect(await pauseOf(database.models, corpId)).toEqual({})
    const begun = await pauseCorp(database.models, corpId, 'lina')
    expect(begun).toMatchObject({ changed: true, paused: { by: 'lina' } })
    expect(await pauseCorp(database.models, corpId, 'operator')).toEqual({ ...begun, changed: false })
    expect(await pauseOf(database.models, corpId)).toEqual({ paused: begun.paused })
  })

  it('ends once, and says what it was', async () => {
    const { paused } = await pauseCorp(database.models, corpId, 'lina')
    expect(await resumeCorp(database.models, corpId)).toEqual({ changed: true, paused })
    expect(await resumeCorp(database.models, corpId)).toEqual({ changed: false })
    expect(await pauseOf(database.models, corpId)).toEqual({})
  })

  it('is that of one corp alone', async () => {
    const other = `${corpId}-2`
    await database.models.corps.create({ corpId: other, name: '别家', apps: [], updatedAt: new Date() })
    await pauseCorp(database.models, corpId, 'lina')
    expect(await pauseOf(database.models, other)).toEqual({})
  })
})
