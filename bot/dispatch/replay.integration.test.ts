import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { contactOf, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes } from '../../fixtures/test/probes.ts'
import type { Run } from '../../models/run.ts'
import type { BotEvent } from '../events/parse.ts'
import { createInbox } from './inbox.ts'
import { replayEvent } from './replay.ts'
import { runEvent } from './run-event.ts'
import { eventOf } from './stored-event.ts'

const probes = createProbes()
const whole = `电话13812345678 ${'好'.repeat(300)}`
const talks = { event: 'acquisition.customer_start_chat' }
const find = { id: 'find', action: 'probe.finds' }
const refused = { id: 'send', action: 'probe.refuses' }
const send = { id: 'send', action: 'probe.does', with: { text: '{{ steps.find.output.text }}' } }

let rig: OwnEventRig
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
})
afterAll(() => rig.close())
beforeEach(async () => {
  probes.reset()
  await rig.deps.models.runs.deleteMany({})
})

const live = (...steps: object[]): void => rig.useHandlers({ key: 'mended', trigger: talks, steps })
const runOf = (event: BotEvent): Promise<Run | null> =>
  rig.deps.models.runs.findOne({ corpId: rigCorp, event: event.id }).lean()

/** An event whose second step was refused, handled once more after the handler has been mended. */
async function replayed(...mended: object[]): Promise<Run | null> {
  live(find, refused)
  const event = contactOf('lina', 'wm1')
  await createInbox(rig.deps.models, 86_400_000).put(event, '1000002')
  await runEvent(rig.deps, event)
  expect(JSON.stringify(await runOf(event))).not.toContain('13812345678')
  live(...mended)
  await rig.deps.models.inbox.updateOne({ _id: event.id }, { $set: { state: 'done' } })
  expect(await replayEvent(rig.deps.models, event.id, { fresh: false })).toBe('replayed')
  await runEvent(rig.deps, event)
  return runOf(event)
}

describe('a replay', () => {
  it('reads anew what was read and is masked and cut in the trace', async () => {
    const given: unknown[] = []
    probes.add('probe.finds', { effect: 'read' }, async () => ({ text: whole }))
    probes.add('probe.does', {}, async params => void given.push(params))
    expect((await replayed(find, send))?.state).toBe('done')
    expect(given).toEqual([{ text: whole }])
  })

  it('reads anew what that was read from, and nothing else', async () => {
    let looked = 0
    const given: unknown[] = []
    probes.add('probe.finds', { effect: 'read' }, async ({ text = whole }) => {
      looked += 1
      return { text }
    })
    probes.add('probe.does', {}, async params => void given.push(params))
    const more = { id: 'more', action: 'probe.finds', with: { text: '{{ steps.find.output.text }}' } }
    live(find, more, { id: 'other', action: 'probe.finds' }, refused)
    const event = contactOf('lina', 'wm2')
    await createInbox(rig.deps.models, 86_400_000).put(event, '1000002')
    await runEvent(rig.deps, event)
    live(
      find,
      more,
      { id: 'other', action: 'probe.finds' },
      {
        ...send,
        with: { text: '{{ steps.more.output.text }}' },
      },
    )
    await rig.deps.models.inbox.updateOne({ _id: event.id }, { $set: { state: 'done' } })
    await replayEvent(rig.deps.models, event.id, { fresh: false })
    await runEvent(rig.deps, event)
    expect([looked, given]).toEqual([5, [{ text: whole }]])
  })

  it('tells nobody what is masked and cut of something that was done', async () => {
    probes.add('probe.finds', {}, async () => ({ text: whole, id: '7' }))
    probes.add('probe.does', {}, async () => {
      throw new Error('it was done')
    })
    const run = await replayed(find, send)
    expect(run).toMatchObject({
      state: 'failed',
      steps: [{ state: 'done' }, { error: { code: 'output_cut' } }],
    })
  })

  it('goes on with what is kept as it was of something that was done', async () => {
    const given: unknown[] = []
    probes.add('probe.finds', {}, async () => ({ text: whole, id: '7' }))
    probes.add('probe.does', {}, async params => void given.push(params))
    await replayed(find, { ...send, with: { text: '{{ steps.find.output.id }}' } })
    expect(given).toEqual([{ text: '7' }])
  })

  it('from the start does anew what is done once for each step, each time, and in its further attempts the same', async () => {
    let failing = true
    probes.add('probe.falters', { effect: 'external' }, async () => {
      failing = !failing
      if (!failing) throw new Error('it passes')
    })
    live({ id: 'once', action: 'probe.falters' })
    const event = contactOf('lina', 'wm3')
    await createInbox(rig.deps.models, 86_400_000).put(event, '1000002')
    const handle = async (): Promise<void> => {
      const stored = await rig.deps.models.inbox.findById(event.id).orFail().lean()
      expect((await runEvent(rig.deps, eventOf(stored))).outcome).toBe('again')
      expect((await runEvent(rig.deps, eventOf(stored))).outcome).toBe('done')
      await rig.deps.models.inbox.updateOne({ _id: event.id }, { $set: { state: 'done' } })
    }
    await handle()
    for (const _ of [1, 2]) {
      expect(await replayEvent(rig.deps.models, event.id, { fresh: true })).toBe('replayed')
      await handle()
    }
    const keys = probes.seen.map(({ key }) => key.replace(event.id, ''))
    expect(keys).toEqual(['', '', '~1', '~1', '~2', '~2'].map(again => `${again}/mended/once`))
  })
})
