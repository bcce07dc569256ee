import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freshStartId, putStart } from '../../bot/dispatch/starts.ts'
import { openOperatorOf, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersDryRun } from './handler-dry-run-verb.ts'

const recorded = join(import.meta.dirname, '../../fixtures/callbacks/customer.added/channel-code.xml')
const document = (state: string): string => `schemaVersion: 1
key: not-stored
title: 没存的
trigger: { event: customer.added, match: { state: { eq: "${state}" } } }
priority: 1
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
  operator = openOperatorOf(sidekick)
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

  it('asks the platform for a member who was never synced, and keeps nothing of them', async () => {
    const { models } = sidekick.database
    await models.staff.deleteOne({ corpId: corp, useridKey: 'sunyue' })
    const said = document('x').replace('来了一位', '{{ staff.userid }}：{{ staff.name }}')
    const xml = readFileSync(recorded, 'utf8').replace(/<UserID>.*?<\/UserID>/, '<UserID>sunyue</UserID>')
    const { rows } = await run({ handler: file(said), event: file(xml, 'event.xml') })
    expect(rows?.[0]?.would).toMatch(/sunyue：(?!sunyue)./)
    expect(await models.staff.countDocuments({ corpId: corp, useridKey: 'sunyue' })).toBe(0)
  })

  it('says first whether it would start, and why not', async () => {
    const { text } = await run({ handler: file(document('x')), event: recorded })
    expect(text).toMatch(
      /^not-stored would not start: trigger: state eq "x" \(was .*; when: follow.stage eq "已成交"/,
    )
    const line = { handler: 'command-customer', staff: 'lina' }
    expect((await run({ ...line, text: '客户 张三' })).text).toBe('command-customer would start')
  })

  it('tries a line that somebody would type', async () => {
    const { models } = sidekick.database
    const before = await models.inbox.countDocuments()
    const { rows } = await run({ handler: 'command-customer', staff: 'lina', text: '客户 张三' })
    expect(rows).toMatchObject([{ step: 'act' }, { step: 'answer', would: expect.stringContaining('张三') }])
    const other = await run({ handler: 'command-customer', staff: 'lina', text: '今日' })
    expect(other.text).toBe('command-customer would not start: trigger: command 客户 (was "今日")')
    expect(await models.inbox.countDocuments()).toBe(before)
    const wrong = (args: object) => run({ handler: 'command-customer', text: '客户 张三', ...args })
    await expect(wrong({})).rejects.toThrow('--text needs --staff')
    await expect(wrong({ staff: 'lina', event: 'x' })).rejects.toThrow('goes without --event')
    await expect(wrong({ staff: 'nobody' })).rejects.toThrow('there is no staff member nobody')
  })

  it('tries all of a file, each with its own answer', async () => {
    const both = `${document('x')}---\n${document('fair-2026-spring')
      .replace('not-stored', 'other')
      .replace(/when:.*\n/, '')}`
    const { text, head, rows } = await run({ handler: file(both), event: recorded })
    expect(text).toMatch(/^not-stored would not start: .*\nother would start$/)
    expect(head?.map(row => row.handler)).toEqual([...Array(3).fill('not-stored'), ...Array(2).fill('other')])
    expect(rows?.map(row => row.handler)).toEqual(['not-stored', 'not-stored', 'other', 'other'])
  })

  it('tries all events of a time, a line each', async () => {
    await sidekick.chat.staff('lina').says('客户 张三')
    await sidekick.chat.staff('lina').says('今日')
    await sidekick.chat.expectAnswer('今日')
    const { text, rows } = await run({ handler: 'command-today', since: '1h' })
    const total = rows?.length ?? 0
    expect(text).toBe(`command-today would have started on 1 of ${total} events`)
    const started = rows?.filter(row => row.starts === 'yes')
    expect(started).toMatchObject([
      { staff: 'lina', 'why not, or what': expect.stringMatching(/^act: .*今日/) },
    ])
    expect(rows?.find(row => row.starts === 'no')).toMatchObject({
      'why not, or what': 'trigger: command 今日 (was "客户 张三")',
    })
    await expect(run({ handler: 'command-today', since: '1h', at: '2h' })).rejects.toThrow('goes without')
  })

  it('is as if it were another moment', async () => {
    const late = document('fair-2026-spring').replace(
      /when:.*/,
      'when: { path: time.hour, is: eq, value: 21 }',
    )
    const at = async (moment: string) =>
      (await run({ handler: file(late), event: recorded, at: moment })).head?.at(-1)?.fits
    expect(await at('2026-03-01T21:30:00+08:00')).toBe('yes')
    expect(await at('2026-03-01T22:30:00+08:00')).toBe('no')
  })

  it('names what is not there', async () => {
    await expect(run({ handler: 'x', event: recorded })).rejects.toThrow('there is no handler x')
    await expect(run({ handler: 'command-today', event: 'x' })).rejects.toThrow('there is no event x')
    await expect(run({ handler: 'command-today', event: recorded, draft: true })).rejects.toThrow('no draft')
    const json = file('{}', 'event.json')
    await expect(run({ handler: 'command-today', event: json })).rejects.toThrow('has no xml')
  })
})

describe('sidekick handlers dry-run of a start', () => {
  const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
  const handler = (trigger: string, text: string, more = ''): string =>
    file(`schemaVersion: 1
key: reminder
title: 提醒
trigger: ${trigger}
${more}
steps:
  - { id: tell, action: staff.notify, with: { to: [lina], text: "{{ run.by }}${text}" } }
`)
  const byHand = (more?: string) =>
    handler('{ manual: true }', '：{{ staff.name }}、{{ customer.name }}{{ args.about }}', more)
  const bySchedule = () => handler('{ schedule: "0 9 * * *" }', '')
  const fits = (rows: Record<string, unknown>[] | undefined) =>
    rows?.map(({ part, fits }) => `${part} ${fits}`)
  const would = ({ rows }: Awaited<ReturnType<typeof run>>): unknown => rows?.[0]?.would
  const planned = async (start: object) => {
    const id = freshStartId(corp)
    const about = { userid: 'lina', externalUserid: zhangsan }
    const due = new Date(Date.now() + 3_600_000)
    const whole = { handler: 'reminder', by: 'step', ...about, ...start } as const
    await putStart(sidekick.database.models, { corpId: corp, at: due, id, start: whole, retentionMs: 60_000 })
    return id
  }

  it('takes one that is stored, with its people and arguments, and leaves it waiting', async () => {
    const { models } = sidekick.database
    const event = await planned({ args: { about: '生日' } })
    const when = 'when: { path: args.about, is: eq, value: 生日 }'
    const tried = await run({ handler: byHand(when), event })
    expect(fits(tried.head)).toEqual(['trigger yes', 'scope yes', 'when yes'])
    expect(would(tried)).toContain('manual：李娜、张三生日')
    expect(await models.inbox.findById(event).lean()).toMatchObject({ state: 'waiting', attempts: 0 })
    expect(await models.runs.countDocuments({ event })).toBe(0)
  })

  it('says of a stored one that it is another handler’s, of another kind, or about what is over', async () => {
    const { models } = sidekick.database
    const why = async (path: string, start: object) => {
      const { head } = await run({ handler: path, event: await planned(start) })
      return head?.filter(row => row.fits === 'no').map(row => row.why)
    }
    expect(await why(byHand(), { handler: 'other' })).toEqual(['it is a start of other'])
    expect(await why(byHand(), { by: 'schedule' })).toEqual(['it has no schedule any more'])
    expect(await why(bySchedule(), {})).toEqual(['it is no manual handler'])
    expect(await why(byHand(), { whileActive: true })).toEqual([])
    const pair = { corpId: corp, useridKey: 'lina', externalUserid: zhangsan }
    await models.follows.updateOne(pair, { status: 'removed' })
    expect(await why(byHand(), { whileActive: true })).toEqual(['the relation is over'])
    await models.follows.updateOne(pair, { status: 'active' })
  })

  it('makes one by hand for whom it is told, with arguments, where no event is named', async () => {
    const { models } = sidekick.database
    const before = await models.inbox.countDocuments()
    const path = byHand()
    const about = { staff: 'lina', customer: zhangsan, args: 'about=生日', _: [path] }
    const tried = await run({ handler: path, ...about })
    expect(fits(tried.head)).toEqual(['trigger yes', 'scope yes'])
    expect(would(tried)).toContain('manual：李娜、张三生日')
    expect(await models.inbox.countDocuments()).toBe(before)
  })

  it('compares an argument that is a number with numbers', async () => {
    const handler = byHand('when: { path: args.hours, is: gte, value: 24 }')
    const told = async (hours: string) => fits((await run({ handler, args: `hours=${hours}` })).head)
    expect(await told('30.5')).toContain('when yes')
    expect(await told('9')).toContain('when no')
    expect(await told('many')).toContain('when no')
  })

  it('makes one by the schedule, or by hand where it is about somebody', async () => {
    const path = bySchedule()
    expect(would(await run({ handler: path }))).toContain('schedule')
    expect(would(await run({ handler: path, staff: 'lina' }))).toContain('manual')
  })

  it('says what does not go together', async () => {
    const path = byHand()
    await expect(run({ handler: 'command-today' })).rejects.toThrow('neither manual nor scheduled')
    await expect(run({ handler: path, event: recorded, staff: 'lina' })).rejects.toThrow('go without --event')
    await expect(run({ handler: path, customer: zhangsan })).rejects.toThrow('--customer needs --staff')
    await expect(run({ handler: path, staff: 'nobody' })).rejects.toThrow('there is no staff member nobody')
  })
})
