import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { contactOf, lineFrom, eventOf as make, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import type { BotEvent } from '../events/parse.ts'
import { createInbox } from './inbox.ts'
import { runEvent } from './run-event.ts'
import { eventOf } from './stored-event.ts'

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
const talks = { event: 'acquisition.customer_start_chat' }
const good = { key: 'z-good', trigger: says, steps: [step('probe.does')] }
const hello = (): BotEvent => lineFrom('lina', '你好')

describe('a handler with a cooldown', () => {
  const cooled = { key: 'cooled', trigger: talks, run: { cooldown: '10m' } }
  const does = [step('probe.does')]

  it('runs once for a staff member and a customer within it, whatever the case of the userid', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    const { passed } = await runEvent(rig.deps, contactOf('LINA', 'wm1'))
    expect(probes.done).toEqual(['cooled/does'])
    expect(passed).toMatchObject([{ handler: 'cooled', stage: 'cooldown', why: /cooldown 10m$/ }])
  })

  it('runs for another customer, and for another staff member', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, contactOf('lina', 'wm2'))
    await runEvent(rig.deps, contactOf('wangfang', 'wm1'))
    expect(probes.done).toHaveLength(3)
  })

  it('runs again when it is over, by the time of the database', async () => {
    rig.useHandlers({ ...cooled, steps: does })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    const long = new Date(rig.deps.clock.now() - 601_000)
    await rig.deps.models.runs.updateOne({ handler: 'cooled' }, { startedAt: long })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(probes.done).toHaveLength(2)
  })

  it('runs again after a run that was refused whole', async () => {
    rig.useHandlers({ ...cooled, steps: [step('probe.refuses')] })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(probes.seen).toHaveLength(2)
  })

  it('runs again after a run that a stop ended before it did anything, or that only looked', async () => {
    const guard = step('stop', { if: { path: 'event.linkId', is: 'exists' } })
    rig.useHandlers({ ...cooled, steps: [step('probe.reads'), guard, ...does] })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect((await runEvent(rig.deps, contactOf('lina', 'wm1'))).passed).toEqual([])
    expect(probes.done).toEqual(['cooled/reads', 'cooled/stop', 'cooled/reads', 'cooled/stop'])
  })

  it('does not run again after one that did something before a stop', async () => {
    rig.useHandlers({ ...cooled, steps: [...does, step('stop')] })
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect((await runEvent(rig.deps, contactOf('lina', 'wm1'))).passed).toMatchObject([{ stage: 'cooldown' }])
  })

  it('does not run while an earlier run of the two is still to be tried again', async () => {
    rig.useHandlers({ ...cooled, steps: [step('probe.throws')] })
    expect(await runEvent(rig.deps, contactOf('lina', 'wm1'))).toMatchObject({ outcome: 'again' })
    const { passed } = await runEvent(rig.deps, contactOf('lina', 'wm1'))
    expect(passed).toMatchObject([{ handler: 'cooled', stage: 'cooldown' }])
    expect(probes.seen).toHaveLength(1)
  })

  it('is counted for each group on its own where the event is of nobody', async () => {
    const joined = (group: string, member: number): BotEvent =>
      make(
        `<FromUserName>sys</FromUserName><MsgType>event</MsgType><Event>change_external_chat</Event><ChatId>${group}</ChatId><ChangeType>update</ChangeType><UpdateDetail>add_member</UpdateDetail><MemChangeCnt>1</MemChangeCnt><MemChangeList><Item>wm${member}</Item></MemChangeList>`,
      )
    rig.useHandlers({ ...cooled, trigger: { event: 'group.member_joined' }, steps: does })
    await runEvent(rig.deps, joined('wr1', 1))
    await runEvent(rig.deps, joined('wr2', 2))
    expect((await runEvent(rig.deps, joined('wr1', 3))).passed).toMatchObject([{ stage: 'cooldown' }])
    expect(probes.done).toHaveLength(2)
  })

  it('goes on with a run that has begun', async () => {
    rig.useHandlers({ ...cooled, steps: [step('probe.throws')] })
    const event = contactOf('lina', 'wm1')
    await runEvent(rig.deps, event)
    expect(await runEvent(rig.deps, event)).toMatchObject({ outcome: 'again', passed: [] })
    expect(probes.seen).toHaveLength(2)
  })

  it('still welcomes, and skips the rest; that prolongs nothing', async () => {
    rig.useHandlers({ ...cooled, steps: [step('welcome.send'), ...does] })
    const [second, third] = [contactOf('lina', 'wm1'), contactOf('lina', 'wm1')]
    await runEvent(rig.deps, contactOf('lina', 'wm1'))
    await runEvent(rig.deps, second)
    expect(probes.done).toEqual(['cooled/send', 'cooled/does', 'cooled/send'])
    expect(await rig.runOf('cooled', second)).toMatchObject({
      ...{ state: 'done', steps: [{ state: 'done' }, { state: 'skipped', skipped: 'cooldown' }] },
    })
    const long = new Date(rig.deps.clock.now() - 601_000)
    const first = { handler: 'cooled', event: { $ne: second.id } }
    await rig.deps.models.runs.updateOne(first, { startedAt: long })
    await runEvent(rig.deps, third)
    expect(probes.done.at(-1)).toBe('cooled/does')
  })

  it('is known as long as it lasts, also where runs are kept for a shorter time', async () => {
    rig.useHandlers({ ...cooled, run: { cooldown: '30d' }, steps: does })
    const event = contactOf('lina', 'wm1')
    await runEvent(rig.deps, event)
    const { startedAt, expireAt } = await rig.deps.models.runs.findOne({ event: event.id }).orFail().lean()
    expect(+expireAt - +startedAt).toBe(30 * 86_400_000)
  })

  it('tells whoever types the command when they may again', async () => {
    rig.useHandlers({ ...cooled, trigger: { command: '报价' }, steps: does })
    await runEvent(rig.deps, lineFrom('lina', '报价'))
    const event = lineFrom('lina', '报价')
    rig.deps.replies.open(event.id)
    await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
    await runEvent(rig.deps, event)
    expect(probes.done).toEqual(['cooled/does'])
    expect(await rig.deps.models.inbox.findById(event.id).lean()).toMatchObject({
      reply: '“报价”刚用过，请 10 分钟后再发。',
    })
  })

  it('answers nobody who types a command that is tried out', async () => {
    rig.useHandlers({
      key: 'tried',
      trigger: { command: '报价' },
      run: { cooldown: '10m', dryRun: true },
      steps: does,
    })
    await runEvent(rig.deps, lineFrom('lina', '报价'))
    const before = rig.platform.calls.length
    const { passed } = await runEvent(rig.deps, lineFrom('lina', '报价'))
    expect(passed).toMatchObject([{ handler: 'tried', stage: 'cooldown' }])
    expect(rig.platform.calls.slice(before)).toEqual([])
  })
})

describe('a message rule with a cooldown', () => {
  const cooled = {
    key: 'cooled',
    title: '投诉提醒',
    trigger: says,
    run: { cooldown: '30m' },
    steps: [step('probe.does')],
  }

  /** What whoever writes is answered with. */
  async function answerTo(event: BotEvent): Promise<unknown> {
    rig.deps.replies.open(event.id)
    await createInbox(rig.deps.models, 60_000, rig.deps).put(event, '1000002')
    await runEvent(rig.deps, event)
    return (await rig.deps.models.inbox.findById(event.id).lean())?.reply
  }

  it('tells whoever writes when it listens again', async () => {
    rig.useHandlers(cooled)
    expect(await answerTo(hello())).toBeUndefined()
    expect(await answerTo(hello())).toBe('“投诉提醒”刚用过，请 30 分钟后再发。')
    expect(probes.done).toEqual(['cooled/does'])
  })

  it('says nothing where another rule does something, or where it is tried out, when the line is nobody’s', async () => {
    rig.useHandlers(cooled, good)
    await runEvent(rig.deps, hello())
    expect(await answerTo(hello())).toBeUndefined()
    rig.useHandlers({ ...cooled, key: 'tried', run: { cooldown: '30m', dryRun: true } })
    await runEvent(rig.deps, hello())
    expect(await answerTo(hello())).toMatch(/^没看懂/)
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
    expect(probes.done).toHaveLength(21)
  })

  it('runs for one member as often as steps have started it for other reasons', async () => {
    rig.useHandlers({ key: 'remind', trigger: { manual: true }, steps: [step('probe.does')] })
    const start = { handler: 'remind', by: 'step', userid: 'lina' } as const
    for (let n = 0; n < 23; n += 1) {
      const stored = {
        _id: `${rigCorp}:reminder${n}`,
        corpId: rigCorp,
        xml: '',
        createdAt: new Date(),
        start,
      }
      await runEvent(rig.deps, eventOf(stored))
    }
    expect(probes.done).toHaveLength(23)
  })

  it('runs as often as people write', async () => {
    rig.useHandlers(good)
    for (let n = 0; n < 25; n += 1) await runEvent(rig.deps, hello())
    expect(probes.done).toHaveLength(25)
  })

  it('costs no query where nothing is counted', async () => {
    let asked = 0
    const { runs } = rig.deps.models
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
