import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from './registry.ts'

const theirs = 'ww-another-corp'
/** Stands in all that the other corp has. */
const mark = '别家'
const [customer, key] = ['wmTheirs', 'theirs']

/** What a handler of ours might say to reach what is theirs; an action that names nothing stored needs no line. */
const hostile: Readonly<Record<string, object[]>> = {
  'welcome.send': [{ text: '您好', materials: [key] }],
  'customer.tag': [
    { customer, add: [mark] },
    { customer: mark, add: [mark] },
  ],
  'customer.untag': [{ customer, tags: [mark] }],
  'customer.stage': [{ customer, stage: '已成交' }],
  'customer.remark': [
    { customer, remark: '我们的' },
    { customer: mark, remark: '我们的' },
  ],
  'customer.note': [{ customer, text: '我们的' }],
  'customer.show': [{ customer }, { customer: mark }, { name: customer }],
  'script.find': [{ query: mark }, { query: '' }],
  reply: [{ image: key }, { file: key }, { news: [{ title: 'x', url: 'https://x.example', material: key }] }],
  'app.send': [
    { to: { users: ['theirone'] }, image: key },
    { to: { users: [mark] }, text: 'x' },
  ],
  'staff.notify': [{ to: ['theirone'], text: 'x' }],
}

describe('an action reaches nothing of another corp on the same database', () => {
  let database: Database
  let platform: TestPlatform
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    const { models } = database
    const own = { corpId: theirs }
    const staff = { useridKey: 'theirone', departments: ['1'], leads: ['1'], status: 1 }
    await Promise.all([
      models.customers.create({ ...own, externalUserid: customer, name: mark, type: 1, gender: 0, tags: [] }),
      // Also of somebody who is called like whoever asks.
      models.follows.insertMany(
        ['lina', 'theirone'].map(userid => ({
          ...{ ...own, userid, useridKey: userid, externalUserid: customer, customerName: mark },
          ...{ remark: mark, status: 'active', stage: '待跟进' },
        })),
      ),
      models.tags.create({ ...own, tagId: 'etTheirs', groupId: 'g', groupName: mark, name: mark, order: 0 }),
      models.staff.create({ ...own, ...staff, userid: 'theirone', name: mark }),
      models.departments.create({
        ...own,
        departmentId: '1',
        name: mark,
        parentId: '0',
        order: 0,
        leaders: [],
      }),
      models.materials.create({ ...own, key, category: 'c', title: mark, kind: 'image', file: 'f' }),
      models.scripts.create({
        ...own,
        key,
        category: 'c',
        title: mark,
        parts: [{ text: mark }],
        search: mark,
        order: 0,
      }),
      models.handlers.create({ ...own, key, revision: 1, enabled: true, updatedAt: new Date() }),
    ])
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))

  async function belongings(): Promise<string> {
    const { models } = database
    const all = await Promise.all(
      Object.values(models).map(model =>
        model.collection.find({ corpId: theirs }).sort({ _id: 1 }).toArray(),
      ),
    )
    return JSON.stringify(all)
  }

  it.each([...actions.keys()])('%s', async id => {
    const before = await belongings()
    for (const role of ['admin', 'lead'] as const) {
      for (const params of hostile[id] ?? [{}]) {
        const context = actionContext(database.models, platform, { key: `e/h/${id}/${role}` })
        const asker = { ...context.asker, role, leads: role === 'lead' ? ['1'] : [] }
        const told: unknown[] = []
        for (const way of ['run', 'preview'] as const) {
          // To be refused is as good as to find nothing; what counts is what it says and leaves behind.
          const answer = await actions
            .get(id)
            ?.[way]?.({ ...context, asker }, params)
            .catch((error: { answer?: string }) => error.answer)
          told.push(answer)
        }
        // Their names, but for what was asked for by that name.
        const said = JSON.stringify([told, context.answers])
        if (!JSON.stringify(params).includes(mark)) expect(said).not.toContain(mark)
        expect(said).not.toContain('etTheirs')
      }
    }
    expect(await belongings()).toBe(before)
    const outbox = JSON.stringify(await platform.control('GET', 'outbox'))
    for (const one of [mark, customer, 'etTheirs', 'theirone']) expect(outbox).not.toContain(one)
  })
})
