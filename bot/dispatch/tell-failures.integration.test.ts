import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { lineFrom, rigCorp } from '../../fixtures/test/event-rig.ts'
import { type OwnEventRig, openOwnEventRig } from '../../fixtures/test/own-event-rig.ts'
import { createProbes, probeStep as step } from '../../fixtures/test/probes.ts'
import { ActionRefused, type ReplyContent } from '../actions/define.ts'
import { contextOf } from './candidates.ts'
import { loadSurroundings } from './load-facts.ts'
import { type RunOutcome, runHandler } from './run-handler.ts'

const probes = createProbes()
let rig: OwnEventRig
beforeAll(async () => {
  rig = await openOwnEventRig(probes.actions)
  for (const [id, answer] of Object.entries({
    'probe.untagged': '没有这个标签。',
    'probe.unnoted': '没有这位客户。',
  }))
    probes.add(id, {}, () => Promise.reject(new ActionRefused('refused', answer)))
})
afterAll(() => rig.close())
beforeEach(() => probes.reset())

const goesOn = { onError: 'continue' }

/** A command of these steps that lina has typed; each attempt at it, and what she was told by all of them. */
async function typed(...steps: object[]) {
  rig.useHandlers({ key: 'asked', trigger: { command: '报价' }, steps })
  const event = lineFrom('lina', '报价')
  const { models } = rig.deps
  const told: ReplyContent[] = []
  const around = await loadSurroundings(rig.deps, event, event.name)
  const set = await rig.deps.live.of(rigCorp)
  const handler = set.byKey.get('asked')
  if (handler === undefined) throw new Error('there is one')
  const context = {
    ...contextOf(rig.deps, event, around, set),
    reply: async (content: ReplyContent) => void told.push(content),
  }
  const stored = () => models.runs.findOne({ corpId: rigCorp, event: event.id }, { _id: 0 }).lean()
  return {
    told,
    stored,
    async attempt(): Promise<RunOutcome> {
      const run = (await stored()) ?? undefined
      const request = { event, name: event.name, handler, facts: around.facts, context, run }
      return (await runHandler(rig.deps, request)).outcome
    },
  }
}

describe('whoever typed a command whose steps fail', () => {
  it('is told of all of them at once, and of the same once', async () => {
    const { attempt, told } = await typed(
      step('probe.untagged', goesOn),
      { ...step('probe.untagged', goesOn), id: 'again' },
      step('probe.unnoted', goesOn),
    )
    expect(await attempt()).toBe('done')
    expect(told).toEqual(['没有这个标签。\n没有这位客户。'])
  })

  it('is told after what the command itself says, and that it is a part of it', async () => {
    const { attempt, told } = await typed(
      step('probe.untagged', goesOn),
      step('reply', { with: { text: '报价已发' } }),
    )
    expect(await attempt()).toBe('done')
    expect(told).toEqual(['报价已发', '有一部分没有办成：\n没有这个标签。'])
  })

  it('is told together of those that were passed over and the one that ended it', async () => {
    const { attempt, told } = await typed(step('probe.untagged', goesOn), step('probe.unnoted'))
    expect(await attempt()).toBe('failed')
    expect(told).toEqual(['没有这个标签。\n没有这位客户。'])
  })

  it('is told once also where a later step takes more attempts', async () => {
    const { attempt, told, stored } = await typed(
      step('probe.untagged', goesOn),
      step('probe.throws', { ...goesOn, retry: { max: 1 } }),
    )
    expect([await attempt(), told.length]).toEqual(['again', 0])
    expect(await attempt()).toBe('done')
    expect(told).toEqual(['没有这个标签。\n刚才出了点问题，没有办成。请稍后再试一次；还不行就联系管理员。'])
    expect((await stored())?.steps.map(one => one.untold)).toEqual([undefined, undefined])
  })
})
