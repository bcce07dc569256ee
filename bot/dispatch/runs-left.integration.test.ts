import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventOf, lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Run } from '../../models/run.ts'
import { AwaitsConfirmation } from '../actions/define.ts'
import type { BotEvent } from '../events/parse.ts'
import { handleEvent } from './handle-event.ts'
import { arrivalOf, createInbox } from './inbox.ts'
import { dispatchLimits } from './limits.ts'
import { replayEvent } from './replay.ts'
import { runEvent } from './run-event.ts'
import { freshStartId, putStart } from './starts.ts'

const probes = createProbes()
let rig: OwnEventRig
/** The staff member has not confirmed the request: `probe.waits` waits for it. */
let unconfirmed = true
/** `probe.flaky` fails in a way that may pass. */
let failing = true
let customer: string
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
  probes.add('probe.waits', {}, async () => {
    if (unconfirmed) throw new AwaitsConfirmation()
    return {}
  })
  probes.add('probe.flaky', {}, async () => {
    if (failing) throw new Error('it may pass')
    return {}
  })
})
afterAll(() => rig.close())
beforeEach(async () => {
  probes.reset()
  rig.setLive({})
  rig.useHandlers()
  unconfirmed = true
  failing = true
  customer = `wm${randomUUID()}`
})

const runOf = (handler: string, { id }: BotEvent): Promise<Run> =>
  rig.deps.models.runs.findOne({ corpId: rigCorp, handler, event: id }).orFail().lean()
const stored = ({ id }: BotEvent): Promise<InboxEvent> => rig.deps.models.inbox.findById(id).orFail().lean()

/** Handles an event as it lies in the inbox, and returns what is stored then. */
async function handle(event: BotEvent): Promise<InboxEvent> {
  await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
  await handleEvent(rig.deps, runEvent, await stored(event), dispatchLimits)
  return stored(event)
}

const begun = Math.floor(Date.now() / 1000) - 600
/** An event of the pair, so many seconds after the first. */
const pairEvent = (change: string, second: number, more = ''): BotEvent =>
  eventOf(
    `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${change}</ChangeType><UserID>lina</UserID><ExternalUserID>${customer}</ExternalUserID>${more}`,
    begun + second,
  )
const half = (second: number, state = 'fair'): BotEvent =>
  pairEvent('add_half_external_contact', second, `<State>${state}</State>`)
const full = (second: number): BotEvent => pairEvent('add_external_contact', second)

const said = { with: { text: '13812345678' } }
const added = { event: 'customer.added' }
const by = (state: string) => ({ event: 'customer.added', match: { state: { eq: state } } })
const waits = { key: 'waits', trigger: added, steps: [step('probe.waits')] }

const idle = { key: 'left', revision: 1, title: '试', trigger: {} }
const problems = [{ path: 'steps', message: 'is wrong' }]
const paused = { at: new Date('2026-03-01T02:03:04Z'), by: 'zhouming' }
/** What becomes of the handler `left` after its run began: the stage and the reason that are told, and how it comes about. */
const changes: [string, string, (document: object) => void][] = [
  ['off', 'there is no such handler', () => rig.useHandlers()],
  ['off', 'it is switched off', () => without({ off: [idle] })],
  ['broken', 'steps is wrong', () => without({ broken: [{ ...idle, problems }] })],
  ['paused', 'since 2026-03-01T02:03:04.000Z by zhouming', () => rig.setLive({ paused })],
  ['dry_run', 'it is a dry run now', document => rig.useHandlers({ ...document, run: { dryRun: true } })],
]

function without(live: Parameters<OwnEventRig['setLive']>[0]): void {
  rig.useHandlers()
  rig.setLive(live)
}

describe('a run that waits for a confirmation', () => {
  const left = { key: 'left', trigger: added, steps: [step('probe.reads', said), step('probe.waits')] }

  it.each(changes)('ends there as %s, %s, which the confirmation keeps', async (stage, why, change) => {
    rig.useHandlers(left)
    const first = half(0)
    await handle(first)
    expect(await runOf('left', first)).toMatchObject({ state: 'waiting' })
    change(left)
    unconfirmed = false
    const { state, passed } = await handle(full(60))
    expect({ state, passed }).toMatchObject({
      ...{ state: 'done', passed: [{ handler: 'left', stage, why }] },
    })
    expect(probes.done).toEqual(['left/reads'])
    expect(await runOf('left', first)).toMatchObject({
      state: 'failed',
      // As of any run that is over, nothing more is kept of what was read than a trace shows.
      steps: [
        { state: 'done', output: { text: '138****5678' } },
        { state: 'failed', error: { code: `handler_${stage}`, message: why } },
      ],
    })
  })

  it('is gone on with by a replay of its event, when the handler is there again', async () => {
    rig.useHandlers(left)
    const first = half(0)
    await handle(first)
    rig.setLive({ paused })
    unconfirmed = false
    await handle(full(60))
    rig.setLive({})
    expect(await replayEvent(rig.deps.models, first.id, { fresh: false })).toBe('replayed')
    await handle(first)
    expect(probes.done).toEqual(['left/reads', 'left/waits'])
    expect(await runOf('left', first)).toMatchObject({ state: 'done' })
  })

  it.each([
    ['the staff member deleted the customer', 'del_external_contact'],
    ['the customer deleted the staff member', 'del_follow_user'],
  ])('ends when %s', async (_, change) => {
    rig.useHandlers(left)
    const first = half(0)
    await handle(first)
    await handle(pairEvent(change, 30))
    expect(await runOf('left', first)).toMatchObject({
      state: 'failed',
      steps: [{ state: 'done' }, { state: 'failed', error: { code: 'relation_over' } }],
    })
  })

  it('is not gone on with for a newer relation, whose own runs are', async () => {
    rig.useHandlers(
      { ...waits, key: 'fair', trigger: by('fair') },
      { ...waits, key: 'store', trigger: by('store') },
    )
    const first = half(0, 'fair')
    await handle(first)
    const second = half(100, 'store')
    await handle(second)
    unconfirmed = false
    await handle(full(160))
    expect(probes.done).toEqual(['store/waits'])
    expect(await runOf('fair', first)).toMatchObject({
      ...{ state: 'failed', steps: [{ error: { code: 'relation_over' } }] },
    })
    expect(await runOf('store', second)).toMatchObject({ state: 'done' })
  })

  it('is not ended by news of the end of the relation before', async () => {
    rig.useHandlers(left)
    const first = half(100)
    await handle(first)
    await handle(pairEvent('del_follow_user', 30))
    unconfirmed = false
    await handle(full(160))
    expect(await runOf('left', first)).toMatchObject({ state: 'done' })
  })
})

/** Has a handler be due now. @returns the key of its start */
async function putDue(handler: string): Promise<string> {
  const id = freshStartId(rigCorp)
  const at = new Date(rig.deps.clock.now())
  const start = { handler, by: 'manual' } as const
  await putStart(rig.deps.models, { corpId: rigCorp, at, id, start, retentionMs: 60_000 })
  return id
}

describe('a run that is to be tried again', () => {
  const left = {
    ...{ key: 'left', trigger: { message: { contains: ['你好'] } } },
    steps: [step('probe.reads', said), step('probe.flaky'), step('probe.does')],
  }

  it.each(changes)('ends there as %s, %s, and its event with it', async (stage, why, change) => {
    rig.useHandlers(left)
    const event = lineFrom('lina', '你好')
    expect(await handle(event)).toMatchObject({ state: 'waiting' })
    failing = false
    change(left)
    expect(await handle(event)).toMatchObject({ state: 'done', passed: [{ handler: 'left', stage, why }] })
    expect(probes.done).toEqual(['left/reads'])
    const code = `handler_${stage}`
    expect(await runOf('left', event)).toMatchObject({
      state: 'failed',
      steps: [
        { state: 'done', output: { text: '138****5678' } },
        { state: 'failed', error: { code } },
        { state: 'failed', error: { code } },
      ],
    })
  })

  it('goes on by a replay when the handler is there again', async () => {
    rig.useHandlers(left)
    const event = lineFrom('lina', '你好')
    await handle(event)
    without({ off: [idle] })
    await handle(event)
    failing = false
    rig.useHandlers(left)
    await replayEvent(rig.deps.models, event.id, { fresh: false })
    expect((await handle(event)).passed).toBeUndefined()
    expect(probes.done).toEqual(['left/reads', 'left/flaky', 'left/does'])
  })

  it('of a start ends there too', async () => {
    const planned = { ...left, trigger: { manual: true } }
    rig.useHandlers(planned)
    const id = await putDue('left')
    const row = () => rig.deps.models.inbox.findById(id).orFail().lean()
    await handleEvent(rig.deps, runEvent, await row(), dispatchLimits)
    expect(await row()).toMatchObject({ state: 'waiting' })
    without({ off: [idle] })
    await handleEvent(rig.deps, runEvent, await row(), dispatchLimits)
    expect(await row()).toMatchObject({ state: 'done', passed: [{ handler: 'left', stage: 'off' }] })
    expect(await rig.deps.models.runs.findOne({ event: id }).lean()).toMatchObject({ state: 'failed' })
  })

  it('ends with its event where that is given up', async () => {
    rig.useHandlers(left)
    const event = lineFrom('lina', '你好')
    await handle(event)
    await rig.deps.models.inbox.updateOne(
      { _id: event.id },
      // As by processes that did not come to an end.
      { begun: dispatchLimits.attemptsMax, arrival: arrivalOf(rig.deps.clock.now(), 0, 'elsewhere') },
    )
    expect(await handle(event)).toMatchObject({ state: 'dead' })
    expect(await runOf('left', event)).toMatchObject({
      state: 'failed',
      steps: [
        { state: 'done' },
        { error: { code: 'event_given_up' } },
        { error: { code: 'event_given_up' } },
      ],
    })
  })

  it('marks a step that was in flight when its process died', async () => {
    rig.useHandlers({ ...left, steps: [step('probe.sends-and-hangs')] })
    const event = lineFrom('lina', '你好')
    const flight: Run['steps'][number] = {
      id: 'sends-and-hangs',
      action: 'probe.sends-and-hangs',
      state: 'running',
      attempts: 1,
    }
    const now = new Date()
    await rig.deps.models.runs.create({
      ...{ corpId: rigCorp, event: event.id, eventName: event.name, handler: 'left', revision: 1 },
      ...{ state: 'running', startedAt: now, expireAt: new Date(now.getTime() + 60_000), steps: [flight] },
    })
    without({ off: [idle] })
    await handle(event)
    expect(await runOf('left', event)).toMatchObject({ state: 'failed', steps: [{ uncertain: true }] })
  })

  it('is finished also where an earlier handler stops the event by then', async () => {
    rig.useHandlers(
      {
        ...left,
        key: 'a',
        priority: 1,
        after: 'stop',
        steps: [step('probe.misreads', { retry: { max: 0 } })],
      },
      { ...left, priority: 2 },
    )
    const event = lineFrom('lina', '你好')
    await handle(event)
    rig.useHandlers({ ...left, key: 'first', priority: 0, after: 'stop', steps: [step('probe.does')] }, left)
    failing = false
    await handle(event)
    expect(await runOf('left', event)).toMatchObject({ state: 'done' })
  })
})

describe('a run that a step ended which was refused', () => {
  const refused = { key: 'refused', steps: [step('probe.refuses')] }
  const failures = async (trigger: string) => {
    const { values } = await rig.deps.metrics.runs.get()
    const found = values.find(({ labels }) => labels.trigger === trigger && labels.outcome === 'failed')
    return found?.value ?? 0
  }

  it('makes the start of a handler dead, because nobody waits for an answer', async () => {
    rig.useHandlers({ ...refused, trigger: { manual: true } })
    const before = await failures('manual')
    const id = await putDue('refused')
    const row = () => rig.deps.models.inbox.findById(id).orFail().lean()
    await handleEvent(rig.deps, runEvent, await row(), dispatchLimits)
    expect(await row()).toMatchObject({ state: 'dead', error: { code: 'run_failed' } })
    expect((await failures('manual')) - before).toBe(1)
  })

  it('leaves an event done, and counts', async () => {
    rig.useHandlers({ ...refused, trigger: { message: { contains: ['你好'] } } })
    const before = await failures('message')
    expect(await handle(lineFrom('lina', '你好'))).toMatchObject({ state: 'done' })
    expect((await failures('message')) - before).toBe(1)
  })
})
