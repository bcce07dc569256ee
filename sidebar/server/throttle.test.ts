import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createThrottle } from './throttle.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

describe('a throttle', () => {
  it('does the work again after its time, and not before', async () => {
    const throttle = createThrottle(3_000)
    const work = vi.fn(async () => 'read')
    await throttle('lina', 'wm1', work)
    await vi.advanceTimersByTimeAsync(2_999)
    expect(await throttle('hemin', 'wm1', work)).toBe('read')
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    await throttle('lina', 'wm1', work)
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('remembers a refusal as long', async () => {
    const throttle = createThrottle(3_000)
    const work = vi.fn(() => Promise.reject(new Error('no')))
    for (const asker of ['lina', 'hemin']) await expect(throttle(asker, 'wm1', work)).rejects.toThrow('no')
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(3_000)
    await expect(throttle('lina', 'wm1', work)).rejects.toThrow('no')
    expect(work).toHaveBeenCalledTimes(2)
  })

  it('does slow work once at a time, however long it takes', async () => {
    const throttle = createThrottle(3_000)
    let end = (_reason: Error) => {}
    const work = vi.fn(
      () =>
        new Promise<string>((_resolve, reject) => {
          end = reject
        }),
    )
    const first = throttle('lina', 'wm1', work)
    await vi.advanceTimersByTimeAsync(10_000)
    const second = throttle('hemin', 'wm1', work)
    end(new Error('late'))
    await expect(first).rejects.toThrow('late')
    await expect(second).rejects.toThrow('late')
    expect(work).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(0)
    expect(await throttle('lina', 'wm1', async () => 'anew')).toBe('anew')
  })

  it('lets one asker begin ten pieces in its time, and others go on', async () => {
    const throttle = createThrottle(3_000)
    const ask = (asker: string, key: number) => throttle(asker, `${asker} ${key}`, async () => key)
    for (let key = 0; key < 10; key += 1) await ask('lina', key)
    await expect(ask('lina', 10)).rejects.toMatchObject({ code: 'platform_unavailable' })
    expect(await ask('hemin', 0)).toBe(0)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(await ask('lina', 10)).toBe(10)
  })
})
