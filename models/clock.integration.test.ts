import { createConnection } from 'mongoose'
import { expect, it, vi } from 'vitest'
import { freshDatabaseUri } from '../fixtures/test/open-database.ts'
import { openClock } from './clock.ts'

it('is kept right by the heartbeats, also where no lease is ever taken', async () => {
  const connection = await createConnection(freshDatabaseUri(), { heartbeatFrequencyMS: 500 }).asPromise()
  const clock = await openClock(connection)
  const passed = performance.now.bind(performance)
  const host = vi.spyOn(performance, 'now').mockImplementation(() => passed() + 3_600_000)
  try {
    expect(clock.now() - Date.now()).toBeGreaterThan(3_500_000)
    // A heartbeat that was answered late tells little; the next one tells more.
    const off = (): number => {
      const real = Date.now()
      return Math.max(Math.abs(clock.now() - real), Math.abs(clock.earliest() - real))
    }
    await expect.poll(off, { timeout: 15_000 }).toBeLessThan(1_000)
  } finally {
    host.mockRestore()
    await connection.close()
  }
})
