import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { contactOf, type EventRig, lineFrom, openEventRig, rigCorp } from '../../fixtures/test/event-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { type StubPlatform, startStubPlatform } from '../../fixtures/test/stub-platform.ts'
import type { Database } from '../../models/connect.ts'
import type { Run } from '../../models/run.ts'
import { type Action, type ActionContext, ActionRefused, defineAction } from '../actions/define.ts'
import { reply } from '../actions/reply.ts'
import type { BotEvent } from '../events/parse.ts'
import { handleEvent } from './handle-event.ts'
import { createInbox } from './inbox.ts'
import { dispatchLimits } from './limits.ts'
import { runEvent } from './run-event.ts'

/** What actions did, as `handler/step`. */
let done: string[]
let seen: ActionContext[]

function probe(
  id: string,
  more: Partial<Action>,
  run: (params: { text?: string }) => Promise<unknown>,
): Action {
  return {
    ...defineAction({
      ...{ id, title: id, summary: id, effect: 'write', idempotent: true, output: z.looseObject({}) },
      params: z.strictObject({ text: z.string().optional(), all: z.boolean().optional() }),
      async run(context, params) {
        seen.push(context)
        const output = await run(params as { text?: string })
        done.push(context.key.split('/').slice(1).join('/'))
        return output
      },
    }),
    ...more,
  }
}
const hangs = () => new Promise(() => undefined)
const table = [
  probe('probe.does', {}, async ({ text }) => ({ text })),
  probe('probe.reads', { effect: 'read' }, async ({ text }) => ({ text })),
  probe('probe.sends', { effect: 'external', idempotent: false }, async () => ({})),
  probe('probe.refuses', {}, async () => {
    throw new ActionRefused('refused', '不行')
  }),
  probe('probe.throws', {}, async () => {
    throw new TypeError('undefined is not a function')
  }),
  probe('probe.misreads', { effect: 'read' }, async () => {
    throw new Error('it cannot be read')
  }),
  probe('probe.hangs', {}, hangs),
  probe('probe.sends-and-hangs', { effect: 'external', idempotent: false }, hangs),
  probe('welcome.send', { effect: 'contacts-customer' }, async () => ({ state: 'sent' })),
  probe('stop', { effect: 'read' }, async params => ({ all: (params as { all?: boolean }).all === true })),
  reply,
]
const actions = new Map(table.map(action => [action.id, action]))

let database: Database
let platform: StubPlatform
let rig: EventRig
beforeAll(async () => {
  database = await openTestDatabase()
  platform = await startStubPlatform()
  rig = await openEventRig(database, { actions, platform: platform.url })
})
afterAll(async () => {
  await rig.close()
  await platform.close()
  await database.close()
})
beforeEach(async () => {
  done = []
  seen = []
  rig.pause(undefined)
  await database.models.runs.deleteMany({})
})

const says = { message: { contains: ['你好'] } }
const talks = { event: 'acquisition.customer_start_chat' }
const step = (action: string, more: object = {}) => ({ id: action.split('.').at(-1), action, ...more })
const good = { key: 'z-good', trigger: says, steps: [step('probe.does')] }
const hello = (): BotEvent => lineFrom('lina', '你好')
const runOf = (handler: string, event: BotEvent): Promise<Run | null> =>
  database.models.runs.findOne({ corpId: rigCorp, handler, event: event.id }).lean()

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
    expect(done).toEqual(['z-good/does'])
    expect(await runOf('a-throws', event)).toMatchObject({
      ...{ state: 'failed', gaveUp: true },
      steps: [{ state: 'failed', error: { message: 'undefined is not a function' } }],
    })
    expect(await runOf('b-hangs', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed', error: { code: 'timed_out' } }] },
    })
    expect(await runOf('c-loops', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed', error: { message: /limit/ } }] },
    })
    expect(await runOf('z-good', event)).toMatchObject({ state: 'done' })
  })

  it('has the others run also where a run cannot be stored, and is tried again', async () => {
    // No document of a database holds so much.
    const huge = probe('probe.huge', {}, async () => ({ text: 'x'.repeat(17_000_000) }))
    actions.set(huge.id, huge)
    const steps = [step('probe.huge'), step('probe.does')]
    rig.useHandlers({ key: 'a-huge', trigger: says, steps }, good)
    await expect(runEvent(rig.deps, hello())).rejects.toThrow()
    expect(done).toEqual(['a-huge/huge', 'z-good/does'])
  })
})
describe('the time of a run', () => {
  const limited = { key: 'slow', trigger: says, run: { timeoutMs: 100 } }

  it('has an idempotent step that hangs tried again, as often as it may', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.hangs', { retry: { max: 1 } })] })
    const event = hello()
    const outcomes = [await runEvent(rig.deps, event), await runEvent(rig.deps, event)]
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['again', 'dead'])
    expect(seen).toHaveLength(2)
  })

  it('fails a step as uncertain that may have sent something, and does not send it again', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.sends-and-hangs')] })
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(seen).toHaveLength(1)
    expect(await runOf('slow', event)).toMatchObject({
      steps: [{ state: 'failed', uncertain: true, error: { code: 'timed_out' } }],
    })
  })

  it('aborts the signal of the step', async () => {
    rig.useHandlers({ ...limited, steps: [step('probe.hangs')] })
    await runEvent(rig.deps, hello())
    expect(seen[0]?.signal.reason).toMatchObject({ code: 'timed_out' })
  })

  it('lets what is left have the time of another attempt', async () => {
    const hanging = step('probe.hangs', { retry: { max: 0 }, onError: 'continue' })
    rig.useHandlers({ ...limited, steps: [hanging, step('probe.does')] })
    const event = hello()
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'again' })
    expect(done).toEqual([])
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'done' })
    expect(done).toEqual(['slow/does'])
  })

  it('does not end the wait of a message for its turn: it is tried until it is sent', async () => {
    rig.useHandlers({ ...limited, run: { timeoutMs: 300 }, steps: [step('reply', { with: { text: '好' } })] })
    const sent = (): number => platform.calls.filter(path => path === 'message/send').length
    const before = sent()
    for (const _ of [1, 2])
      expect((await runEvent(rig.deps, lineFrom('chenjie', '你好'))).outcome).toBe('done')
    const event = lineFrom('chenjie', '你好')
    for (const _ of [1, 2, 3, 4]) expect((await runEvent(rig.deps, event)).outcome).toBe('again')
    expect(sent() - before).toBe(2)
    expect(await runOf('slow', event)).toMatchObject({
      ...{ state: 'running', steps: [{ state: 'pending', attempts: 0, error: { code: 'timed_out' } }] },
    })
  })

  it('fails a message as uncertain that was on its way', async () => {
    rig.useHandlers({ ...limited, run: { timeoutMs: 300 }, steps: [step('reply', { with: { text: '好' } })] })
    platform.next('message/send', () => undefined)
    const event = lineFrom('wangfang', '你好')
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'dead' })
    expect(await runOf('slow', event)).toMatchObject({ steps: [{ state: 'failed', uncertain: true }] })
  })
})

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
    expect(await runOf('traced', event)).toMatchObject({
      ...{ trigger: 'message', when: { ok: true, why: expect.stringContaining('staff.userid eq') } },
      steps: [
        { state: 'done', ms: expect.any(Number), output: { text: 'traced message false' } },
        { state: 'skipped', skipped: 'if', if: { ok: false, why: expect.stringContaining('traced') } },
      ],
    })
  })

  it('is stored after each step that changed something, before the next one, in one write', async () => {
    const states: string[][] = []
    const look = probe('probe.looks', { effect: 'read' }, async () => {
      const run = await database.models.runs.findOne({ handler: 'watched' }).lean()
      states.push((run?.steps ?? []).map(({ state }) => state))
    })
    actions.set(look.id, look)
    let writes = 0
    const { runs } = database.models
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
    expect(JSON.stringify(await runOf('masked', event))).not.toContain('13812341234')
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
    expect(await runOf('stops', event)).toMatchObject({
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
    const before = platform.calls.length
    await runEvent(rig.deps, event)
    expect(done).toEqual(['a-dry/reads', 'z-good/does'])
    expect(platform.calls.length).toBe(before)
    expect(await runOf('a-dry', event)).toMatchObject({
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
    expect(await runOf('a-dry', event)).toMatchObject({
      ...{ state: 'failed', steps: [{ state: 'failed' }, { state: 'pending' }] },
    })
  })
})

describe('a handler with a cooldown', () => {
  const cooled = { key: 'cooled', trigger: talks, run: { cooldown: '10m' } }
  const does = [step('probe.does')]

  it('runs once for a staff member and a customer within it, whatever the case of the userid', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    const { passed } = await runEvent(rig.deps, contactOf('LINA', 'wm1'))
    expect(done).toEqual(['cooled/does'])
    expect(passed).toMatchObject([{ handler: 'cooled', stage: 'cooldown', why: /cooldown 10m$/ }])
  })

  it('runs for another customer, and for another staff member', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, contactOf('lina', 'wm2'))
    await runEvent(rig.deps, contactOf('wangfang', 'wm1'))
    expect(done).toHaveLength(3)
  })

  it('runs again when it is over, by the time of the database', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    const long = new Date(rig.deps.clock.now() - 601_000)
    await database.models.runs.updateOne({ handler: 'cooled' }, { startedAt: long })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(done).toHaveLength(2)
  })

  it('runs again after a run that was refused whole', async () => {
    rig.useHandlers({ ...cooled, steps: [step('probe.refuses')] })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(seen).toHaveLength(2)
  })

  it('goes on with a run that has begun', async () => {
    rig.useHandlers({ ...cooled, steps: [step('probe.throws')] })
    const event = contactOf('lina', 'wm1')
    await runEvent(rig.deps, event)
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'again', passed: [] })
    expect(seen).toHaveLength(2)
  })

  it('still welcomes, and skips the rest; that prolongs nothing', async () => {
    rig.useHandlers({ ...cooled, steps: [step('welcome.send'), ...does] })
    const [second, third] = [contactOf('lina', 'wm1'), contactOf('lina', 'wm1')]
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, second)
    expect(done).toEqual(['cooled/send', 'cooled/does', 'cooled/send'])
    expect(await runOf('cooled', second)).toMatchObject({
      ...{ state: 'done', steps: [{ state: 'done' }, { state: 'skipped', skipped: 'cooldown' }] },
    })
    const long = new Date(rig.deps.clock.now() - 601_000)
    const first = { handler: 'cooled', event: { $ne: second.id } }
    await database.models.runs.updateOne(first, { startedAt: long })
    await runEvent(rig.deps, third)
    expect(done.at(-1)).toBe('cooled/does')
  })

  it('tells whoever types the command when they may again', async () => {
    rig.useHandlers({ ...cooled, trigger: { command: '报价' }, steps: does })
    await runEvent(rig.deps, lineFrom('lina', '报价'))
    const event = lineFrom('lina', '报价')
    rig.deps.replies.open(event.id)
    await createInbox(database.models, 60_000, rig.deps).put(event, '1000002')
    await runEvent(rig.deps, event)
    expect(done).toEqual(['cooled/does'])
    expect(await database.models.inbox.findById(event.id).lean()).toMatchObject({
      reply: '“报价”刚用过，请 10 分钟后再发。',
    })
  })
})

describe('a handler that brings itself about', () => {
  const looping = { key: 'looping', trigger: talks, steps: [step('probe.does')] }

  it('is held after 20 runs within 5 minutes for the same two, and no other', async () => {
    rig.useHandlers(looping)
    for (let n = 0; n < 20; n += 1) await runEvent(rig.deps, contactOf('lina', 'wm1'))
    const { passed } = await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(passed).toMatchObject([{ stage: 'loop', why: 'ran 20 times within 5 minutes' }])
    await runEvent(rig.deps, contactOf('lina', 'wm2'))
    expect(done).toHaveLength(21)
  })

  it('runs as often as people write', async () => {
    rig.useHandlers(good)
    for (let n = 0; n < 25; n += 1) await runEvent(rig.deps, hello())
    expect(done).toHaveLength(25)
  })

  it('costs no query where nothing is counted', async () => {
    let asked = 0
    const { runs } = database.models
    const [count, find] = [runs.countDocuments.bind(runs), runs.findOne.bind(runs)]
    runs.countDocuments = ((...args: Parameters<typeof count>) => {
      asked += 1
      return count(...args)
    }) as typeof runs.countDocuments
    runs.findOne = ((...args: Parameters<typeof find>) => {
      asked += 1
      return find(...args)
    }) as typeof runs.findOne
    rig.useHandlers(good)
    try {
      await runEvent(rig.deps, hello())
      expect(asked).toBe(0)
      rig.useHandlers(looping)
      await runEvent(rig.deps, contactOf('lina', 'wm1'))
      expect(asked).toBe(1)
    } finally {
      runs.countDocuments = count
      runs.findOne = find
    }
  })
})

describe('handlers that are paused', () => {
  const by = { at: new Date('2026-03-01T02:03:04Z'), by: 'zhouming' }

  it('do not run, which the event keeps, and run when it is replayed', async () => {
    rig.useHandlers(good)
    const event = hello()
    const inbox = createInbox(database.models, 60_000, rig.deps)
    await inbox.put(event, '1000002')
    const stored = () => database.models.inbox.findById(event.id).orFail().lean()
    rig.pause(by)
    await handleEvent(rig.deps, runEvent, await stored(), dispatchLimits)
    expect(done).toEqual([])
    expect(await stored()).toMatchObject({
      ...{ state: 'done', passed: [{ handler: 'z-good', stage: 'paused' }] },
    })
    expect((await stored()).passed?.[0]?.why).toBe('since 2026-03-01T02:03:04.000Z by zhouming')
    rig.pause(undefined)
    await database.models.inbox.updateOne({ _id: event.id }, { state: 'waiting' })
    await handleEvent(rig.deps, runEvent, await stored(), dispatchLimits)
    expect(done).toEqual(['z-good/does'])
    expect((await stored()).passed).toBeUndefined()
  })

  it('do not go on either', async () => {
    rig.useHandlers({ key: 'begun', trigger: says, steps: [step('probe.throws')] })
    const event = hello()
    await runEvent(rig.deps, event)
    rig.pause(by)
    expect(await runEvent(rig.deps, event)).toMatchObject({ passed: [{ stage: 'paused' }] })
    expect(seen).toHaveLength(1)
  })

  it('leave commands as they are', async () => {
    rig.useHandlers({ key: 'command', trigger: { command: '报价' }, steps: [step('probe.does')] })
    rig.pause(by)
    await runEvent(rig.deps, lineFrom('lina', '报价'))
    expect(done).toEqual(['command/does'])
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

  it('are not held back by a handler that failed', async () => {
    rig.useHandlers({ ...good, key: 'a-stops', after: 'stop', steps: [step('probe.refuses')] }, good)
    expect(await runEvent(rig.deps, hello())).toMatchObject({ passed: [] })
    expect(done).toEqual(['z-good/does'])
  })
})
