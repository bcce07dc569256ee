import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { contactOf, eventOf, lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { Run } from '../../models/run.ts'
import { AwaitsConfirmation } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import { publishHandler } from '../handlers/publish.ts'
import { createInbox } from './inbox.ts'
import { replayEvent } from './replay.ts'
import { runEvent } from './run-event.ts'

const probes = createProbes()
let rig: OwnEventRig
/** How often the next attempts at `probe.fails` fail. */
let failures = 0
let confirmed = false
let tests = 0
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
  probes.add('probe.fails', {}, async () => {
    failures -= 1
    if (failures >= 0) throw new Error('busy')
  })
  probes.add('probe.waits', {}, async () => {
    if (!confirmed) throw new AwaitsConfirmation(new Error('84061'))
  })
})
afterAll(() => rig.close())
beforeEach(() => {
  probes.reset()
  tests += 1
  rig.setLive({})
  failures = 1
  confirmed = false
})

const base = { trigger: { event: 'acquisition.customer_start_chat' } }
const fails = step('probe.fails')

/** Publishes the next revision of the test's handler, which is the corp's only one. */
async function publish(document: object): Promise<void> {
  const whole = { schemaVersion: 1, key: `h${tests}`, title: '试', ...document }
  const { revision } = await publishHandler(rig.deps.models, rigCorp, whole, probes.actions)
  rig.useHandlers({ ...whole, revision })
}

/** What came to its end, by step. */
const done = (): string[] => probes.done.map(one => one.replace(/^.*\//, ''))
const runOf = (event: BotEvent): Promise<Run> =>
  rig.deps.models.runs.findOne({ corpId: rigCorp, event: event.id }).orFail().lean<Run>()

describe('a handler that is changed between two attempts', () => {
  it('ends its run as it was when that began', async () => {
    await publish({ ...base, steps: [{ id: 'old', action: 'probe.sends' }, fails] })
    const event = contactOf('lina', 'wm1')
    await runEvent(rig.deps, event)
    await publish({ ...base, steps: [{ id: 'new', action: 'probe.sends' }, fails, step('probe.does')] })
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done' })
    expect(done()).toEqual(['old', 'fails'])
    expect(await runOf(event)).toMatchObject({ revision: 1, state: 'done', steps: [{ id: 'old' }, fails] })
    await runEvent(rig.deps, contactOf('lina', 'wm2'))
    expect(done().slice(2)).toEqual(['new', 'fails', 'does'])
  })

  it('goes on as it is now where the former revision is no longer kept, and keeps what was done', async () => {
    await publish({ ...base, steps: [{ id: 'old', action: 'probe.sends' }, fails] })
    const event = contactOf('lina', 'wm1')
    await runEvent(rig.deps, event)
    await publish({ ...base, steps: [fails, { id: 'old', action: 'probe.does' }] })
    await rig.deps.models.handlerRevisions.deleteOne({ key: `h${tests}`, revision: 1 })
    await runEvent(rig.deps, event)
    expect(done()).toEqual(['old', 'fails', 'old'])
    expect(await runOf(event)).toMatchObject({
      ...{ revision: 2, state: 'done' },
      steps: [
        { id: 'old', action: 'probe.sends', state: 'done', revision: 1 },
        { id: 'fails', state: 'done' },
        { id: 'old', action: 'probe.does', state: 'done' },
      ],
    })
  })

  it('reads the arguments of its command as they were', async () => {
    const command = (name: string) => ({
      trigger: { command: '报价', args: [{ name, title: '客户', type: 'word' }] },
      steps: [fails, step('probe.does', { with: { text: `{{ args.${name} }}` } })],
    })
    await publish(command('who'))
    const event = lineFrom('lina', '报价 小林')
    await runEvent(rig.deps, event)
    await publish(command('whom'))
    await runEvent(rig.deps, event)
    expect((await runOf(event)).steps).toMatchObject([{ state: 'done' }, { output: { text: '小林' } }])
  })
})

it('goes on after a confirmation as it was when the run began', async () => {
  const add = (kind: string, second: number): BotEvent =>
    eventOf(
      `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${kind}</ChangeType><UserID>lina</UserID><ExternalUserID>wm3</ExternalUserID>`,
      second,
    )
  const inbox = createInbox(rig.deps.models, 60_000, rig.deps)
  const now = Math.floor(rig.deps.clock.now() / 1000)
  const added = { trigger: { event: 'customer.added' } }
  await publish({ ...added, steps: [step('probe.waits'), step('probe.does')] })
  const half = add('add_half_external_contact', now - 2)
  await inbox.put(half, '1000002')
  await runEvent(rig.deps, half)
  await publish({ ...added, steps: [step('probe.sends')] })
  confirmed = true
  await runEvent(rig.deps, add('add_external_contact', now))
  expect(done()).toEqual(['does', 'waits'])
  expect(await runOf(half)).toMatchObject({ revision: 1, state: 'done' })
})

describe('a replay after a handler was changed', () => {
  /** An event whose run failed at `probe.refuses`, is given up, and replayed once the handler has these steps. */
  async function replayed(first: object[], then: object[]): Promise<BotEvent> {
    await publish({ ...base, steps: first })
    const event = contactOf('lina', 'wm1')
    await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
    await runEvent(rig.deps, event)
    await rig.deps.models.inbox.updateOne({ _id: event.id }, { state: 'dead' })
    await publish({ ...base, steps: then })
    expect(await replayEvent(rig.deps.models, event.id, { fresh: false })).toBe('replayed')
    await runEvent(rig.deps, event)
    return event
  }

  it('uses it as it is now, without what was done, and tells which revision did what', async () => {
    const sends = step('probe.sends')
    const event = await replayed(
      [sends, step('probe.refuses')],
      [sends, { id: 'refuses', action: 'probe.does' }],
    )
    expect(done()).toEqual(['sends', 'refuses'])
    expect(await runOf(event)).toMatchObject({
      ...{ revision: 2, state: 'done' },
      steps: [
        { id: 'refuses', action: 'probe.refuses', state: 'failed', revision: 1, error: { code: 'refused' } },
        { id: 'sends', state: 'done', revision: 1 },
        { id: 'refuses', action: 'probe.does', state: 'done' },
      ],
    })
  })

  it('does a step again whose action has become another', async () => {
    await replayed(
      [{ id: 'x', action: 'probe.does' }, step('probe.refuses')],
      [{ id: 'x', action: 'probe.sends' }, step('probe.reads')],
    )
    expect(done()).toEqual(['x', 'x', 'reads'])
  })
})
