import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { lineFrom } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import { runEvent } from './run-event.ts'

const probes = createProbes()
/** What the next attempts at the step come to, in turn; those after the last of them succeed. */
let attempts: (() => Promise<unknown>)[] = []
probes.add('probe.next', {}, () => attempts.shift()?.() ?? Promise.resolve({}))

describe('a run that another process has gone on with, while this one was taken for dead', () => {
  let rig: OwnEventRig
  beforeAll(async () => {
    rig = await openOwnEventRig(probes.actions)
  })
  afterAll(() => rig.close())
  beforeEach(() => {
    probes.reset()
    attempts = []
    return rig.reset()
  })

  it.each([
    ['begun by this one', 0, 'fails'],
    ['begun by this one', 0, 'succeeds'],
    ['begun before', 1, 'fails'],
    ['begun before', 1, 'succeeds'],
  ])('stays as the other has left it: %s (%i attempts), whose step %s', async (_how, before, end) => {
    const trigger = { message: { contains: ['你好'] } }
    rig.useHandlers({ key: 'slow', trigger, steps: [step('probe.next')] })
    const event = lineFrom('lina', '你好')
    const fails = () => Promise.reject(new Error('cut off'))
    let letGo = () => {}
    const held = new Promise<void>(resolve => {
      letGo = resolve
    })
    attempts = before === 0 ? [] : [fails]
    if (before > 0) expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'again' })

    attempts = [() => held.then(() => (end === 'fails' ? fails() : {}))]
    const late = runEvent(rig.deps, event)
    const ended = expect(late).rejects.toMatchObject({ code: 'run_taken' })
    await vi.waitFor(() => expect(probes.seen).toHaveLength(before + 1), 20_000)
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done' })
    const done = await rig.runOf('slow', event)
    expect(done).toMatchObject({ state: 'done', steps: [{ state: 'done', attempts: before + 1 }] })
    letGo()
    await ended
    expect(await rig.runOf('slow', event)).toEqual(done)
  })
})
