import { afterEach, describe, expect, it, vi } from 'vitest'
import { createKept } from './kept.ts'

describe('an answer that is kept', () => {
  afterEach(() => vi.useRealTimers())
  const owner = {}

  it('is asked for once by those who ask while it is on its way, and while it is kept', async () => {
    const kept = createKept<number>(1_000)
    let asked = 0
    const ask = async () => {
      asked += 1
      return asked
    }
    expect(await Promise.all([kept.get(owner, 'a', ask), kept.get(owner, 'a', ask)])).toEqual([1, 1])
    expect(await kept.get(owner, 'a', ask)).toBe(1)
    expect(await kept.get(owner, 'b', ask)).toBe(2)
    expect(await kept.get({}, 'a', ask)).toBe(3)
  })

  it('is asked for anew when it has become too old', async () => {
    vi.useFakeTimers()
    const kept = createKept<string>(1_000)
    await kept.get(owner, 'a', async () => 'old')
    vi.advanceTimersByTime(999)
    expect(await kept.get(owner, 'a', async () => 'new')).toBe('old')
    vi.advanceTimersByTime(1)
    expect(await kept.get(owner, 'a', async () => 'new')).toBe('new')
  })

  it('does not outlive its time because an older one was taken', async () => {
    vi.useFakeTimers()
    const kept = createKept<string>(1_000)
    await kept.get(owner, 'a', async () => 'first')
    vi.advanceTimersByTime(600)
    expect(await kept.take(owner, 'a')).toBe('first')
    await kept.get(owner, 'a', async () => 'second')
    vi.advanceTimersByTime(600)
    // The first one's time is over; the second one's is not.
    expect(await kept.get(owner, 'a', async () => 'third')).toBe('second')
  })

  it('is no failure: whoever asks next asks anew', async () => {
    const kept = createKept<string>(1_000)
    await expect(kept.get(owner, 'a', () => Promise.reject(new Error('away')))).rejects.toThrow('away')
    expect(await kept.get(owner, 'a', async () => 'there')).toBe('there')
  })

  it('is taken once', async () => {
    const kept = createKept<string>(1_000)
    expect(kept.take(owner, 'a')).toBeUndefined()
    await kept.get(owner, 'a', async () => 'there')
    expect(await kept.take(owner, 'a')).toBe('there')
    expect(kept.take(owner, 'a')).toBeUndefined()
  })
})
