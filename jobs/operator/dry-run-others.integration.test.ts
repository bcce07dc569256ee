import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { handlerFile as file } from '../../fixtures/test/handler-file.ts'
import { openOperatorOf, type TestOperator } from '../../fixtures/test/operator.ts'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { handlersDryRun } from './handler-dry-run-verb.ts'

const recorded = join(import.meta.dirname, '../../fixtures/callbacks/customer.added/channel-code.xml')
const guide = join(import.meta.dirname, '../../fixtures/handlers/guide')

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

const run = (handler: string, args: Record<string, unknown> = {}) =>
  operator.run(handlersDryRun, { corp, handler, ...args })
const sentence = async (...given: Parameters<typeof run>) => (await run(...given)).text
const tell = { id: 'tell', action: 'staff.notify', with: { to: ['lina'], text: '来了一位' } }
const tag = { id: 'tag', action: 'customer.tag', with: { add: ['VIP'] } }
const answer = { id: 'answer', action: 'reply', with: { text: '好' } }
const lost = { event: 'customer.lost' }

describe('a dry run beside handlers of the same event', () => {
  it('takes departments that are named for what they will be, in the handler and in others', async () => {
    const scope = { departments: ['name:线上组', 'name:展厅组'] }
    const one = { key: 'one', trigger: { event: 'customer.added' }, priority: 1, scope, steps: [tag] }
    const outcome = await sentence(file({ ...one, after: 'stop' }, { ...one, key: 'two', priority: 2 }), {
      event: recorded,
    })
    expect(outcome).toMatch(/^one would start\ntwo would be kept from it: one \(priority 1\) stops/)
  })

  const behind = file({ key: 'behind', trigger: { event: 'customer.added' }, steps: [tag] })
  const stops = 'welcome-spring-fair (priority 10) stops the event before it; give it a priority below 10'

  it('says that one before it stops the event, and of one before that one that it starts', async () => {
    const { text, head, data } = await run(behind, { event: recorded })
    expect(text).toBe(`behind would be kept from it: ${stops}`)
    expect(head?.at(-1)).toEqual({ part: 'others', fits: 'no', why: stops })
    const kept = { by: 'welcome-spring-fair', why: stops, sure: true }
    expect(data).toMatchObject({ starts: false, kept })
    const before = file({ key: 'before', trigger: { event: 'customer.added' }, priority: 9, steps: [tag] })
    expect(await sentence(before, { event: recorded })).toBe('before would start')
  })

  it('says so of each event that came', async () => {
    const { chat } = sidekick
    await chat.customer('小林').adds('lina', { state: 'fair-2026-spring' })
    await chat.expectTag('渠道/春展')
    const { text, rows } = await run(behind, { since: '1h' })
    expect(text).toBe('behind would have started on 0 of 1 events')
    expect(rows).toMatchObject([{ starts: 'no', 'why not, or what': stops }])
  })

  const first = (over: object): object => ({
    ...{ key: 'first', trigger: lost, priority: 3, steps: [tell] },
    ...over,
  })
  const second = { key: 'second', trigger: lost, priority: 7, steps: [tell] }
  const after = { after: 'stop' }
  const all = (over: object = {}) => ({ id: 'end', action: 'stop', with: { all: true }, ...over })
  const find = (query: string) => ({ id: 'find', action: 'script.find', with: { query } })
  const on = (step: string, value: boolean) => ({ if: { path: `steps.${step}.ok`, is: 'eq', value } })
  const goesOn = { onError: 'continue' }
  const kept =
    'would be kept from it: first (priority 3) stops the event before it; give it a priority below 3'
  const perhaps = 'would start; but first (priority 3) may stop the event before it: '
  it.each<[string, object, string]>([
    ['that ends with it', after, kept],
    ['that has nothing to end', {}, 'would start'],
    ['that is for others', { ...after, scope: { staff: ['nobody'] } }, 'would start'],
    [
      'whose conditions do not hold',
      { ...after, when: { path: 'staff.userid', is: 'eq', value: 'x' } },
      'would start',
    ],
    ['that is a dry run', { ...after, run: { dryRun: true } }, 'would start'],
    ['that is switched off', { ...after, enabled: false }, 'would start'],
    ['that comes later', { ...after, priority: 8 }, 'would start'],
    ['with a cooldown', { ...after, run: { cooldown: '1d' } }, `${perhaps}its cooldown of 1d decides`],
    [
      'whose step fails',
      { ...after, steps: [find('查无此话')] },
      `${perhaps}its step find fails here, and may not then`,
    ],
    ['with a stop for all', { steps: [tell, all()] }, kept],
    ['with a stop for itself', { steps: [all({ with: {} }), tell] }, 'would start'],
    ['with a stop that is wanted', { steps: [find('退货'), all(on('find', true))] }, kept],
    [
      'with a stop that is not',
      { steps: [{ ...find('查无此话'), ...goesOn }, all(on('find', true))] },
      'would start',
    ],
    [
      'with a stop by what is sent',
      { steps: [{ ...tell, ...goesOn }, all(on('tell', false))] },
      `${perhaps}its step end goes by what the steps before it really come to`,
    ],
  ])('looks at one %s', async (_what, over, outcome) => {
    const event = join(import.meta.dirname, '../../fixtures/callbacks/customer.lost/deleted-staff.xml')
    const lines = (await sentence(file(first(over), second), { event }))?.split('\n')
    expect(lines?.[1]).toBe(`second ${outcome}`)
  })
})

describe('a dry run of a line', () => {
  const rule = { key: 'rule', trigger: { message: { contains: ['发票'] } }, steps: [answer] }
  const as = (text: string) => ({ staff: 'lina', text })

  it('says of a rule that the line is a command, which really takes it', async () => {
    expect(await sentence(file(rule), as('客户 要发票'))).toBe(
      'rule would be kept from it: the line is the command 客户 of command-customer, and no rule sees a line that begins with the word of a command',
    )
    expect(await sentence(file(rule), as('要发票'))).toBe('rule would start')
    const { database, chat } = sidekick
    await publishLive(sidekick, { schemaVersion: 1, title: '试', ...rule })
    await chat.staff('lina').says('客户 要发票')
    await chat.expectAnswer('没有找到')
    expect(await database.models.runs.countDocuments({ handler: 'rule' })).toBe(0)
    await database.models.handlers.deleteOne({ corpId: corp, key: 'rule' })
  })

  it('says of a command which other one has its word, and which rule wants what sticks to it', async () => {
    const same = (over: object) => ({
      ...{ key: 'same', trigger: { command: '客户', args: [{ name: 'who', title: '谁', type: 'rest' }] } },
      ...{ steps: [answer], ...over },
    })
    expect(await sentence(file(same({ priority: 2000 })), as('客户 张三'))).toMatch(
      /^same would be kept from it: the line is the command 客户 of command-customer, which comes first; use another word, or give it a priority below \d+$/,
    )
    expect(await sentence(file(same({ priority: 1 })), as('客户 张三'))).toBe('same would start')
    const lines = (await sentence(file(same({ priority: 1 }), rule), as('客户要发票')))?.split('\n')
    expect(lines).toEqual([
      'same would be kept from it: the message rule rule wants the line, and a word that sticks to what follows is a command only where none does; write a space behind the word',
      'rule would start',
    ])
  })
})

describe('a dry run of a handler that starts another', () => {
  const start = (action: string, handler: string) => ({
    ...{ key: 'starter', trigger: { command: '叫醒' } },
    steps: [{ id: 'wake', action, with: { handler, ...(action === 'handler.schedule' && { after: '1h' }) } }],
  })
  const woken = (trigger: object) => ({ key: 'woken', trigger, steps: [tell] })
  const typed = { staff: 'lina', text: '叫醒' }
  const states = ({ rows }: Awaited<ReturnType<typeof run>>) => rows?.map(row => row.state)

  it('finds the other in the same file', async () => {
    const plan = join(guide, 'remind-follow-up.yaml')
    const { text, rows } = await run(plan, { event: recorded })
    expect(text).toMatch(/^plan-follow-up would start\nremind-follow-up would not start: trigger: manual/)
    expect(rows?.[0]).toMatchObject({
      step: 'later',
      state: 'would run',
      would: expect.stringContaining('"at"'),
    })
  })

  it.each(['handler.schedule', 'handler.run'])('looks at what %s names', async action => {
    const both = file(start(action, 'woken'), woken({ manual: true }))
    expect((await sentence(both, typed))?.split('\n')[0]).toBe('starter would start')
    const fails = 'starter would start, and its step wake would fail'
    const other = file(start(action, 'woken'), woken(lost))
    expect((await sentence(other, typed))?.split('\n')[0]).toBe(fails)
    expect(await sentence(file(start(action, 'woken')), typed)).toBe(fails)
    await publishLive(sidekick, { schemaVersion: 1, title: '试', ...woken({ manual: true }) })
    const stored = await run(file(start(action, 'woken')), typed)
    expect(stored.text).toBe('starter would start')
    expect(states(stored)).toEqual(['would run'])
    await sidekick.database.models.handlers.deleteOne({ corpId: corp, key: 'woken' })
  })

  it('calls what a condition leaves out skipped, and says of one that is off that it is', async () => {
    const when = { if: { path: 'staff.userid', is: 'eq', value: 'nobody' } }
    const off = { key: 'off', enabled: false, trigger: { manual: true }, steps: [{ ...tell, ...when }, tag] }
    const about = { staff: 'lina', customer: 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY' }
    const tried = await run(file(off), about)
    expect(states(tried)).toEqual(['skipped (if)', 'would run'])
    expect(tried.notes).toContain('off is switched off: until handlers on off it does nothing')
  })
})
