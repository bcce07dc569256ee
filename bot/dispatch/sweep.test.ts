import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startSweep } from './sweep.ts'

describe('the sweep', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('stops within a second although its look never ends', async () => {
    vi.useFakeTimers()
    const stalled = { accept: () => undefined, sweep: () => new Promise<void>(() => undefined) }
    const stop = startSweep({ ...stalled, drain: async () => undefined }, true, pino({ level: 'silent' }))
    let stopped = false
    const stopping = stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(900)
    expect(stopped).toBe(false)
    await vi.advanceTimersByTimeAsync(100)
    await stopping
  })
})
