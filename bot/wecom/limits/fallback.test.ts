import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withFallback } from './fallback.ts'
import { createMemoryLimits } from './memory.ts'
import type { Ask, LimitStore } from './store.ts'

const ask: Ask = {
  rate: { perSecond: 0.001, burst: 80 },
  priority: 'interactive',
  want: 80,
  keep: 0,
  activeMs: 1_000,
}

/** Counts of three instances that can be made to fail, and say how often they were asked. */
function failing() {
  const memory = createMemoryLimits()
  const state = { down: true, asked: 0 }
  const store = new Proxy(memory, {
    get:
      (target, name: keyof LimitStore) =>
      async (...args: never[]) => {
        state.asked += 1
        if (state.down) throw new Error('away')
        const method = target[name] as (...all: never[]) => Promise<object>
        const answer = await method(...args)
        return name === 'take' ? { ...answer, instances: 3 } : answer
      },
  })
  return { store, state }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('counts that cannot be had', () => {
  it('are replaced by an eighth of each rate and window', async () => {
    const limits = withFallback(failing().store)
    expect(await limits.take('b', ask)).toMatchObject({ granted: 10, instances: 8 })
    expect(await limits.take('b', ask)).toMatchObject({ granted: 0 })
    const windows = [{ ms: 60_000, most: 29 }]
    const claims = []
    for (let turn = 0; turn < 5; turn += 1) claims.push(await limits.claim('lina', windows))
    expect(claims.filter(claim => 'at' in claim)).toHaveLength(3)
    expect(await limits.hold('r', 1_000)).toBe(true)
    const because = { ms: 1_000, errcode: 45009, errmsg: '' }
    expect(await limits.rest('b', because, 60_000)).toEqual(because)
    expect((await limits.take('b', ask)).rest).toMatchObject({ errcode: 45009 })
  })

  it('are asked for again after five seconds, and told of when they go and when they come', async () => {
    const { store, state } = failing()
    const notes: unknown[] = []
    const limits = withFallback(store, error => void notes.push(error))
    for (let call = 0; call < 4; call += 1) await limits.take('b', ask)
    vi.advanceTimersByTime(5_000)
    for (let call = 0; call < 4; call += 1) await limits.take('b', ask)
    expect(state.asked).toBe(2)
    expect(notes).toEqual([new Error('away')])
    state.down = false
    vi.advanceTimersByTime(5_000)
    expect(await limits.take('b', ask)).toMatchObject({ granted: 80 })
    expect(notes).toEqual([new Error('away'), undefined])
  })

  it('change nothing in how many instances there are', async () => {
    const { store, state } = failing()
    state.down = false
    const limits = withFallback(store)
    await limits.take('b', ask)
    state.down = true
    expect(await limits.take('b', ask)).toMatchObject({ instances: 3 })
  })

  it('are waited for before their store is closed', async () => {
    let answer = (): void => {}
    const slow: LimitStore = {
      ...createMemoryLimits(),
      hold: () =>
        new Promise(resolve => {
          answer = () => resolve(true)
        }),
    }
    const limits = withFallback(slow)
    const held = limits.hold('r', 1_000)
    let settled = false
    const settling = limits.settled().then(() => {
      settled = true
    })
    await new Promise(resolve => setImmediate(resolve))
    expect(settled).toBe(false)
    answer()
    await Promise.all([held, settling])
  })
})
