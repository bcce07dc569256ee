import { afterEach, describe, expect, it, vi } from 'vitest'
import { createClock } from './clock.ts'

afterEach(() => {
  vi.useRealTimers()
})

describe("the database's clock", () => {
  it('is told from an answer, and goes on by itself, whatever happens to the clock of the host', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 1_000_000 })
    const clock = createClock()
    expect(clock.now()).toBe(1_000_000)
    clock.learn(5_000_000, performance.now())
    expect(clock.now()).toBe(5_000_000)
    vi.advanceTimersByTime(250)
    vi.setSystemTime(9_000_000)
    expect(clock.now()).toBe(5_000_250)
  })

  it('is as wrong as half the quickest answer was long under way, at most', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    const answer = (tookMs: number, databaseNow: number): void => {
      const askedAt = performance.now()
      vi.advanceTimersByTime(tookMs)
      clock.learn(databaseNow, askedAt)
    }
    // It was 5,000 at some moment of these 100 ms.
    answer(100, 5_000)
    expect(Math.abs(clock.now() - 5_050)).toBeLessThanOrEqual(50)
    answer(4, 5_054)
    expect(clock.now()).toBe(5_056)
    answer(1_000, 5_700)
    expect(clock.now()).toBe(6_056)
  })

  it('follows a database whose clock was changed', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    clock.learn(5_000, performance.now())
    clock.learn(3_000, performance.now())
    expect(clock.now()).toBe(3_000)
  })
})
