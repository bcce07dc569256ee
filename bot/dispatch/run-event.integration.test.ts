import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { contactOf, lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { BotEvent } from '../events/parse.ts'
import { handleEvent } from './handle-event.ts'
import { createInbox } from './inbox.ts'
import { dispatchLimits } from './limits.ts'
import { replayEvent } from './replay.ts'
import { runEvent } from './run-event.ts'

const probes = createProbes()
let rig: OwnEventRig
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
})
afterAll(() => rig.close())
beforeEach(() => {
  probes.reset()
  return rig.reset()
})

const says = { message: { contains: ['你好'] } }
const good = { key: 'z-good', trigger: says, steps: [step('probe.does')] }
const hello = (): BotEvent => lineFrom('lina', '你好')

describe('an event with a handler that is at fault', () => {
  it('has its other handlers run beside one that throws, one that hangs and one whose text loops', async () => {
    rig.useHandlers(
      { key: 'a-throws', trigger: says, steps: [step('probe.throws', { retry: { max: 0 } })] },
      {
        ...{ key: 'b-hangs', trigger: says, run: { timeoutMs: 100 } },
        steps: [step('probe.hangs', { retry: { max: 0 } })],
      },
      {
        ...{ key: 'c-loops', trigger: says },
        steps: [
          step('probe.does', {
            ...{ retry: { max: 0 }, with: { text: '{% for i in (1..100000000) %}{{ i }}{% endfor %}' } },
          }),
        ],
      },
      good,
    )
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(probes.done).toEqual(['z-good/does'])
    expect(await rig.runOf('a-throws', event)).toMatchObject({
      ...{ state: 'failed', gaveUp: true },
      steps: [{ state: 'failed', error: { message: 'undefined is not a function' } }],
    })
    expect(await rig.runOf('b-hangs', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed', error: { code: 'timed_out' } }] },
    })
    expect(await rig.runOf('c-loops', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed', error: { message: /limit/ } }] },
    })
    expect(await rig.runOf('z-good', event)).toMatchObject({ state: 'done' })
  })

  it('has the others run also where a run cannot be stored, and is tried again', async () => {
    // No document of a database holds so much.
    probes.add('probe.huge', {}, async () => ({ text: 'x'.repeat(17_000_000) }))
    const steps = [step('probe.huge'), step('probe.does')]
    rig.useHandlers({ key: 'a-huge', trigger: says, steps }, good)
    await expect(runEvent(rig.deps, hello())).rejects.toThrow()
    expect(probes.done).toEqual(['a-huge/huge', 'z-good/does'])
  })
})

describe('handlers that are paused', () => {
  const by = { at: new Date('2026-03-01T02:03:04Z'), by: 'zhouming' }

  it('do not run, which the event keeps, and run when it is replayed', async () => {
    rig.useHandlers(good)
    const event = hello()
    const inbox = createInbox(rig.deps.models, 60_000, rig.deps)
    await inbox.put(event, '1000002')
    const stored = () => rig.deps.models.inbox.findById(event.id).orFail().lean()
    rig.setLive({ paused: by })
    await handleEvent(rig.deps, runEvent, await stored(), dispatchLimits)
    expect(probes.done).toEqual([])
    expect(await stored()).toMatchObject({
      ...{ state: 'done', passed: [{ handler: 'z-good', stage: 'paused' }] },
    })
    expect((await stored()).passed?.[0]?.why).toBe('since 2026-03-01T02:03:04.000Z by zhouming')
    rig.setLive({})
    await rig.deps.models.inbox.updateOne({ _id: event.id }, { state: 'waiting' })
    await handleEvent(rig.deps, runEvent, await stored(), dispatchLimits)
    expect(probes.done).toEqual(['z-good/does'])
    expect((await stored()).passed).toBeUndefined()
  })

  it('do not go on either', async () => {
    rig.useHandlers({ key: 'begun', trigger: says, steps: [step('probe.throws')] })
    const event = hello()
    await runEvent(rig.deps, event)
    rig.setLive({ paused: by })
    expect(await runEvent(rig.deps, event)).toMatchObject({ passed: [{ stage: 'paused' }] })
    expect(probes.seen).toHaveLength(1)
  })

  it('do not take their next step either, nor does the next one begin, once they are paused', async () => {
    probes.add('probe.pauses', {}, async () => rig.setLive({ paused: by }))
    rig.useHandlers({ key: 'a', trigger: says, steps: [step('probe.pauses'), step('probe.does')] }, good)
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({
      ...{ outcome: 'again', passed: [{ handler: 'z-good', stage: 'paused' }] },
    })
    expect(await rig.runOf('a', event)).toMatchObject({
      ...{ state: 'running', steps: [{ state: 'done' }, { state: 'pending', attempts: 0 }] },
    })
    rig.setLive({})
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done', passed: [] })
    expect(probes.done).toEqual(['a/pauses', 'a/does', 'z-good/does'])
  })

  it('leave commands as they are', async () => {
    rig.useHandlers({ key: 'command', trigger: { command: '报价' }, steps: [step('probe.does')] })
    rig.setLive({ paused: by })
    await runEvent(rig.deps, lineFrom('lina', '报价'))
    expect(probes.done).toEqual(['command/does'])
  })
})

describe('a line that a message rule would take', () => {
  const args = [{ name: 'who', title: '客户', type: 'word' }]
  const command = { key: 'command', trigger: { command: '报价', args }, steps: [step('probe.does')] }
  const rule = { key: 'rule', trigger: { message: { contains: ['小林'] } }, steps: [step('probe.sends')] }
  const tried = { ...rule, run: { dryRun: true } }
  /** How many messages a line is answered with, and the event. */
  async function say(text: string): Promise<{ answers: number; event: BotEvent; passed: unknown }> {
    const sent = (): number => rig.platform.calls.filter(path => path === 'message/send').length
    const before = sent()
    const event = lineFrom('wangfang', text)
    const { passed } = await runEvent(rig.deps, event)
    return { answers: sent() - before, event, passed }
  }

  it('is a command that sticks to its argument where the rule is tried out, which has its trace beside it', async () => {
    rig.useHandlers(command, tried)
    const { event } = await say('报价小林')
    expect(probes.done).toEqual(['command/does'])
    expect(await rig.runOf('rule', event)).toMatchObject({ state: 'done', dryRun: true })
  })

  it('is answered as unknown where the rule is tried out, or paused', async () => {
    rig.useHandlers(command, tried)
    const { answers, event } = await say('抱价 小林')
    expect(answers).toBe(1)
    expect(await rig.runOf('rule', event)).toMatchObject({ state: 'done', dryRun: true })
    rig.useHandlers(command, rule)
    rig.setLive({ paused: { at: new Date(), by: 'zhouming' } })
    expect(await say('抱价 小林')).toMatchObject({
      ...{ answers: 1, passed: [{ handler: 'rule', stage: 'paused' }] },
    })
  })

  it('is nobody else’s where the rule is live', async () => {
    rig.useHandlers(command, rule)
    expect(await say('报价小林')).toMatchObject({ answers: 0 })
    expect(probes.done).toEqual(['rule/sends'])
  })
})

describe('a later attempt at an event', () => {
  const talks = { event: 'acquisition.customer_start_chat' }
  const follows = { corpId: rigCorp, userid: 'lina', externalUserid: 'wm-asked' }
  const won = { path: 'follow.stage', is: 'eq', value: '已成交' }
  const a = { key: 'a', trigger: talks, steps: [step('probe.wins'), step('probe.fails')] }
  const b = { key: 'b', trigger: talks, when: won, steps: [step('probe.does')] }

  it('runs those that the first chose, and no others; a replay asks anew', async () => {
    const { follows: kept, inbox } = rig.deps.models
    let failures = 1
    probes.add('probe.wins', {}, async () => void (await kept.updateOne(follows, { stage: '已成交' })))
    probes.add('probe.fails', {}, async () => {
      failures -= 1
      if (failures >= 0) throw new Error('busy')
    })
    await kept.create({ ...follows, useridKey: 'lina', customerName: '林', status: 'active' })
    rig.useHandlers(a, b)
    const event = contactOf('lina', 'wm-asked')
    await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
    const stored = () => inbox.findById(event.id).orFail().lean()
    const attempt = async () => handleEvent(rig.deps, runEvent, await stored(), dispatchLimits)
    await attempt()
    expect(await stored()).toMatchObject({ state: 'waiting', chosen: ['a'] })
    rig.useHandlers(a, b, { key: 'c', trigger: talks, steps: [step('probe.does')] })
    await attempt()
    expect(probes.done).toEqual(['a/wins', 'a/fails'])
    expect(await stored()).toMatchObject({ state: 'done', passed: [{ handler: 'b', stage: 'when' }] })
    expect((await stored()).chosen).toBeUndefined()
    expect(await replayEvent(rig.deps.models, event.id, { fresh: false })).toBe('replayed')
    await attempt()
    expect(probes.done.slice(2)).toEqual(['b/does', 'c/does'])
  })
})

describe('handlers that are passed over', () => {
  it('are kept with the reason: scope, conditions, and an earlier one that stopped the event', async () => {
    const when = { path: 'staff.userid', is: 'eq', value: 'wangfang' }
    rig.useHandlers(
      { ...good, key: 'a-scope', scope: { staff: ['wangfang'] } },
      { ...good, key: 'b-when', when },
      { ...good, key: 'c-stops', after: 'stop' },
      { ...good, key: 'd-after' },
    )
    const { passed } = await runEvent(rig.deps, hello())
    expect(passed.map(({ handler, stage }) => `${handler} ${stage}`)).toEqual([
      ...['a-scope scope', 'b-when when', 'd-after after'],
    ])
    expect(passed.every(({ why }) => why !== '')).toBe(true)
  })

  it('are named also where they are off or broken, as far as they ask for such an event', async () => {
    const trigger = { event: 'message.text' }
    const idle = { revision: 3, title: '试' }
    rig.useHandlers(good)
    rig.setLive({
      off: [
        { ...idle, key: 'off', trigger },
        { ...idle, key: 'other', trigger: { event: 'customer.added' } },
      ],
      broken: [{ ...idle, key: 'broken', trigger, problems: [{ path: 'steps', message: 'is missing' }] }],
    })
    expect((await runEvent(rig.deps, hello())).passed).toEqual([
      { handler: 'off', revision: 3, stage: 'off', why: '' },
      { handler: 'broken', revision: 3, stage: 'broken', why: 'steps is missing' },
    ])
  })

  it('are not held back by a handler that failed', async () => {
    rig.useHandlers({ ...good, key: 'a-stops', after: 'stop', steps: [step('probe.refuses')] }, good)
    expect(await runEvent(rig.deps, hello())).toMatchObject({ passed: [] })
    expect(probes.done).toEqual(['z-good/does'])
  })
})
