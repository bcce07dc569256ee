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

  it('is as wrong as an answer was long under way, at most, and not worse for the next long one', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    const askedAt = performance.now()
    vi.advanceTimersByTime(100)
    // It was 5,000 at some moment of these 100 ms.
    clock.learn(5_000, askedAt)
    expect(clock.now()).toBeGreaterThanOrEqual(5_000)
    expect(clock.now()).toBeLessThanOrEqual(5_100)
    clock.learn(5_050, performance.now())
    expect(clock.now()).toBe(5_050)
    const later = performance.now()
    vi.advanceTimersByTime(1_000)
    clock.learn(5_700, later)
    expect(clock.now()).toBe(6_050)
  })

  it('follows a database whose clock was changed', () => {
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: 0 })
    const clock = createClock()
    clock.learn(5_000, performance.now())
    clock.learn(3_000, performance.now())
    expect(clock.now()).toBe(3_000)
  })
})
