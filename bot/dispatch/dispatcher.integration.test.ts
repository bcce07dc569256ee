import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Plan, Sent } from '../../fixtures/test/dispatch-judge.ts'
import {
  type DispatchRig,
  type Instance,
  type Key,
  openDispatchRig,
  spreadDue,
} from '../../fixtures/test/dispatch-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { processName } from '../../models/process-name.ts'
import { createInbox } from './inbox.ts'
import { type DispatchLimits, dispatchLimits } from './limits.ts'

const holdMs = 200
/** Leases are long: none of them runs out, or is renewed, while a machine does something else. */
const quick: Partial<DispatchLimits> = {
  ...{ lookAgainMs: 30, graceMs: 0, backoffMs: [10] },
  leaseMs: { fast: 60_000, slow: 60_000 },
}
const succeeds: Plan = { kind: 'succeeds' }
const patience = { timeout: 30_000, interval: 10 }

describe('the dispatcher', () => {
  let database: Database
  let rig: DispatchRig
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    rig = await openDispatchRig(database, { holdMs })
  })
  afterEach(async () => {
    vi.useRealTimers()
    await rig.close()
  })
  const put = (at: Instance, key: Key, plan: Plan = succeeds, takesMs = 0) =>
    rig.put(at, { key, second: 0, plan, takesMs })
  const stored = ({ event }: Sent) => rig.models.inbox.findById(event.id).orFail().lean()
  const ended = (one: Sent, state = 'done') =>
    vi.waitFor(async () => expect(await stored(one)).toMatchObject({ state }), patience)
  async function receive(at: Instance, key: Key, plan?: Plan, takesMs?: number): Promise<Sent> {
    const one = await put(at, key, plan, takesMs)
    at.dispatcher.accept(one.event)
    return one
  }

  it('goes on with the next event of a key whose first one has failed for long enough', async () => {
    const at = await rig.start({ ...quick, backoffMs: [1, 60_000] })
    const failing = await receive(at, 'staff:s1', { kind: 'throws', times: 99 })
    const next = await receive(at, 'staff:s1')
    await ended(next)
    const { failingSince, attempts } = await stored(failing)
    const { finishedAt } = await stored(next)
    expect(attempts).toBe(2)
    expect((finishedAt?.getTime() ?? 0) - (failingSince?.getTime() ?? 0)).toBeGreaterThanOrEqual(holdMs - 30)
    expect(rig.judge.violations).toEqual([])
    // What comes later does not wait for it any more.
    await ended(await receive(at, 'staff:s1'))
  })

  it('takes up what it postponed by itself, oldest first, without the role worker', async () => {
    const one = { atOnce: 1, heldBack: 1 }
    const at = await rig.start({
      ...quick,
      waitingMax: 1,
      places: { staff: one, customers: one, others: one },
    })
    const postponed = async () =>
      (await rig.metrics.postponed.get()).values.find(({ labels }) => labels.lane === 'fast')?.value
    const events: Sent[] = []
    for (let n = 1; n <= 12; n += 1) events.push(await put(at, `staff:s${n}`, succeeds, 20))
    await spreadDue(
      rig.models,
      events.map(({ event }) => event),
    )
    for (const { event } of events) at.dispatcher.accept(event)
    expect(await postponed()).toBe(10)
    await vi.waitFor(async () => {
      await at.dispatcher.sweep(false)
      expect(await rig.models.inbox.countDocuments({ state: 'waiting' })).toBe(0)
    }, patience)
    expect(rig.judge.begun).toEqual(events.map(({ event }) => event.id))
  })

  it('leaves what it did not postpone to whoever has the role worker', async () => {
    const web = await rig.start(quick)
    const left = await put(web, 'staff:s1')
    await spreadDue(rig.models, [left.event])
    for (let looks = 0; looks < 3; looks += 1) await web.dispatcher.sweep(false)
    expect(rig.judge.begun).toEqual([])
    await web.dispatcher.sweep(true)
    await ended(left)
  })

  it('leaves young events to whoever received them', async () => {
    const worker = await rig.start({ ...quick, graceMs: 60_000 })
    await put(worker, 'staff:s1')
    await worker.dispatcher.sweep(true)
    expect(rig.judge.begun).toEqual([])
  })

  it('finds every key behind thousands of events of one', async () => {
    const at = await rig.start(quick)
    const [first, last] = [await put(at, 'corp:living'), await put(at, 'corp:batch')]
    const { _id, ...copy } = await stored(first)
    await rig.models.inbox.collection.insertMany(
      Array.from({ length: 2_000 }, (_, n) => ({
        ...copy,
        _id: `${_id}${n}`,
        notBefore: new Date(n),
      })) as never,
    )
    await spreadDue(rig.models, [last.event])
    await at.dispatcher.sweep(true)
    await ended(last)
  })

  it.each([
    ['ahead', 10],
    ['behind', -10],
  ])('keeps the order where the clock of one instance is ten minutes %s', async (_how, minutes) => {
    const right = await rig.start(quick)
    vi.setSystemTime(Date.now() + minutes * 60_000)
    const wrong = await rig.start(quick)
    const unsure = ({ deps: { clock } }: Instance) => clock.now() - clock.earliest()
    const sent: Sent[] = []
    for (let n = 0; n < 8; n += 1) {
      sent.push(await put(n % 2 === 0 ? wrong : right, 'staff:s1', succeeds, 5))
      // The database's time is known to so many milliseconds.
      await delay(50 + unsure(right) + unsure(wrong))
    }
    for (const [n, { event }] of sent.entries()) (n % 3 === 0 ? right : wrong).dispatcher.accept(event)
    for (const one of sent) await ended(one)
    expect(rig.judge.begun).toEqual(sent.map(({ event }) => event.id))
    expect(rig.judge.violations).toEqual([])
  })

  it('begins nothing more with a key that was taken from it, and comes back when it is free', async () => {
    const at = await rig.start({ ...quick, leaseMs: { fast: 300, slow: 300 } })
    const asked: string[] = []
    at.database.connection.set('debug', (collection: string, method: string) => {
      if (collection === 'locks') asked.push(method)
    })
    /** Two leases are asked for, or renewed, from there on: so the first of them has been answered. */
    const answered = (from: () => number) =>
      vi.waitFor(() => {
        expect(from()).toBeGreaterThanOrEqual(0)
        const times = asked.slice(from()).filter(method => method === 'findOneAndUpdate').length
        expect(times).toBeGreaterThanOrEqual(2)
      }, patience)
    let letGo = (): void => undefined
    const first = await put(at, 'staff:s1')
    first.until = new Promise<void>(resolve => {
      letGo = resolve
    })
    at.dispatcher.accept(first.event)
    const second = await receive(at, 'staff:s1')
    const lock = await vi.waitFor(() => rig.models.locks.findOne({ owner: at.name }).orFail(), patience)
    await rig.models.locks.updateOne(
      { _id: lock._id },
      { owner: 'another', until: new Date(Date.now() + 600_000) },
    )
    // A renewal that finds the key lost.
    const taken = asked.length
    await answered(() => taken)
    letGo()
    await ended(first)
    // It has let go of the key, and finds it held.
    await answered(() => asked.indexOf('deleteOne'))
    expect(rig.judge.begun).toEqual([first.event.id])
    await rig.models.locks.deleteOne({ _id: lock._id })
    await ended(second)
    await vi.waitFor(async () => expect(await rig.models.locks.countDocuments()).toBe(0), patience)
  })

  it('takes a key at once from a process of this machine that has ended', async () => {
    const { pid } = spawnSync(process.execPath, ['-e', ''])
    const [host, , space] = processName().split(':')
    const gone = { owner: `${host}:${pid}:${space}:killed`, until: new Date(Date.now() + 600_000) }
    const at = await rig.start(quick)
    const one = await put(at, 'staff:s1')
    await rig.models.locks.create({ _id: `order:${one.event.corpId}:staff:s1`, ...gone })
    at.dispatcher.accept(one.event)
    await ended(one)
  })

  it('asks the database four times for an event that is alone with its key', async () => {
    const at = await rig.start(quick)
    const one = await put(at, 'staff:s1')
    await spreadDue(rig.models, [one.event])
    const asked: string[] = []
    at.database.connection.set('debug', (collection: string, method: string) => {
      if (['locks', 'inbox_events'].includes(collection)) asked.push(`${collection}.${method}`)
    })
    at.dispatcher.accept(one.event)
    await ended(one)
    await at.dispatcher.drain(30_000)
    expect(asked).toEqual([
      'locks.findOneAndUpdate',
      'inbox_events.find',
      'inbox_events.updateOne',
      'locks.deleteOne',
    ])
  })

  it('gives up what processes did not survive, and counts only those', async () => {
    const at = await rig.start(quick)
    const dead = { ...at, inbox: createInbox(rig.models, 60_000_000) }
    const [poison, unlucky, steps] = [
      await put(dead, 'staff:s1'),
      await put(dead, 'staff:s2'),
      await put(at, 'staff:s3'),
    ]
    const { attemptsMax } = dispatchLimits
    await rig.models.inbox.updateOne({ _id: poison.event.id }, { begun: attemptsMax })
    await rig.models.inbox.updateOne({ _id: unlucky.event.id }, { begun: attemptsMax - 1 })
    // Of many steps each may have been tried again.
    await rig.models.inbox.updateOne({ _id: steps.event.id }, { attempts: 3 * attemptsMax })
    await spreadDue(
      rig.models,
      [poison, unlucky, steps].map(({ event }) => event),
    )
    await at.dispatcher.sweep(true)
    await ended(poison, 'dead')
    expect(await stored(poison)).toMatchObject({ error: { code: 'attempts_exhausted' } })
    await ended(unlucky)
    await ended(steps)
    expect((await stored(unlucky)).begun).toBeUndefined()
    expect(rig.judge.begun).not.toContain(poison.event.id)
  })

  it('counts how events ended, and how long they took', async () => {
    const at = await rig.start(quick)
    await ended(await receive(at, 'staff:s1', { kind: 'fails', times: 1 }))
    await ended(await receive(at, 'corp:living', { kind: 'throws', times: 99 }), 'dead')
    await at.dispatcher.drain(30_000)
    const { values } = await rig.metrics.events.get()
    expect(values.map(({ labels, value }) => [labels.lane, labels.outcome, value]).sort()).toEqual([
      ['fast', 'again', 1],
      ['fast', 'done', 1],
      ['slow', 'again', 7],
      ['slow', 'dead', 1],
    ])
    const handled = (await rig.metrics.handled.get()).values.filter(one => one.metricName?.endsWith('_count'))
    expect(handled.map(({ labels, value }) => [labels.lane, value]).sort()).toEqual([
      ['fast', 1],
      ['slow', 1],
    ])
  })
})
