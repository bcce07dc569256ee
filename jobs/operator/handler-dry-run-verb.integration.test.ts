import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersDryRun } from './handler-dry-run-verb.ts'

const recorded = join(import.meta.dirname, '../../fixtures/callbacks/customer.added/channel-code.xml')
const document = (state: string): string => `schemaVersion: 1
key: not-stored
title: 没存的
trigger: { event: customer.added, match: { state: { eq: "${state}" } } }
when: { path: follow.stage, is: eq, value: 已成交 }
steps:
  - { id: tell, action: staff.notify, with: { to: [staff], text: "来了一位" } }
  - { id: tag, action: customer.tag, with: { add: [VIP] } }
`

let sidekick: TestSidekick
let operator: TestOperator
let corp = ''
beforeAll(async () => {
  sidekick = await startTestSidekick()
  corp = sidekick.app.corpId
  const key = Buffer.from(sidekick.env.ENCRYPTION_KEY ?? '', 'hex')
  operator = openOperator(sidekick.database, { key, platform: sidekick.simulator.url })
})
afterAll(async () => {
  await operator?.close()
  await sidekick?.stop()
})

const run = (args: Record<string, unknown>) => operator.run(handlersDryRun, { corp, ...args })
const file = (text: string, name = 'one.yaml'): string => {
  const path = join(mkdtempSync(join(tmpdir(), 'dry-run-')), name)
  writeFileSync(path, text)
  return path
}

describe('sidekick handlers dry-run', () => {
  it('says of a file and a recorded event what fits, and what each step would do, and does nothing', async () => {
    const { models } = sidekick.database
    const { head, rows, notes } = await run({ handler: file(document('x')), event: recorded })
    expect(head).toMatchObject([
      { part: 'trigger', fits: 'no', why: expect.stringContaining('state eq "x" (was ') },
      { part: 'scope', fits: 'yes' },
      { part: 'when', fits: 'no', why: expect.stringContaining('follow.stage eq "已成交"') },
    ])
    expect(rows?.map(row => row.step)).toEqual(['tell', 'tag'])
    expect(notes).toEqual([expect.stringMatching(/it was taken for one of/), 'nothing was stored or sent'])
    expect(await models.runs.countDocuments()).toBe(0)
    expect(await models.inbox.countDocuments()).toBe(0)
    expect((await sidekick.chat.sinceLastAct()).filter(one => one.kind !== 'media')).toEqual([])
  })

  it('takes a stored handler and a stored event, and a command with its arguments', async () => {
    const { models } = sidekick.database
    await sidekick.chat.staff('lina').says('客户 张三')
    await sidekick.chat.expectAnswer('张三')
    const { _id } = await models.inbox.findOne({ name: 'message.text' }).orFail().lean()
    const before = await models.runs.countDocuments()
    const { head, rows } = await run({ handler: 'command-customer', event: _id })
    expect(head).toMatchObject([
      { part: 'trigger', fits: 'yes' },
      { part: 'scope', fits: 'yes' },
    ])
    expect(rows).toMatchObject([{ step: 'act' }, { step: 'answer', would: expect.stringContaining('张三') }])
    expect(await models.runs.countDocuments()).toBe(before)
    const other = await run({ handler: 'command-today', event: _id })
    expect(other.head?.[0]).toMatchObject({ fits: 'no', why: 'command 今日 (was "客户 张三")' })
  })

  it('names what is not there', async () => {
    await expect(run({ handler: 'x', event: recorded })).rejects.toThrow('there is no handler x')
    await expect(run({ handler: 'command-today', event: 'x' })).rejects.toThrow('there is no event x')
    await expect(run({ handler: 'command-today', event: recorded, draft: true })).rejects.toThrow('no draft')
    const json = file('{}', 'event.json')
    await expect(run({ handler: 'command-today', event: json })).rejects.toThrow('has no xml')
  })
})
