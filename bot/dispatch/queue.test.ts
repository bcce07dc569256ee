import { afterEach, describe, expect, it, vi } from 'vitest'
import { dispatchLimits } from './limits.ts'
import { createKeyedQueue, type KeyedQueue, nameOf, type Turn } from './queue.ts'

const staff = (n: number): Turn => ({ corpId: 'c', key: `staff:${n}`, lane: 'fast' })
const customer = (n: number): Turn => ({ corpId: 'c', key: `customer:${n}`, lane: 'fast' })
const slow = (n: number): Turn => ({ corpId: 'c', key: `customer:${n}`, lane: 'slow' })
const many = (make: (n: number) => Turn, count = 200) => Array.from({ length: count }, (_, n) => make(n))

/** A queue whose work ends when the test says so. */
function rig({
  waitingMax = 1_000,
  heldBack = () => false,
}: {
  waitingMax?: number
  heldBack?: () => boolean
} = {}) {
  const begun: string[] = []
  const open = new Map<string, () => void>()
  const forgotten: string[] = []
  const queue: KeyedQueue = createKeyedQueue(
    turn => {
      begun.push(nameOf(turn))
      if (open.has(nameOf(turn))) throw new Error(`${nameOf(turn)} is worked on twice at once`)
      return new Promise(resolve => open.set(nameOf(turn), resolve))
    },
    heldBack,
    turn => forgotten.push(nameOf(turn)),
    { ...dispatchLimits, waitingMax },
  )
  async function end(turn: Turn): Promise<void> {
    const resolve = open.get(nameOf(turn))
    open.delete(nameOf(turn))
    resolve?.()
    await new Promise(setImmediate)
  }
  const under = (make: (n: number) => Turn) => many(make).filter(turn => open.has(nameOf(turn))).length
  return { queue, begun, end, under, forgotten }
}

afterEach(() => {
  vi.useRealTimers()
})

describe('the queue of keys', () => {
  it('gives each pool its places, so that none waits for another', () => {
    const { queue, under } = rig()
    for (const turn of [...many(n => ({ ...slow(n), key: `group:${n}` })), ...many(customer), ...many(staff)])
      queue.offer(turn)
    expect([
      under(staff),
      under(customer),
      under(n => ({ corpId: 'c', key: `group:${n}`, lane: 'slow' })),
    ]).toEqual([48, 16, 8])
  })

  it('holds customers and the slow lane back to two keys each while many welcomes are under way', async () => {
    let many32 = true
    const { queue, under, end } = rig({ heldBack: () => many32 })
    const group = (n: number): Turn => ({ corpId: 'c', key: `group:${n}`, lane: 'slow' })
    for (const turn of [...many(group), ...many(customer), ...many(staff)]) queue.offer(turn)
    expect([under(staff), under(customer), under(group)]).toEqual([48, 2, 2])
    await end(customer(0))
    expect(under(customer)).toBe(2)
    many32 = false
    queue.start()
    expect([under(staff), under(customer), under(group)]).toEqual([48, 16, 8])
  })

  it('begins with whoever asked first', async () => {
    const { queue, begun, end } = rig()
    for (const turn of many(customer, 20)) queue.offer(turn)
    await end(customer(3))
    await end(customer(0))
    expect(begun.slice(16)).toEqual(['c:customer:16', 'c:customer:17'])
  })

  it('works on a key once at a time, and once more for whatever was asked meanwhile', async () => {
    const { queue, begun, end } = rig()
    for (let times = 0; times < 5; times += 1) queue.offer(staff(1))
    expect(begun).toHaveLength(1)
    await end(staff(1))
    expect(begun).toHaveLength(2)
    await end(staff(1))
    expect(begun).toHaveLength(2)
    expect(queue.has(nameOf(staff(1)))).toBe(false)
  })

  it('forgets what was asked meanwhile when the work has taken it in', async () => {
    const { queue, begun, end } = rig()
    queue.offer(staff(1))
    expect(queue.askedAgain(staff(1))).toBe(false)
    queue.offer(staff(1))
    expect([queue.askedAgain(staff(1)), queue.askedAgain(staff(1))]).toEqual([true, false])
    await end(staff(1))
    expect(begun).toHaveLength(1)
  })

  it('moves a key to the fast lane when something fast comes for it', () => {
    const { queue, begun } = rig()
    for (const turn of many(slow, 20)) queue.offer(turn)
    expect(begun).toHaveLength(8)
    queue.offer(customer(19))
    expect(begun.slice(8)).toEqual(['c:customer:19'])
    // And not back.
    for (const turn of many(customer, 40).slice(20)) queue.offer(turn)
    queue.offer(slow(39))
    expect(queue.room('others')).toBe(1_000 - 11)
  })

  it('lets no more keys of a pool wait than it may, and always those it knows', () => {
    const { queue } = rig({ waitingMax: 10 })
    const taken = many(customer, 40).map(turn => queue.offer(turn))
    expect(taken.filter(Boolean)).toHaveLength(16 + 10)
    expect(queue.room('customers')).toBe(0)
    expect([queue.offer(customer(20)), queue.offer(customer(39)), queue.offer(staff(1))]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('lets whoever asked meanwhile wait again, where its own place makes room', async () => {
    const { queue, begun, end, forgotten } = rig({ waitingMax: 1 })
    for (const turn of many(customer, 17)) queue.offer(turn)
    queue.offer(customer(0))
    await end(customer(0))
    expect(begun.at(-1)).toBe('c:customer:16')
    expect([queue.room('customers'), queue.has(nameOf(customer(0)))]).toEqual([0, true])
    expect(forgotten).toEqual([])
  })

  it('tells of a key that was asked for meanwhile and finds its pool full', async () => {
    const { queue, end, forgotten } = rig({ waitingMax: 1 })
    queue.offer(slow(99))
    for (const turn of many(customer, 17)) queue.offer(turn)
    queue.offer(customer(99))
    await end(slow(99))
    expect(queue.has(nameOf(customer(99)))).toBe(false)
    expect(forgotten).toEqual(['c:customer:99'])
  })

  it('lets a key rest until its moment, or an earlier one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { queue, begun } = rig({ waitingMax: 1 })
    expect(queue.rest(staff(1), 5_000)).toBe(true)
    expect(queue.rest(staff(1), 50)).toBe(true)
    expect(queue.rest(staff(1), 9_000)).toBe(true)
    expect(queue.rest(staff(2), 50)).toBe(false)
    vi.advanceTimersByTime(49)
    expect(begun).toEqual([])
    vi.advanceTimersByTime(1)
    expect(begun).toEqual(['c:staff:1'])
    vi.advanceTimersByTime(10_000)
    expect(begun).toHaveLength(1)
  })

  it('lets a key whose pool is full at its moment rest on', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
    const { queue, begun, end } = rig({ waitingMax: 1 })
    queue.rest(customer(99), 10)
    for (const turn of many(customer, 17)) queue.offer(turn)
    vi.advanceTimersByTime(10)
    for (const turn of many(customer, 17)) await end(turn)
    expect(begun).not.toContain('c:customer:99')
    vi.advanceTimersByTime(1_000)
    expect(begun.at(-1)).toBe('c:customer:99')
  })

  it('starts nothing any more when it stops, and waits for what is under way', async () => {
    const { queue, begun, end } = rig()
    for (const turn of many(customer, 20)) queue.offer(turn)
    queue.rest(staff(1), 1)
    let stopped = false
    const stopping = queue.stop().then(() => {
      stopped = true
    })
    expect([queue.offer(staff(2)), queue.rest(staff(2), 1)]).toEqual([false, false])
    for (const turn of many(customer, 15)) await end(turn)
    expect(stopped).toBe(false)
    await end(customer(15))
    await stopping
    expect(begun).toHaveLength(16)
  })
})
