import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openAddRows } from '../../fixtures/test/add-rows.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { actions } from '../actions/registry.ts'
import { explainCustomer, type WhyAdd } from './why.ts'
import type { Finding } from './why-codes.ts'
import { inEnglish } from './why-tell.ts'

const corpId = 'ww-why'

let database: Database
let rows: ReturnType<typeof openAddRows>
beforeEach(async () => {
  database = await openTestDatabase()
  rows = openAddRows(database, corpId)
})
afterEach(() => database.close())

const explain = (externalUserid: string, only = {}) =>
  explainCustomer({ models: database.models, actions }, corpId, externalUserid, only)
async function newest(externalUserid: string): Promise<WhyAdd> {
  const [add] = (await explain(externalUserid)).adds
  if (add === undefined) throw new Error('no add was found')
  return add
}
const codes = ({ findings }: WhyAdd) => findings.map(({ code }) => code)
/** Of which findings something is to be done. */
const advised = ({ findings }: WhyAdd) =>
  findings.filter(one => inEnglish(one).todo !== undefined).map(({ code }) => code)
const dataOf = ({ findings }: WhyAdd, code: Finding['code']) => findings.find(one => one.code === code)?.data

describe('why somebody was welcomed or not, by what is stored', () => {
  it('tells by which handler, when and with what', async () => {
    await rows.handler('greets')
    await rows.handler('others', { trigger: { event: 'customer.added', match: { state: { eq: 'x' } } } })
    const { externalUserid, ledger, run } = await rows.add()
    const attachments = [{ kind: 'image', title: '图' }]
    await ledger({ handler: 'greets', sent: { cut: true, text: '您好', attachments } })
    await run('greets', [{ action: 'welcome.send' }, { output: { added: ['VIP'], removed: [] } }])
    const add = await newest(externalUserid)
    expect(add).toMatchObject({ welcome: 'sent', userid: 'lina' })
    expect(add.findings[0]).toMatchObject({
      code: 'sent',
      data: { handler: 'greets', text: '您好', attachments: 1, cut: true },
    })
    // What kept the other handler away is not asked of the tags.
    expect(add.findings.map(one => [one.code, one.about])).toEqual([
      ['sent', 'welcome'],
      ['tag_gone', 'tag'],
      ['handler_match', 'welcome'],
    ])
  })

  it('tells of a welcome through another code of the add, and of the one that was left', async () => {
    const { id, externalUserid, at, ledger } = await rows.add()
    const consent = `${id}-consent`
    const { _id, xml, ...event } = await database.models.inbox.findOne().orFail().lean()
    const agreed = xml.replace('add_external_contact', 'msg_audit_approved')
    const name = 'customer.archive_agreed'
    await database.models.inbox.create({
      ...event,
      _id: consent,
      xml: agreed,
      name,
      createdAt: new Date(at.getTime() + 1000),
    })
    await ledger({ state: 'refused', errcode: 41053 })
    await ledger({ welcomeCode: 'second', event: consent, handler: 'greets' })
    await ledger({ welcomeCode: 'third', event: consent, relation: consent, state: 'spare' })
    const why = await explain(externalUserid)
    expect(why.adds).toHaveLength(1)
    expect(why.adds[0]?.findings).toMatchObject([
      { code: 'sent', data: { handler: 'greets', through: 'archive' } },
      { code: 'spare', data: { event: consent } },
    ])
  })

  it('tells how late a code was that had run out, and how late its event', async () => {
    const at = rows.ago(100)
    const arrival = `${String(at.getTime() + 40_000).padStart(14, '0')}-0000000001-here`
    const { externalUserid, ledger } = await rows.add({ at, event: { arrival } })
    await ledger({ state: 'expired', errcode: 41050, answeredAt: new Date(at.getTime() + 41_000) })
    const add = await newest(externalUserid)
    expect(add.welcome).toBe('not_sent')
    expect(dataOf(add, 'code_expired')).toMatchObject({ lateMs: 41_000, arrivedMs: 40_000 })
  })

  it('tells beside a code that had run out with what the attempt before had failed', async () => {
    const { externalUserid, ledger } = await rows.add()
    const trouble = { code: 'wecom_41096', message: 'WeCom refused it with 41096: welcome conflict' }
    await ledger({ state: 'expired', errcode: 41050, attempts: 2, trouble })
    const [found] = (await newest(externalUserid)).findings
    expect(found).toMatchObject({ code: 'code_expired', data: { trouble: { code: 'wecom_41096' } } })
  })

  it.each([
    [{ state: 'already', errcode: 41051, attempts: 2 }, 'already', { attempts: 2 }, 'not_sent'],
    [{ state: 'refused', errcode: 41053 }, 'archive_pending', {}, 'not_sent'],
    [{ state: 'refused', errcode: 48002 }, 'platform_refused', { errcode: 48002 }, 'not_sent'],
    [{ state: 'refused', errcode: 41096 }, 'other_app', { over: true }, 'not_sent'],
    [{ state: 'sending' }, 'uncertain', { attempts: 1 }, 'uncertain'],
    [{ state: 'sending', leaseUntil: new Date(Date.now() + 3_600_000) }, 'sending', {}, 'pending'],
    [{ state: 'unused', reason: 'relation_over' }, 'relation_over', {}, 'not_sent'],
    [{ state: 'unused', reason: 'paused' }, 'paused', { stillPaused: false }, 'not_sent'],
    [{ state: 'unused', reason: 'dry_run', handler: 'greets' }, 'dry_run', { handler: 'greets' }, 'not_sent'],
    [{ state: 'unused', reason: 'no_handler' }, 'no_handler', { handlers: 0 }, 'not_sent'],
  ] as const)('reads the ledger: %o', async (row, code, data, verdict) => {
    const { externalUserid, ledger } = await rows.add()
    await ledger(row)
    const add = await newest(externalUserid)
    expect(add.findings[0]).toMatchObject({ code, data })
    expect(add.welcome).toBe(verdict)
  })

  it('tells that another app was sending, and whether it is tried again', async () => {
    const error = { code: 'wecom_41096', message: 'conflict' }
    for (const [state, over] of [
      ['waiting', false],
      ['done', true],
    ] as const) {
      const { externalUserid, ledger, run } = await rows.add({ event: { state } })
      await ledger({ state: 'sending', handler: 'greets', attempts: 3 })
      await run('greets', [{ action: 'welcome.send', state: over ? 'failed' : 'pending', error }])
      const add = await newest(externalUserid)
      expect(dataOf(add, 'other_app')).toMatchObject({ attempts: 3, over })
      expect(add.welcome).toBe(over ? 'not_sent' : 'pending')
    }
  })

  it('tells of each handler why it was passed over, as it was recorded, the nearest first', async () => {
    for (const key of ['a', 'b', 'c', 'd']) await rows.handler(key)
    const { externalUserid, ledger } = await rows.add()
    const passed = (handler: string, stage: 'scope' | 'when' | 'after' | 'off', why: string) => {
      return { handler, revision: 1, stage, why }
    }
    const list = [
      passed('a', 'off', ''),
      passed('b', 'scope', 'except lina'),
      passed('c', 'when', 'time.inOffice eq false (was true)'),
      passed('d', 'after', 'x'),
    ]
    await ledger({ state: 'unused', reason: 'no_handler', passed: list })
    const add = await newest(externalUserid)
    expect(codes(add)).toEqual(['handler_after', 'handler_when', 'handler_scope', 'handler_off'])
    expect(dataOf(add, 'handler_when')).toEqual({ handler: 'c', why: 'time.inOffice eq false (was true)' })
    expect(add).toMatchObject({ welcome: 'not_sent', tags: 'not_marked' })
  })

  it('tells what the event had where a trigger wants something else', async () => {
    const match = { state: { prefix: 'fair-' } }
    await rows.handler('fair', { trigger: { event: 'customer.added', match } })
    const { externalUserid } = await rows.add({ state: 'xhs' })
    const add = await newest(externalUserid)
    expect(dataOf(add, 'handler_match')).toEqual({
      handler: 'fair',
      why: 'state prefix "fair-" (was "xhs")',
    })
  })

  it('goes by what the handler was then: switched off before, on again after', async () => {
    const [off, on] = [rows.ago(600), rows.ago(10)]
    const switched = [
      { at: off, on: false, by: 'hemin' },
      { at: on, on: true, by: 'operator' },
    ]
    await rows.handler('greets', { switched })
    const { externalUserid } = await rows.add()
    expect(dataOf(await newest(externalUserid), 'handler_off')).toEqual({
      handler: 'greets',
      at: off,
      by: 'hemin',
      onAt: on,
      onBy: 'operator',
    })
  })

  it('does not blame a handler that was switched off only afterwards', async () => {
    await rows.handler('greets', { enabled: false, switched: [{ at: rows.ago(10), on: false, by: 'hemin' }] })
    const { externalUserid, ledger } = await rows.add()
    await ledger({ state: 'expired', errcode: 41050 })
    expect(codes(await newest(externalUserid))).toEqual(['code_expired'])
  })

  it('tells that a handler was published only afterwards', async () => {
    const publishedAt = rows.ago(5)
    await rows.handler('late', { publishedAt })
    const { externalUserid } = await rows.add()
    expect(dataOf(await newest(externalUserid), 'handler_not_yet')).toEqual({
      handler: 'late',
      at: publishedAt,
    })
  })

  it('tells that all handlers are paused, since when and by whom', async () => {
    const paused = { at: rows.ago(300), by: 'hemin' }
    await database.models.corps.create({ corpId, name: '木棠', apps: [], paused, updatedAt: new Date() })
    const { externalUserid, ledger } = await rows.add()
    await ledger({ state: 'unused', reason: 'paused' })
    expect(dataOf(await newest(externalUserid), 'paused')).toEqual({ ...paused, stillPaused: true })
  })

  it('names the known causes where no code came, without those that can be excluded', async () => {
    const { externalUserid } = await rows.add({ code: null })
    const data = () => newest(externalUserid).then(add => dataOf(add, 'no_code'))
    expect(await data()).toEqual({ possible: ['console', 'chat'], excluded: ['colleague', 'half'] })
    const relation = { first: 'x', at: rows.ago(3_000), welcomeCode: 'code' }
    await rows.add({ at: rows.ago(3_000), follow: { relation } })
    expect(await data()).toEqual({ possible: ['chat'], excluded: ['colleague', 'half', 'console'] })
  })

  it('tells by the ledger that the two may have chatted before, or that the customer is of another company', async () => {
    const again = await rows.add({ code: null })
    await again.ledger({ state: 'no_code', attempts: 0, causes: ['again'] })
    expect(dataOf(await newest(again.externalUserid), 'no_code')).toEqual({
      possible: ['again', 'console'],
      excluded: ['colleague', 'half'],
    })
    // The customer has been removed since, and the id does not tell.
    const other = await rows.add({ code: null })
    await other.ledger({ state: 'no_code', attempts: 0, causes: ['other_company'] })
    expect(codes(await newest(other.externalUserid))).toEqual(['colleague'])
    const { id: first, at, externalUserid } = await rows.add({ code: null })
    const relation = { first, at, full: first, again: true }
    await database.models.follows.updateOne({ externalUserid }, { relation })
    expect(dataOf(await newest(externalUserid), 'no_code')).toMatchObject({ possible: ['again', 'console'] })
  })

  it('knows a WeCom user of another company by type, and by id where the platform was not asked yet', async () => {
    const { externalUserid } = await rows.add({ code: null })
    const person = { corpId, externalUserid, name: '王', type: 2, gender: 0, tags: [], corpName: '隔壁' }
    await database.models.customers.create({ ...person, readAt: new Date() })
    expect(dataOf(await newest(externalUserid), 'colleague')).toEqual({ corpName: '隔壁' })
    const other = await rows.add({ code: null, externalUserid: 'woAAAABBBBCCCCDDDDEEEEFFFFGGGG' })
    expect(codes(await newest(other.externalUserid))).toEqual(['colleague'])
  })

  it('tells that the event waits, is tried again, or was given up', async () => {
    const error = { code: 'wecom_network_error', message: 'no answer' }
    const notBefore = rows.ago(-30)
    const of = async (event: object) => newest((await rows.add({ event })).externalUserid)
    expect(await of({ state: 'waiting', attempts: 0 })).toMatchObject({
      welcome: 'pending',
      tags: 'pending',
      findings: [{ code: 'event_waiting' }],
    })
    expect((await of({ state: 'waiting', attempts: 2, notBefore, error })).findings).toMatchObject([
      { code: 'event_retrying', data: { attempts: 2, next: notBefore, trouble: error } },
    ])
    const dead = await of({ state: 'dead', attempts: 8, error })
    expect(dead).toMatchObject({
      welcome: 'not_sent',
      findings: [{ code: 'event_dead', data: { attempts: 8 } }],
    })
  })

  it('tells that an event of which only a sync knows fell into a gap, or never came', async () => {
    const at = rows.ago(4_000)
    const { externalUserid } = await rows.add({ at })
    await database.models.inbox.updateMany({}, { externalUserid: 'x', orderKey: 'customer:x' })
    const { relation: _relation, ...synced } = await database.models.follows.findOne().orFail().lean()
    await database.models.follows.updateOne({}, { addedAt: rows.ago(1_000), $unset: { relation: 1 } })
    expect(synced.addedAt).toEqual(at)
    expect((await newest(externalUserid)).findings).toMatchObject([{ code: 'never_received', about: 'both' }])
    const gap = { from: rows.ago(1_100), to: rows.ago(900), reason: 'refused' } as const
    await database.models.gaps.create({ corpId, ...gap, state: 'closed', foundAt: new Date() })
    expect((await newest(externalUserid)).findings).toEqual([{ code: 'gap', about: 'both', data: gap }])
  })

  it('says that it cannot be known any more, and a welcome that the trajectory still tells of', async () => {
    const { id, externalUserid, at } = await rows.add()
    await database.models.inbox.deleteMany({})
    expect(await newest(externalUserid)).toMatchObject({
      welcome: 'unknown',
      findings: [{ code: 'records_gone' }],
    })
    const row = { corpId, externalUserid, userid: 'lina', useridKey: 'lina', kind: 'welcomed', at } as const
    await database.models.trajectories.create({ ...row, key: `${id}/welcomed` })
    expect(await newest(externalUserid)).toMatchObject({ welcome: 'sent', findings: [{ data: { at } }] })
  })

  it('tells that a relation was over before its add was handled', async () => {
    const { id, externalUserid, at } = await rows.add()
    const endedAt = new Date(at.getTime() + 100)
    const past = [{ first: id, full: id, at, endedAt }]
    await database.models.follows.updateOne({}, { past, status: 'removed', endedAt, $unset: { relation: 1 } })
    expect((await newest(externalUserid)).findings).toEqual([
      { code: 'relation_over', about: 'both', data: { endedAt } },
    ])
  })

  it('tells why the welcome of a run was not reached, left out, or failed', async () => {
    const error = { code: 'wecom_60011', message: 'no privilege' }
    const welcome = { action: 'welcome.send' } as const
    const of = async (steps: object[], state: 'failed' | 'done') => {
      const { externalUserid, ledger, run } = await rows.add()
      await ledger({ state: 'unused', reason: state === 'failed' ? 'failed' : 'skipped' })
      await run('greets', steps, { state })
      return (await newest(externalUserid)).findings[0]
    }
    const failed = { state: 'failed', error }
    expect(await of([failed, { ...welcome, state: 'pending', attempts: 0 }], 'failed')).toMatchObject({
      code: 'step_not_reached',
      data: { step: 'step1', by: 'step0', trouble: { code: 'wecom_60011', hint: /无权访问/ } },
    })
    const why = 'steps.tag.ok eq true (was false)'
    const left = { ...welcome, state: 'skipped', skipped: 'if', if: { ok: false, why } }
    expect(await of([left], 'done')).toMatchObject({ code: 'step_if_false', data: { why } })
    expect(await of([{ ...welcome, ...failed }], 'done')).toMatchObject({ code: 'step_failed' })
    for (const [code, found] of [
      ['wecom_41096', 'other_app'],
      ['wecom_network_error', 'uncertain'],
      ['timed_out', 'uncertain'],
    ]) {
      const gone = { ...welcome, state: 'failed', error: { code, message: '' }, attempts: 3 }
      expect(await of([gone], 'done')).toMatchObject({ code: found, data: { attempts: 3 } })
    }
  })
})

describe('why it was this welcome, and no other', () => {
  const passed = (handler: string, stage: 'after' | 'when' | 'off', why: string) => {
    return { handler, revision: 1, stage, why } as const
  }

  it('tells of each handler with a welcome that was on and did not run, the nearest first', async () => {
    await rows.handler('greets', { actions: ['welcome.send'] })
    await rows.handler('late', { actions: ['welcome.send'] })
    await rows.handler('evening', { actions: ['welcome.send', 'customer.tag'] })
    await rows.handler('marks', { actions: ['customer.tag'] })
    const trigger = { event: 'customer.added', match: { state: { eq: 'fair' } } }
    await rows.handler('fair', { actions: ['welcome.send'], trigger })
    const switched = [{ at: rows.ago(600), on: false, by: 'hemin' }]
    await rows.handler('off', { actions: ['welcome.send'], enabled: false, switched })
    await rows.handler('off-fair', { actions: ['welcome.send'], enabled: false, switched, trigger })
    const { externalUserid, ledger, run } = await rows.add({
      state: 'xhs',
      event: {
        passed: [
          passed('evening', 'when', 'time.inOffice eq false (was true)'),
          passed('late', 'after', 'stopped by greets'),
          passed('marks', 'after', 'stopped by greets'),
          passed('off', 'off', ''),
          passed('off-fair', 'off', ''),
        ],
      },
    })
    await ledger({ handler: 'greets' })
    await run('greets', [{ action: 'welcome.send' }])
    const add = await newest(externalUserid)
    expect(add).toMatchObject({ welcome: 'sent', tags: 'not_marked' })
    expect(add.findings.map(({ code, data }) => [code, (data as { handler: string }).handler])).toEqual([
      ['sent', 'greets'],
      ['handler_after', 'marks'],
      ['handler_after', 'late'],
      ['handler_when', 'evening'],
      ['handler_match', 'fair'],
    ])
    expect(add.findings.map(one => one.about)).toEqual(['welcome', 'tag', 'welcome', 'both', 'welcome'])
    // There is nothing to be done about the welcome: it was sent.
    expect(advised(add)).toEqual([])
  })
})

describe('what is advised', () => {
  const stoppedBefore = (handler: string) => {
    return { handler, revision: 1, stage: 'after', why: 'stopped by greets' } as const
  }

  it('is nothing where somebody was welcomed and another handler was stopped, with tags or without', async () => {
    await rows.handler('greets', { actions: ['welcome.send'] })
    await rows.handler('sample')
    await rows.handler('rehearsed', { actions: ['customer.tag'] })
    const untagged = await rows.add({ event: { passed: [stoppedBefore('sample')] } })
    await untagged.ledger({ handler: 'greets' })
    await untagged.run('greets', [{ action: 'welcome.send' }])
    await untagged.run('rehearsed', [{ state: 'skipped', skipped: 'dry_run' }], { dryRun: true })
    const without = await newest(untagged.externalUserid)
    expect(codes(without)).toContain('handler_after')
    expect(advised(without)).toEqual(['tag_dry_run'])

    const switched = [{ at: rows.ago(600), on: false, by: 'hemin' }]
    await rows.handler('off', { enabled: false, switched })
    const tagged = await rows.add({ event: { passed: [stoppedBefore('sample')] } })
    await tagged.ledger({ handler: 'greets' })
    await tagged.run('greets', [{ action: 'welcome.send' }, { output: { added: [] } }])
    await tagged.run('rehearsed', [{ state: 'skipped', skipped: 'dry_run' }], { dryRun: true })
    const add = await newest(tagged.externalUserid)
    expect(add).toMatchObject({ welcome: 'sent', tags: 'marked' })
    expect(advised(add)).toEqual([])
  })

  it('is to switch no handler on that would not have been for the add', async () => {
    const trigger = { event: 'customer.added', match: { state: { eq: 'fair' } } }
    const switched = [{ at: rows.ago(600), on: false, by: 'hemin' }]
    await rows.handler('fair', { enabled: false, switched, trigger })
    await rows.handler('later', { publishedAt: rows.ago(1), trigger })
    const off = { handler: 'fair', revision: 1, stage: 'off', why: '' } as const
    const { externalUserid, ledger } = await rows.add({ state: 'xhs', event: { passed: [off] } })
    await ledger({ state: 'unused', reason: 'no_handler', passed: [off] })
    const add = await newest(externalUserid)
    expect(codes(add)).toEqual(['handler_match', 'handler_match'])
    expect(advised(add)).toEqual([])
  })

  it('of an add without a code says nothing of handlers that could not have welcomed either', async () => {
    await rows.handler('greets')
    await rows.handler('off', {
      actions: ['welcome.send'],
      enabled: false,
      switched: [{ at: rows.ago(600), on: false, by: 'hemin' }],
    })
    const { externalUserid, ledger } = await rows.add({
      code: null,
      event: { passed: [stoppedBefore('greets')] },
    })
    await ledger({ state: 'no_code', attempts: 0 })
    const add = await newest(externalUserid)
    expect(codes(add)).toEqual(['no_code', 'handler_after', 'handler_off'])
    expect(advised(add)).toEqual(['no_code'])
  })

  it('of a welcome that an earlier handler prevented is to let it through', async () => {
    await rows.handler('greets')
    const { externalUserid, ledger } = await rows.add()
    const passed = [{ ...stoppedBefore('greets'), why: 'stopped by notes' }]
    await ledger({ state: 'unused', reason: 'no_handler', passed })
    expect(advised(await newest(externalUserid))).toEqual(['handler_after'])
  })
})

describe('why tags were marked or not, by what is stored', () => {
  const error = (code: string) => ({ code, message: `${code}: 没有这个标签` })

  it.each([
    [{ state: 'done', output: { added: [], removed: [] } }, 'tag_held', 'marked'],
    [{ state: 'done', output: { added: ['VIP'] } }, 'tag_gone', 'not_marked'],
    [{ state: 'waiting' }, 'tag_awaits', 'pending'],
    [{ state: 'failed', error: error('tag_unknown') }, 'tag_unknown', 'not_marked'],
    [{ state: 'failed', error: error('tag_ambiguous') }, 'tag_ambiguous', 'not_marked'],
    [{ state: 'failed', error: error('wecom_60011') }, 'tag_failed', 'not_marked'],
    [{ state: 'failed', error: error('relation_over') }, 'tag_too_late', 'not_marked'],
    [{ state: 'failed', error: error('handler_off') }, 'tag_left', 'not_marked'],
    [{ state: 'failed', uncertain: true }, 'tag_uncertain', 'uncertain'],
    [{ state: 'skipped', skipped: 'if', if: { ok: false, why: 'x' } }, 'tag_if_false', 'not_marked'],
    [{ state: 'skipped', skipped: 'cooldown' }, 'tag_cooldown', 'not_marked'],
    [{ state: 'skipped', skipped: 'stop' }, 'tag_stopped', 'not_marked'],
    [{ state: 'skipped', skipped: 'dry_run', would: { add: ['VIP'] } }, 'tag_dry_run', 'not_marked'],
  ] as const)('reads the step: %o', async (step, code, verdict) => {
    const { externalUserid, ledger, run } = await rows.add()
    await ledger({ handler: 'tags' })
    await run('tags', [step])
    const add = await newest(externalUserid)
    expect(codes(add)).toEqual(['sent', code])
    expect(add.tags).toBe(verdict)
  })

  it('tells that a tag is still there, and which step kept one from being marked', async () => {
    const tag = { corpId, tagId: 't1', groupId: 'g', groupName: '等级', name: 'VIP', order: 1 }
    await database.models.tags.create(tag)
    const { externalUserid, ledger, run } = await rows.add({ follow: { tags: ['t1'] } })
    await ledger({ handler: 'tags' })
    await run('tags', [{ output: { added: ['VIP'] } }])
    const [failed, left] = [{ state: 'failed', error: error('timed_out') }, { state: 'pending' }] as const
    await run('breaks', [failed, { ...left, attempts: 0 }], { state: 'failed' })
    const add = await newest(externalUserid)
    expect(add.tags).toBe('marked')
    expect(dataOf(add, 'tagged')).toMatchObject({ handler: 'tags', added: ['VIP'] })
    await run('grouped', [{ output: { added: ['等级/VIP', '来源/VIP'] } }])
    expect(dataOf(await newest(externalUserid), 'tag_gone')).toMatchObject({ gone: ['来源/VIP'] })
    expect(dataOf(add, 'tag_not_reached')).toMatchObject({ handler: 'breaks', step: 'step1', by: 'step0' })
  })
})

describe('the adds of a customer', () => {
  it('come newest first, five at most, and only those of a staff member or since a moment', async () => {
    const { externalUserid } = await rows.add()
    const past = [5, 4, 3, 2, 1].map(n => {
      const at = rows.ago(n * 1_000)
      return { first: `past${n}`, full: `past${n}`, at, endedAt: new Date(at.getTime() + 500_000) }
    })
    await database.models.follows.updateOne({}, { past })
    const why = await explain(externalUserid)
    expect(why.adds.map(add => add.event).slice(1)).toEqual(['past1', 'past2', 'past3', 'past4'])
    expect(why.older).toBe(1)
    expect((await explain(externalUserid, { staff: 'LINA' })).adds).toHaveLength(5)
    expect((await explain(externalUserid, { staff: 'hemin' })).adds).toEqual([])
    expect((await explain(externalUserid, { since: rows.ago(1_500) })).adds).toHaveLength(2)
  })

  it('are none of an id that nobody knows; those that look like it are named', async () => {
    const { externalUserid } = await rows.add({ externalUserid: 'wmO0lIabcdefghijklmnop' })
    const of = { corpId, externalUserid, name: '王', type: 1, gender: 0, tags: [] }
    await database.models.customers.create(of)
    expect(await explain('wmoOIlABCDEFGHIJKLMNOP')).toMatchObject({ adds: [], near: [externalUserid] })
    expect(await explain('wm.*')).toMatchObject({ adds: [], near: [] })
  })

  it('are those of this corp alone', async () => {
    const { externalUserid } = await rows.add()
    const why = await explainCustomer({ models: database.models, actions }, 'ww-another', externalUserid)
    expect(why).toMatchObject({ adds: [], near: [] })
  })
})
