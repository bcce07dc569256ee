import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { type CustomerAnswer, keepCustomer } from './read-customer.ts'

let database: Database
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())

const second = (n: number): Date => new Date(1_700_000_000_000 + n * 1_000)

function answer(askedAt: Date): CustomerAnswer {
  const follow = { userid: 'lina', remark: '小林', description: '', createtime: 1_700_000_000, tags: [] }
  const shown = {
    errcode: 0,
    errmsg: 'ok',
    external_contact: { external_userid: 'wm1', name: '林小姐', type: 1, gender: 0 },
    follow_user: [follow],
  }
  return { askedAt, shown: shown as unknown as NonNullable<CustomerAnswer['shown']>, gone: false }
}

it('tells when an answer is older than what we wrote or read, so that its remark was not stored', async () => {
  const { models } = database
  const keep = (n: number) => keepCustomer(models, 'ww1', 'wm1', answer(second(n)))
  const remark = async () =>
    (await models.follows.findOne({ corpId: 'ww1', externalUserid: 'wm1' }).lean())?.remark

  expect(await keep(1)).toMatchObject({ shown: true, overtaken: false })
  await models.follows.updateOne(
    { corpId: 'ww1', externalUserid: 'wm1' },
    { $set: { remark: '', knownAt: second(5) } },
  )
  expect(await keep(4)).toMatchObject({ shown: true, overtaken: true })
  expect(await remark()).toBe('')
  expect(await keep(6)).toMatchObject({ shown: true, overtaken: false })
  expect(await remark()).toBe('小林')
  expect(await keep(5)).toMatchObject({ shown: true, overtaken: true })
})
