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

  it('goes by the quick answers, however slow the next ones are and on whichever way', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    // It tells whole milliseconds of a time that is 1,000.7 ahead.
    const answer = (thereMs: number, backMs: number): void => {
      const askedAt = performance.now()
      vi.advanceTimersByTime(thereMs)
      const databaseNow = Math.floor(performance.now() + 1_000.7)
      vi.advanceTimersByTime(backMs)
      clock.learn(databaseNow, askedAt)
    }
    answer(0, 0)
    vi.advanceTimersByTime(10.3)
    for (const [there, back] of [
      [2_000, 0],
      [0, 2_000],
      [0.3, 2_000],
      [2_000, 0.7],
    ] as const) {
      answer(there, back)
      const databaseNow = performance.now() + 1_000.7
      expect(Math.abs(clock.now() - databaseNow)).toBeLessThanOrEqual(5)
      expect(clock.earliest()).toBeLessThanOrEqual(databaseNow)
      expect(clock.earliest()).toBeGreaterThan(databaseNow - 10)
    }
  })

  it('may have come apart from the database by a second in a thousand, and says so', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    clock.learn(5_000, performance.now())
    vi.advanceTimersByTime(1_000_000)
    expect(clock.now()).toBe(1_005_000)
    expect(clock.earliest()).toBe(1_004_000)
    // What is within that is no change of a clock: the answer only narrows it.
    clock.learn(1_005_900, performance.now())
    expect(clock.earliest()).toBe(1_005_900)
  })

  it('follows a database whose clock was changed', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    clock.learn(5_000, performance.now())
    clock.learn(3_000, performance.now())
    expect(clock.now()).toBe(3_000)
  })
})
