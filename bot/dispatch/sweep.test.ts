import { pino } from 'pino'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { startSweep } from './sweep.ts'

describe('the sweep', () => {
  afterEach(() => {
    vi.useRealTimers()
  })

  it('stops within a second although none of its looks ever ends', async () => {
    vi.useFakeTimers()
    const never = () => new Promise<void>(() => undefined)
    const stalled = { accept: () => undefined, sweep: never, drain: async () => undefined }
    const stop = startSweep(stalled, { everything: true, log: pino({ level: 'silent' }), sendNotices: never })
    let stopped = false
    const stopping = stop().then(() => {
      stopped = true
    })
    await vi.advanceTimersByTimeAsync(900)
    expect(stopped).toBe(false)
    // With a turn of the loop, which counts a millisecond here.
    await vi.advanceTimersByTimeAsync(101)
    expect(stopped).toBe(true)
    await stopping
  })
})
