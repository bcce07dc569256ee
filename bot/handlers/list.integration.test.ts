import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import type { ActionTable } from '../actions/define.ts'
import { actions } from '../actions/registry.ts'
import { createHandlerSet } from './handler-set.ts'
import { listHandlers } from './list.ts'
import { createLiveHandlers } from './live.ts'
import { publishHandlers } from './publish.ts'

const document = (key: string, over: object = {}) => ({
  ...{ schemaVersion: 1, key, title: key, trigger: { message: { contains: ['退款'] } } },
  ...{ steps: [{ id: 'answer', action: 'reply', with: { text: '好' } }], ...over },
})
/** Nothing can be compiled with these. */
const noActions = {
  get(id: string) {
    throw new Error(`${id} was looked up`)
  },
  keys() {
    throw new Error('all were looked up')
  },
} as unknown as ActionTable

describe('the list of handlers', () => {
  let database: Database
  const corpId = `ww${randomUUID()}`
  beforeAll(async () => {
    database = await openTestDatabase()
    const documents = ['on', 'off', 'torn'].map(key => document(key, { enabled: key !== 'off' }))
    await publishHandlers(database.models, corpId, documents, actions)
    await database.models.handlers.updateOne(
      { corpId, key: 'torn' },
      { $set: { 'document.steps.0.action': 'fax' } },
    )
  })
  afterAll(() => database.close())

  const states = { on: 'on', off: 'off', torn: 'broken' }
  const statesBy = (table: ActionTable, set: Parameters<typeof listHandlers>[3]) =>
    listHandlers(database.models, corpId, table, set).then(list =>
      Object.fromEntries(list.map(one => [one.key, one.state])),
    )

  it('says how each stands by what is compiled already, and compiles nothing', async () => {
    const live = createLiveHandlers(database.models, actions, () => undefined)
    expect(await statesBy(noActions, await live.of(corpId))).toEqual(states)
    live.close()
  })

  it('compiles what is newer than that', async () => {
    expect(await statesBy(actions, createHandlerSet({}))).toEqual(states)
  })
})
