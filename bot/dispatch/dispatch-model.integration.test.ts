import { setTimeout as delay } from 'node:timers/promises'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Plan, Sent } from '../../fixtures/test/dispatch-judge.ts'
import {
  type DispatchRig,
  type Instance,
  type Key,
  openDispatchRig,
} from '../../fixtures/test/dispatch-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { type DispatchLimits, dispatchLimits } from './limits.ts'
import { replayEvent } from './replay.ts'

/**
 * The table's times, much shorter. Leases are long, so that no machine is too busy to renew them; those of the dead run
 * out between moves.
 */
const holdMs = 150
const leaseMs = 20_000
const quick: Partial<DispatchLimits> = {
  leaseMs: { fast: leaseMs, slow: leaseMs },
  backoffMs: [25, 50, 75],
  lookAgainMs: 30,
  graceMs: 0,
}
/** Room for one key of each pool, and for one more that waits. */
const tight: Partial<DispatchLimits> = {
  ...quick,
  waitingMax: 1,
  places: {
    staff: { atOnce: 1, heldBack: 1 },
    customers: { atOnce: 1, heldBack: 1 },
    others: { atOnce: 1, heldBack: 1 },
  },
}

/** What the test itself knows of the time of the platform. */
interface Model {
  second: number
}
type Move = fc.AsyncCommand<Model, DispatchRig>

const move = (name: string, run: (rig: DispatchRig, model: Model) => Promise<unknown>): Move => ({
  check: () => true,
  async run(model, rig) {
    await rig.runOut()
    await run(rig, model)
    expect(rig.judge.violations).toEqual([])
  },
  toString: () => name,
})
const nth = <T>(list: readonly T[], index: number): T | undefined => list[index % Math.max(list.length, 1)]

/** What the edge does with an event that is durable or was before. */
async function accept(rig: DispatchRig, at: Instance, { event }: Sent): Promise<void> {
  const stored = await rig.models.inbox.findById(event.id).lean()
  if (stored?.state === 'waiting' && rig.instances.includes(at)) at.dispatcher.accept(event)
}

const plans: fc.Arbitrary<Plan> = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Plan>({ kind: 'succeeds' }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('fails' as const), times: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.constant<Plan>({ kind: 'refused' }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('throws' as const), times: fc.constantFrom(1, 2, 99) }),
  },
)
const index = fc.nat(5)
const takes = fc.constantFrom(0, 10, 40)
const which = fc.constantFrom<Key>('staff:s1', 'staff:s2', 'corp:living')

const moves: fc.Arbitrary<Move>[] = [
  fc
    .tuple(index, which, fc.array(plans, { minLength: 1, maxLength: 4 }), takes)
    .map(([who, key, all, takesMs]) =>
      move(`receive(${who}, ${key}, ${JSON.stringify(all)}, ${takesMs})`, async (rig, model) => {
        const at = nth(rig.instances, who)
        if (at === undefined) return
        // Some of the same second, some later.
        if (who % 2 === 0) model.second += 1
        for (const plan of all)
          at.dispatcher.accept((await rig.put(at, { key, second: model.second, plan, takesMs })).event)
      }),
    ),
  fc.tuple(which, fc.array(plans, { minLength: 3, maxLength: 6 }), takes).map(([key, all, takesMs]) =>
    move(`receive(everywhere, ${key}, ${JSON.stringify(all)}, ${takesMs})`, async (rig, model) => {
      await Promise.all(
        all.map(async (plan, who) => {
          const at = nth(rig.instances, who)
          if (at !== undefined)
            at.dispatcher.accept((await rig.put(at, { key, second: model.second, plan, takesMs })).event)
        }),
      )
    }),
  ),
  // The receiver has died before it could do anything: they lie in the inbox, the later ones of the platform first.
  fc.tuple(index, which, fc.array(plans, { minLength: 2, maxLength: 4 })).map(([who, key, all]) =>
    move(`left(${who}, ${key}, ${JSON.stringify(all)})`, async (rig, model) => {
      const [at, known] = [nth(rig.instances, who), rig.judge.sent[0]]
      if (at === undefined || known === undefined) return
      model.second += all.length
      // Behind a write that is under way they share the next one.
      const write = at.inbox.put(known.event, '1000002')
      const left = await Promise.all(
        all.map((plan, n) => rig.put(at, { key, second: model.second - n, plan, takesMs: 5 })),
      )
      await write
      for (const one of left) one.putAt = performance.now()
    }),
  ),
  fc.tuple(index, index).map(([what, who]) =>
    move(`repeat(${what}, ${who})`, async rig => {
      const [one, at] = [nth(rig.judge.sent, what), nth(rig.instances, who)]
      if (one === undefined || at === undefined) return
      expect(await at.inbox.put(one.event, '1000002')).toBe(false)
      await accept(rig, at, one)
    }),
  ),
  index.map(who =>
    move(`die(${who})`, async rig => {
      const at = nth(rig.instances, who)
      if (at !== undefined && rig.instances.length > 1) await rig.die(at)
    }),
  ),
  fc.boolean().map(small =>
    move(`restart(${small ? 'tight' : ''})`, async rig => {
      if (rig.instances.length < 3) await rig.start(small ? tight : quick)
    }),
  ),
  fc
    .tuple(index, fc.boolean())
    .map(([who, everything]) =>
      move(`sweep(${who}, ${everything})`, async rig =>
        nth(rig.instances, who)?.dispatcher.sweep(everything),
      ),
    ),
  index.map(what =>
    move(`replay(${what})`, async rig => {
      const one = nth(rig.judge.sent, what)
      if (one === undefined) return
      one.replayed = true
      const outcome = await replayEvent(rig.models, one.event.id, { fresh: false })
      if (outcome === 'replayed') one.plan = { kind: 'succeeds' }
    }),
  ),
  fc.constantFrom(5, 30, 120).map(ms => move(`pause(${ms})`, () => delay(ms))),
]

/** Everything that was acknowledged has come to its end, and nothing is held any more. */
async function judgeEnd(rig: DispatchRig): Promise<void> {
  const { inbox, runs, locks } = rig.models
  expect(rig.judge.violations).toEqual([])
  for (const { event, plan, replayed } of rig.judge.sent) {
    const stored = await inbox.findById(event.id).orFail().lean()
    if (stored.state === 'dead') expect(stored.error).toMatchObject({ code: /./, message: /./ })
    else expect(stored).toMatchObject({ state: 'done', finishedAt: expect.any(Date) })
    if (replayed) continue
    const spare = rig.deaths
    const survives = { fails: 2, throws: 7 }
    const dead = (plan.kind === 'fails' || plan.kind === 'throws') && plan.times > survives[plan.kind]
    // Each death may have cost an attempt that failed, without its being counted.
    if (dead && plan.times > survives[plan.kind] + spare) expect([plan, stored.state]).toEqual([plan, 'dead'])
    // What a run gave up stays so, whoever came upon it afterwards.
    const run = await runs.findOne({ corpId: event.corpId, event: event.id }).lean()
    const exhausted = run?.steps.some(({ state, error }) => state === 'failed' && error?.code !== 'refused')
    if (exhausted) expect([plan, stored.state]).toEqual([plan, 'dead'])
    // So many have to die with an event in their hands before it is given up for that.
    if (!dead && spare < dispatchLimits.attemptsMax) expect([plan, stored.state]).toEqual([plan, 'done'])
    if (spare === 0) expect(stored.begun).toBeUndefined()
  }
  const owners = rig.instances.map(({ name }) => name)
  expect(await locks.find({ owner: { $in: owners } }).lean()).toEqual([])
}

describe('the dispatcher', () => {
  it.concurrent.each([1, 2, 3, 4])(
    'keeps to the table of docs/dispatch.md, whatever moves are made (%i)',
    async () => {
      // Of its own, because whoever looks for what was left behind takes it up for any corp.
      const database = await openTestDatabase()
      const commands = fc.commands(moves, { maxCommands: 20, size: 'max' })
      // What is found is made smaller until then; nothing is cut off in the middle.
      const end = performance.now() + 45_000
      await fc
        .assert(
          fc.asyncProperty(commands, async sequence => {
            if (performance.now() > end) return
            const rig = await openDispatchRig(database, { holdMs })
            try {
              for (const limits of [quick, quick]) await rig.start(limits)
              await fc.asyncModelRun(() => ({ model: { second: 0 }, real: rig }), sequence)
              await rig.settle(60_000)
              await judgeEnd(rig)
            } finally {
              await rig.close()
            }
          }),
          { numRuns: 3 },
        )
        .finally(() => database.close())
    },
    300_000,
  )
})
