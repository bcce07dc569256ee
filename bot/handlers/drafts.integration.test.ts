import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { HandlerInvalid } from './compile.ts'
import { saveDraft } from './drafts.ts'
import { createLiveHandlers } from './live.ts'
import { publishDraft, publishHandler } from './publish.ts'
import { HandlerRefused } from './refusal.ts'
import { switchHandler } from './switch.ts'

const key = 'refund-help'
const document = (text: string, over: object = {}) => ({
  schemaVersion: 1,
  key,
  title: '退款',
  trigger: { message: { contains: ['退款'] } },
  steps: [{ id: 'answer', action: 'reply', with: { text } }],
  ...over,
})

describe('a draft', () => {
  let database: Database
  let corpId = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    corpId = `ww${randomUUID()}`
  })

  const save = (one: Record<string, unknown>, by = 'lina') =>
    saveDraft(database.models, corpId, one, actions, by)
  const publish = (one: Record<string, unknown>) => publishHandler(database.models, corpId, one, actions)
  const stored = () => database.models.handlers.findOne({ corpId, key }).lean()
  const running = async () =>
    (await createLiveHandlers(database.models, actions, () => undefined).of(corpId)).handlers

  it('is kept as it came, however wrong it is, and its problems are told', async () => {
    const wrong = { key, titel: 7, steps: [{ $where: null, 'a.b': [] }], 'yes ': '\r\n' }
    expect(await save(wrong)).toMatchObject({
      state: 'draft',
      problems: expect.arrayContaining([expect.objectContaining({ path: 'trigger' })]),
    })
    expect(await stored()).toMatchObject({
      revision: 0,
      enabled: false,
      draft: { document: wrong, by: 'lina', savedAt: expect.any(Date) },
    })
    expect((await stored())?.document).toBeUndefined()
    expect(await running()).toEqual([])
  })

  it('is refused without a key that it can be found by', async () => {
    for (const wrong of [undefined, 7, '', '退款', '__proto__', 'a'.repeat(65)])
      await expect(save({ ...document('一'), key: wrong })).rejects.toThrow(HandlerRefused)
    expect(await database.models.handlers.countDocuments({ corpId })).toBe(0)
  })

  it('changes nothing of what is live', async () => {
    await publish(document('一'))
    const before = await stored()
    await save(document('二'))
    expect(await stored()).toMatchObject({ ...before, draft: { document: document('二') } })
    expect(await running()).toMatchObject([{ revision: 1 }])
  })

  it('takes the place of an earlier one', async () => {
    await save(document('一'))
    await save(document('二'), 'operator')
    expect(await stored()).toMatchObject({ draft: { document: document('二'), by: 'operator' } })
  })

  it('tells whose draft it took the place of, where that was somebody else', async () => {
    await save(document('一'))
    expect(await save(document('二'))).not.toHaveProperty('replaced')
    const saved = await save(document('三'), 'operator')
    expect(saved.replaced).toEqual({ by: 'lina', savedAt: expect.any(Date) })
    expect(await save(document('三'), 'lina')).not.toHaveProperty('replaced')
  })

  it('is none when it says what is live', async () => {
    await publish(document('一'))
    expect(await save(document('一', { revision: 1 }))).toMatchObject({ state: 'live' })
    expect((await stored())?.draft).toBeUndefined()
    expect(await save(document('一', { enabled: false }))).toMatchObject({ state: 'draft' })
  })

  it('stays when somebody else stores what is live, and goes once it says no more than that', async () => {
    await publish(document('一'))
    await save(document('一', { enabled: false }))
    const again = await save(document('一'), 'operator')
    expect(again).toMatchObject({ state: 'live', kept: { by: 'lina', savedAt: expect.any(Date) } })
    expect(await stored()).toMatchObject({ draft: { document: { enabled: false } } })
    await switchHandler(database.models, corpId, key, false, 'lina', actions)
    expect(await save(document('一', { enabled: false }))).not.toHaveProperty('kept')
    expect((await stored())?.draft).toBeUndefined()
  })

  it('is gone once it is published', async () => {
    await save(document('一'))
    expect(await publishDraft(database.models, corpId, key, actions, 'lina')).toMatchObject({
      key,
      revision: 1,
    })
    expect(await stored()).toMatchObject({ revision: 1, enabled: true, document: document('一') })
    expect((await stored())?.draft).toBeUndefined()
    await expect(publishDraft(database.models, corpId, key, actions)).rejects.toThrow(
      'has no draft: revision 1 is live',
    )
    await expect(publishDraft(database.models, corpId, 'other', actions)).rejects.toThrow('no handler')
  })

  it('is gone too when a file of the same words is published, and stays when another is', async () => {
    await save(document('一'))
    await publish(document('二'))
    expect((await stored())?.draft).toBeDefined()
    await publish(document('一'))
    expect((await stored())?.draft).toBeUndefined()
  })

  it('that cannot run is not published, and stays', async () => {
    await save(document('{{ nobody.name }} x'))
    await expect(publishDraft(database.models, corpId, key, actions)).rejects.toThrow(HandlerInvalid)
    expect((await stored())?.draft).toBeDefined()
  })

  it('is made once by two who save at the same time', async () => {
    await Promise.all(['一', '二', '三'].map(text => save(document(text))))
    expect(await database.models.handlers.countDocuments({ corpId })).toBe(1)
  })
})
