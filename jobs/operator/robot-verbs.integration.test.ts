import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import type { Database } from '../../models/connect.ts'
import { robotPlace } from '../../models/robot.ts'
import { robotAdd, robotList, robotRemove } from './robot-verbs.ts'

const corpId = 'ww0000000000000001'
const key = '693a91f6-7a0b-4bc4-97a0-0ec2f1d5a5aa'
const address = `https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=${key}`

describe('sidekick robot', () => {
  let database: Database
  let operator: TestOperator
  beforeAll(async () => {
    database = await openTestDatabase()
    operator = openOperator(database)
    await database.models.corps.create({ corpId, name: '木棠家居', apps: [], updatedAt: new Date() })
    await database.models.handlers.create({
      corpId,
      key: 'tell-group',
      revision: 1,
      enabled: true,
      document: { steps: [{ id: 'tell', action: 'robot.send', with: { robot: '销售群', text: '好' } }] },
      updatedAt: new Date(),
    })
  })
  afterAll(async () => {
    await operator.close()
    await database.close()
  })
  const add = (name: string, given: string) => {
    operator.secrets['Webhook address or key'] = given
    return operator.run(robotAdd, { name, corp: corpId })
  }
  const keyOf = async (name: string) => {
    const stored = await database.models.robots.findOne({ corpId, name }).orFail().lean()
    return operator.opened.secrets.open(robotPlace(corpId, name), stored.key)
  }

  it('takes the whole address or the key alone, and keeps the key sealed', async () => {
    await add('销售群', address)
    await add('售后群', key)
    expect(await keyOf('销售群')).toBe(key)
    expect(await keyOf('售后群')).toBe(key)
    expect(JSON.stringify(await database.models.robots.find().lean())).not.toContain(key)
  })

  it('gives a robot that is there another key', async () => {
    expect(await add('售后群', 'another-key-of-the-robot')).toMatchObject({ data: { replaced: true } })
    expect(await keyOf('售后群')).toBe('another-key-of-the-robot')
  })

  it.each(['', 'https://example.com/', 'short', `${key} `.repeat(9)])(
    'refuses what is no webhook, and repeats nothing of it: %j',
    async given => {
      await expect(add('别的群', given)).rejects.toThrow(/^this is no webhook: give its address/)
      expect(await database.models.robots.exists({ name: '别的群' })).toBeNull()
    },
  )

  it('lists robots with the handlers that name them, and no keys', async () => {
    const answer = await operator.run(robotList, { corp: corpId })
    expect(answer.data).toMatchObject([
      { name: '售后群', handlers: [] },
      { name: '销售群', handlers: ['tell-group'] },
    ])
    expect(JSON.stringify(answer)).not.toContain(key)
  })

  it('removes one, and says who still names it', async () => {
    expect(await operator.run(robotRemove, { name: '销售群', corp: corpId })).toMatchObject({
      data: { handlers: ['tell-group'] },
      notes: ['still named by tell-group: their steps will be refused'],
    })
    await expect(operator.run(robotRemove, { name: '销售群', corp: corpId })).rejects.toThrow(
      'there is no robot 销售群; sidekick robot list shows them',
    )
  })
})
