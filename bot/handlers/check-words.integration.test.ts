import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { checkDraft } from './drafts.ts'
import { publishHandler } from './publish.ts'
import { switchHandler } from './switch.ts'

let database: Database
let corpId = ''
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const command = (key: string, word: string, fields: object = {}, trigger: object = {}) => ({
  ...{ schemaVersion: 1, key, title: key, trigger: { command: word, ...trigger } },
  steps: [{ id: 'say', action: 'reply', with: { text: key } }],
  ...fields,
})

describe('a word that another command has', () => {
  beforeEach(async () => {
    corpId = `ww${randomUUID()}`
    const roles = { scope: { roles: ['lead'] } }
    for (const one of [
      command('price', '报价', {}, { aliases: ['BJ'] }),
      command('stock', '库存', roles),
      command('late', '夜班', { when: { path: 'time.inOffice', is: 'eq', value: false } }),
    ])
      await publishHandler(database.models, corpId, one, actions)
  })
  const problems = async (document: Record<string, unknown>, ...documents: Record<string, unknown>[]) => {
    const found = await checkDraft(database.models, corpId, document, actions, { documents })
    return found.problems.map(({ path, message }) => `${path} ${message}`)
  }

  it('is refused where that one takes all of its lines, by the path of each word', async () => {
    const second = command('quote', '报价', {}, { aliases: ['问价', 'ｂｊ'] })
    const first = 'is a word of the command price too, which comes first and takes all of its lines'
    expect(await problems(second)).toEqual([
      `trigger.command "报价" ${first}; use another word, or switch that one off`,
      `trigger.aliases.1 "bj" ${first}; use another word, or switch that one off`,
    ])
  })

  it('is refused where the key alone would bring it before that one', async () => {
    expect(await problems(command('a-quote', '报价'))).toEqual([
      'trigger.command "报价" is a word of the command price too, which would get none of its lines any more; use another word, or a priority below 1000, so that this one comes first on purpose',
    ])
  })

  it('is taken where this one comes first on purpose', async () => {
    expect(await problems(command('quote', '报价', { priority: 900 }))).toEqual([])
  })

  it('is taken where that one leaves some lines over: to others, or while it is not there', async () => {
    expect(await problems(command('stock-all', '库存'))).toEqual([])
    expect(await problems(command('shift', '夜班'))).toEqual([])
  })

  it('is refused where both are for the same people', async () => {
    const same = { scope: { roles: ['lead'], except: ['role:admin'] } }
    expect(await problems(command('stock-two', '库存', same))).toHaveLength(1)
  })

  it('is taken while that one is switched off, and while this one is to be', async () => {
    expect(await problems(command('quote', '报价', { enabled: false }))).toEqual([])
    await switchHandler(database.models, corpId, 'price', false, 'lina', actions)
    expect(await problems(command('quote', '报价'))).toEqual([])
  })

  it('is refused where that one is published together with it, as it will be then', async () => {
    const [one, two] = [command('one', '门店'), command('two', '门店')]
    expect(await problems(two, one, two)).toHaveLength(1)
    expect(await problems(command('quote', '报价'), command('price', '报价单'))).toEqual([])
  })

  it('is no problem of a new revision of that one', async () => {
    expect(await problems(command('price', '报价', { title: '报价二' }))).toEqual([])
  })
})
