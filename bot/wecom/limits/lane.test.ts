import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCancel, giveUp } from '../cancel.ts'
import { WecomError } from '../errors.ts'
import type { Patience } from '../pipeline.ts'
import { createLane, type Lane } from './lane.ts'
import { createMemoryLimits } from './memory.ts'
import type { Ask, Grant, LimitStore, Rest } from './store.ts'

const open = new AbortController().signal
const plenty: Grant = { granted: 0, level: 1_000, instances: 1 }
const tooOften = new WecomError({ path: 'user/get', errcode: 45009, errmsg: '', retryAfterMs: 60_000 })

/** Counts which say what the test says, and remember what they were asked. */
function answering(answer: (ask: Ask) => Partial<Grant> | Promise<Partial<Grant>>) {
  const asked: Ask[] = []
  const store: LimitStore = {
    ...createMemoryLimits(),
    async take(_bucket, ask) {
      asked.push(ask)
      return { ...plenty, ...(await answer(ask)) }
    },
  }
  return { store, asked }
}

const generous = () => answering(({ want }) => ({ granted: want }))

function laneOf(store: LimitStore, more: Partial<Parameters<typeof createLane>[0]> = {}): Lane {
  const rate = { perSecond: 40, burst: 6_000 }
  const onRest = (): void => {}
  return createLane({
    store,
    bucket: 'b',
    rate,
    priority: 'interactive',
    atOnce: 64,
    onRest,
    closed: open,
    ...more,
  })
}

/** More than a busy machine takes, and less than any rest here. */
function patience(ms = 20_000): Patience {
  return { path: 'user/get', endsAt: performance.now() + ms, cancel: createCancel() }
}

/** Runs one call and tells when it began. */
async function run(lane: Lane, task: () => Promise<void> = async () => {}, ms?: number): Promise<void> {
  await lane.enter(patience(ms))
  try {
    await task()
  } finally {
    lane.leave(true)
  }
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

/** Fills a lane and says how many calls run in it. */
function crowd(lane: Lane, size: number) {
  const finish = gate()
  let running = 0
  const calls = Array.from({ length: size }, () =>
    run(lane, async () => {
      running += 1
      await finish.opened
      running -= 1
    }),
  )
  const end = async (): Promise<void> => {
    finish.open()
    await Promise.all(calls)
  }
  return { running: () => running, end }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('a lane', () => {
  it('asks once for calls that come together, and seldom while it is busy', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { store, asked } = generous()
    const lane = laneOf(store)
    await Promise.all(Array.from({ length: 60 }, () => run(lane)))
    expect(asked.map(({ want }) => want)).toEqual([60])
    const before = asked.length
    for (let call = 0; call < 2_000; call += 1) await run(lane)
    expect(asked.length - before).toBeLessThan(40)
  })

  it('asks once for a call when it is idle, for that one only', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { store, asked } = generous()
    const lane = laneOf(store)
    for (let call = 0; call < 5; call += 1) {
      await run(lane)
      vi.advanceTimersByTime(2_000)
    }
    expect(asked.map(({ want }) => want)).toEqual([1, 1, 1, 1, 1])
  })

  it('lets what it took and did not use lie no longer than a second', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const { store, asked } = generous()
    const lane = laneOf(store)
    for (let call = 0; call < 4; call += 1) await run(lane)
    expect(asked.map(({ want }) => want)).toEqual([1, 2, 4])
    vi.advanceTimersByTime(1_001)
    await run(lane)
    expect(asked.map(({ want }) => want)).toEqual([1, 2, 4, 2])
  })

  it('takes no more than one call at a time from a small bucket', async () => {
    const { store, asked } = generous()
    const lane = laneOf(store, { rate: { perSecond: 0.5, burst: 30 } })
    await Promise.all(Array.from({ length: 8 }, () => run(lane)))
    expect(new Set(asked.map(({ want }) => want))).toEqual(new Set([1]))
  })

  it('waits until the bucket holds a call again', async () => {
    const grants: Partial<Grant>[] = [{ granted: 0, level: 0.2 }, { granted: 1 }]
    const { store } = answering(() => grants.shift() ?? {})
    const start = performance.now()
    await run(laneOf(store))
    expect(performance.now() - start).toBeGreaterThanOrEqual(19)
  })

  it('does not wait for the whole bucket where it was told of a part of it', async () => {
    const part = { granted: 0, level: 375 }
    const grants: Partial<Grant>[] = [part, { granted: 1 }]
    const { store } = answering(() => grants.shift() ?? part)
    await run(laneOf(store, { priority: 'bulk' }))
  })

  it('leaves half of the bucket to those somebody waits for', async () => {
    vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] })
    const rate = { perSecond: 0.001, burst: 60 }
    const store = createMemoryLimits()
    const bulk = laneOf(store, { rate, priority: 'bulk' })
    let done = 0
    const syncs = Array.from({ length: 40 }, () =>
      run(
        bulk,
        async () => {
          done += 1
        },
        150,
      ).catch((error: { failure?: string }) => error.failure),
    )
    await vi.advanceTimersByTimeAsync(0)
    expect(done).toBe(30)
    const interactive = laneOf(store, { rate })
    for (let call = 0; call < 25; call += 1) await run(interactive)
    await vi.advanceTimersByTimeAsync(150)
    expect((await Promise.all(syncs)).filter(outcome => outcome === 'queue')).toHaveLength(10)
  })

  it('runs its share of the calls that all instances may run at once', async () => {
    const { store } = answering(({ want }) => ({ granted: want, instances: 3 }))
    const calls = crowd(laneOf(store, { atOnce: 8 }), 30)
    // Before the first answer it knows of no other instance, and it has run nothing.
    await vi.waitFor(() => expect(calls.running()).toBe(2), 10_000)
    await calls.end()
  })

  it('says that it is calling for as long as a call takes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const { store, asked } = generous()
    const lane = laneOf(store)
    const finish = gate()
    const long = run(lane, () => finish.opened, 600_000)
    await vi.advanceTimersByTimeAsync(10_000)
    expect(asked.map(({ want }) => want)).toEqual([1, 0, 0, 0, 0])
    finish.open()
    await long
    await vi.advanceTimersByTimeAsync(60_000)
    expect(asked).toHaveLength(5)
  })

  it('runs half as many at once when there were too many, once for all that were refused together', async () => {
    const { store } = generous()
    const lane = laneOf(store, { atOnce: 16 })
    const refused = crowd(lane, 16)
    await vi.waitFor(() => expect(refused.running()).toBe(16), 10_000)
    const { epoch } = lane
    for (let call = 0; call < 5; call += 1) lane.lower(epoch)
    await refused.end()
    const calls = crowd(lane, 40)
    await vi.waitFor(() => expect(calls.running()).toBeGreaterThan(0), 10_000)
    expect(calls.running()).toBeLessThanOrEqual(10)
    await calls.end()
    // What goes well brings the old number back.
    for (let call = 0; call < 300; call += 1) await run(lane)
    const later = crowd(lane, 40)
    await vi.waitFor(() => expect(later.running()).toBe(16), 10_000)
    await later.end()
  })

  it('forgets a waiting call that is given up, and goes on with the others', async () => {
    const { store } = generous()
    const lane = laneOf(store, { atOnce: 8 })
    const calls = crowd(lane, 8)
    const call = patience()
    const given = lane.enter(call)
    const after = run(lane)
    giveUp(call.cancel, new Error('not wanted any more'))
    await expect(given).rejects.toThrow('not wanted any more')
    await calls.end()
    await after
  })

  it('lets no call wait longer than it has time', async () => {
    const { store } = answering(() => ({ granted: 0, level: -400 }))
    const start = performance.now()
    await expect(run(laneOf(store), undefined, 50)).rejects.toMatchObject({ failure: 'queue' })
    // The bucket holds a call again after ten seconds.
    expect(performance.now() - start).toBeLessThan(8_000)
  })

  it('fails what waits when the client is closed', async () => {
    const closing = new AbortController()
    const { store } = answering(() => ({ granted: 0, level: -400 }))
    const waiting = run(laneOf(store, { closed: closing.signal }), undefined, 60_000)
    setImmediate(() => closing.abort(new Error('closed')))
    await expect(waiting).rejects.toThrow('closed')
  })
})

describe('a rest', () => {
  it('fails at once what has less time, whether it waits already or comes later', async () => {
    const { store } = answering(() => ({ granted: 0, level: -400 }))
    const lane = laneOf(store)
    const waiting = run(lane)
    lane.rest(60_000, tooOften)
    await expect(waiting).rejects.toBe(tooOften)
    await expect(run(lane)).rejects.toBe(tooOften)
  })

  it('is waited out by what has the time, even if calls were left in stock', async () => {
    const { store } = generous()
    const lane = laneOf(store)
    for (let call = 0; call < 6; call += 1) await run(lane)
    const start = performance.now()
    lane.rest(50, tooOften)
    await run(lane)
    expect(performance.now() - start).toBeGreaterThanOrEqual(49)
  })

  it('that another instance began is learnt from the counts', async () => {
    const rest: Rest = { ms: 60_000, errcode: 45009, errmsg: 'too often' }
    const { store } = answering(() => ({ granted: 0, rest }))
    const lane: Lane = laneOf(store, { onRest: ({ ms }) => lane.rest(ms, tooOften) })
    await expect(run(lane)).rejects.toBe(tooOften)
  })
})
