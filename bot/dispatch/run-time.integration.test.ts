import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { lineFrom } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { Run } from '../../models/run.ts'
import type { BotEvent } from '../events/parse.ts'
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

afterEach(() => {
  vi.useRealTimers()
})

const says = { message: { contains: ['你好'] } }
const hello = (): BotEvent => lineFrom('lina', '你好')

describe('the time of a run', () => {
  const limited = { key: 'slow', trigger: says, run: { timeoutMs: 300 } }

  it('has an idempotent step that hangs tried again, as often as it may', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.hangs', { retry: { max: 1 } })] })
    const event = hello()
    const outcomes = [await runEvent(rig.deps, event), await runEvent(rig.deps, event)]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['again', 'dead'])
    expect(probes.seen).toHaveLength(2)
  })

  it('fails a step as uncertain that may have sent something, and does not send it again', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.sends-and-hangs')] })
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(probes.seen).toHaveLength(1)
    expect(await rig.runOf('slow', event)).toMatchObject({
      steps: [{ state: 'failed', uncertain: true, error: { code: 'timed_out' } }],
    })
  })

  it('aborts the signal of the step', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.hangs')] })
    await runEvent(rig.deps, hello())
    expect(probes.seen[0]?.signal.reason).toMatchObject({ code: 'timed_out' })
  })

  it('lets what is left have the time of another attempt', async () => {
    const hanging = step('probe.hangs', { retry: { max: 0 }, onError: 'continue' })
    rig.useHandlers({ ...limited, steps: [hanging, step('probe.does')] })
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'again' })
    expect(probes.done).toEqual([])
    rig.useHandlers({ ...limited, run: { timeoutMs: 20_000 }, steps: [hanging, step('probe.does')] })
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done' })
    expect(probes.done).toEqual(['slow/does'])
  })

  it('does not end the wait of a message for its turn: it is tried until it is sent', async () => {
    const steps = [step('reply', { with: { text: '好' } })]
    rig.useHandlers({ ...limited, run: { timeoutMs: 20_000 }, steps })
    const sent = (): number => rig.platform.calls.filter(path => path === 'message/send').length
    const before = sent()
    for (const _ of [1, 2])
      expect((await runEvent(rig.deps, lineFrom('chenjie', '你好'))).outcome).toBe('done')
    rig.useHandlers({ ...limited, steps })
    const event = lineFrom('chenjie', '你好')
    for (const _ of [1, 2, 3, 4]) expect((await runEvent(rig.deps, event)).outcome).toBe('again')
    expect(sent() - before).toBe(2)
    expect(await rig.runOf('slow', event)).toMatchObject({
      ...{ state: 'running', steps: [{ state: 'pending', attempts: 0, error: { code: 'timed_out' } }] },
    })
  })

  it('is not written over by what an answer of several parts still stores when it is over', async () => {
    const text = '一行字\n'.repeat(700)
    const run = { timeoutMs: 2_000 }
    rig.useHandlers({ ...limited, run, steps: [step('reply', { with: { text } })] })
    const { runs } = rig.deps.models
    const update = runs.updateOne.bind(runs)
    let late: Promise<unknown> = Promise.resolve()
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    // The database takes its time with the first part, and that of the run is over meanwhile.
    runs.updateOne = ((...args: Parameters<typeof update>) => {
      const { steps, state } = (args[1] as { $set: Pick<Run, 'steps' | 'state'> }).$set
      if (state !== 'running' || steps[0]?.parts !== 1) return update(...args)
      vi.advanceTimersByTime(run.timeoutMs)
      late = delay(300).then(() => update(...args))
      return late
    }) as typeof runs.updateOne
    const event = hello()
    try {
      expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
      await late
    } finally {
      runs.updateOne = update
    }
    expect(await rig.runOf('slow', event)).toMatchObject({
      ...{ state: 'failed', gaveUp: true, steps: [{ state: 'failed', uncertain: true }] },
    })
  })

  it('fails a message as uncertain that was on its way', async () => {
    const run = { timeoutMs: 3_000 }
    rig.useHandlers({ ...limited, run, steps: [step('reply', { with: { text: '好' } })] })
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    rig.platform.next('message/send', () => void vi.advanceTimersByTime(run.timeoutMs))
    const event = lineFrom('wangfang', '你好')
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(await rig.runOf('slow', event)).toMatchObject({ steps: [{ state: 'failed', uncertain: true }] })
  })
})
