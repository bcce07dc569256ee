import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { BotEvent } from '../events/parse.ts'
import { contextOf } from './candidates.ts'
import { dryRun } from './dry-run.ts'
import { loadSurroundings } from './load-facts.ts'
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

describe('the trace of a run', () => {
  it('says what began it, why its conditions held, and why a step was skipped', async () => {
    rig.useHandlers({
      ...{ key: 'traced', trigger: says, when: { path: 'staff.userid', is: 'eq', value: 'lina' } },
      steps: [
        step('probe.does', { with: { text: '{{ run.handler }} {{ run.by }} {{ run.dryRun }}' } }),
        step('probe.reads', { if: { path: 'steps.does.output.text', is: 'eq', value: '' } }),
      ],
    })
    const event = hello()
    await runEvent(rig.deps, event)
    expect(await rig.runOf('traced', event)).toMatchObject({
      ...{ trigger: 'message', when: { ok: true, why: expect.stringContaining('staff.userid eq') } },
      steps: [
        { state: 'done', ms: expect.any(Number), output: { text: 'traced message false' } },
        { state: 'skipped', skipped: 'if', if: { ok: false, why: expect.stringContaining('traced') } },
      ],
    })
  })

  it('is stored after each step that changed something, before the next one, in one write', async () => {
    const states: string[][] = []
    probes.add('probe.looks', { effect: 'read' }, async () => {
      const run = await rig.deps.models.runs.findOne({ handler: 'watched' }).lean()
      states.push((run?.steps ?? []).map(({ state }) => state))
    })
    let writes = 0
    const { runs } = rig.deps.models
    const update = runs.updateOne.bind(runs)
    runs.updateOne = ((...args: Parameters<typeof update>) => {
      writes += 1
      return update(...args)
    }) as typeof runs.updateOne
    rig.useHandlers({
      ...{ key: 'watched', trigger: says },
      steps: [
        step('probe.does'),
        ...['one', 'two'].map(id => ({ id, action: 'probe.looks' })),
        step('probe.sends'),
        { id: 'three', action: 'probe.looks' },
      ],
    })
    try {
      await runEvent(rig.deps, hello())
    } finally {
      runs.updateOne = update
    }
    expect(states.map(all => all[0])).toEqual(['done', 'done', 'done'])
    expect(states[2]?.[3]).toBe('done')
    // After the first, before the one that sends, after it, at the end.
    expect(writes).toBe(4)
  })

  it('masks mobile numbers once the run is over, and later steps see them whole', async () => {
    rig.useHandlers({
      ...{ key: 'masked', trigger: says },
      steps: [
        step('probe.reads', { with: { text: '13812341234' } }),
        step('probe.does', { with: { text: '{{ steps.reads.output.text }}' } }),
      ],
    })
    const event = hello()
    await runEvent(rig.deps, event)
    expect(JSON.stringify(await rig.runOf('masked', event))).not.toContain('13812341234')
  })

  it('says what a stop left out', async () => {
    rig.useHandlers(
      {
        ...{ key: 'stops', trigger: says },
        steps: [step('stop', { with: { all: true } }), step('probe.does')],
      },
      good,
    )
    const event = hello()
    const { passed } = await runEvent(rig.deps, event)
    expect(await rig.runOf('stops', event)).toMatchObject({
      ...{ state: 'done', steps: [{ state: 'done' }, { state: 'skipped', skipped: 'stop' }] },
    })
    expect(passed).toMatchObject([{ handler: 'z-good', stage: 'after', why: 'stopped by stops' }])
  })
})

describe('a handler that is a dry run', () => {
  const dry = { key: 'a-dry', trigger: says, after: 'stop', run: { dryRun: true } }

  it('does nothing but read, says what it would have done, and stops nobody', async () => {
    const steps = [
      step('probe.reads', { with: { text: '好' } }),
      step('probe.does', { with: { text: '{{ steps.reads.output.text }}' } }),
      step('reply', { if: { path: 'steps.does.ok', is: 'eq', value: true }, with: { text: '你也好' } }),
    ]
    rig.useHandlers({ ...dry, steps }, good)
    const event = hello()
    const before = rig.platform.calls.length
    await runEvent(rig.deps, event)
    expect(probes.done).toEqual(['a-dry/reads', 'z-good/does'])
    expect(rig.platform.calls.length).toBe(before)
    expect(await rig.runOf('a-dry', event)).toMatchObject({
      ...{ state: 'done', dryRun: true },
      steps: [
        { state: 'done' },
        { state: 'skipped', skipped: 'dry_run', would: { text: '好' } },
        { state: 'skipped', skipped: 'dry_run', would: { message: '你也好' } },
      ],
    })
  })

  it('leaves the event done although a step of it would fail', async () => {
    rig.useHandlers({ ...dry, steps: [step('probe.misreads'), step('probe.sends')] })
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done' })
    expect(await rig.runOf('a-dry', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed' }, { state: 'pending' }] },
    })
  })

  it('is made of any handler and event for whoever asks, and nothing of it is stored or sent', async () => {
    probes.add('probe.reads', { effect: 'read' }, async ({ text = '' }, context) => {
      await context.reply(text)
      return { text }
    })
    probes.add('staff.tells', { effect: 'external' }, async () => ({}))
    const send = { touser: 'lina', agentid: 1, msgtype: 'text', text: { content: '好' } } as const
    probes.add('staff.writes', { effect: 'read' }, (_params, context) =>
      context.client.call('message/send', send),
    )
    rig.useHandlers({
      ...{ key: 'asked', trigger: { event: 'customer.lost' } },
      steps: [
        step('probe.reads', { with: { text: '13812341234' } }),
        step('staff.tells', { with: { text: '{{ steps.reads.output.text }}' } }),
        step('staff.writes'),
      ],
    })
    const event = hello()
    const around = await loadSurroundings(rig.deps, event, event.name)
    const set = await rig.deps.live.of(rigCorp)
    const [handler] = set.handlers
    if (handler === undefined) throw new Error('there is one')
    const context = contextOf(rig.deps, event, around, set)
    const before = rig.platform.calls.length
    const { facts } = around
    expect(await dryRun(rig.deps, { event, name: event.name, handler, facts, context })).toMatchObject({
      ...{ state: 'failed', dryRun: true, finishedAt: expect.any(Date) },
      steps: [
        { state: 'done', output: { text: '13812341234' }, would: { reply: ['13812341234'] } },
        { state: 'skipped', would: { text: '13812341234' } },
        { state: 'failed', error: { code: 'dry_run' } },
      ],
    })
    expect(rig.platform.calls.length).toBe(before)
    expect(await rig.deps.models.runs.countDocuments()).toBe(0)
  })
})
