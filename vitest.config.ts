import { defineConfig } from 'vitest/config'
import { SlowFirst } from './fixtures/test/slow-first.ts'

const outside = ['**/node_modules/**', '**/dist/**', '**/.data/**']
/** What waits for something ends with it; only a machine that has much else to do comes near these. In milliseconds. */
const patient = {
  setupFiles: ['fixtures/test/each-file.ts'],
  testTimeout: 60_000,
  hookTimeout: 150_000,
  expect: { poll: { timeout: 20_000 } },
}
/** Processes, sockets, pages: most of what these tests do is waiting, so more of them run at once than there are cores. */
const waiting = { sequence: { groupOrder: 1 }, globalSetup: ['fixtures/test/database.ts'], maxWorkers: 4 }

export default defineConfig({
  test: {
    sequence: { sequencer: SlowFirst },
    projects: [
      {
        test: {
          ...patient,
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['**/*.test.ts'],
          exclude: [...outside, '**/*.{integration,browser,load}.test.ts'],
          isolate: false,
          maxWorkers: '100%',
        },
      },
      {
        test: {
          ...patient,
          ...waiting,
          name: 'integration',
          include: ['**/*.integration.test.ts'],
          exclude: outside,
          isolate: false,
        },
      },
      {
        test: {
          ...patient,
          ...waiting,
          name: 'browser',
          include: ['**/*.browser.test.ts'],
          exclude: outside,
        },
      },
      {
        // Each has the machine to itself: it brings its own load, and what it asks for is due within the platform's times.
        test: {
          ...patient,
          ...waiting,
          name: 'load',
          sequence: { groupOrder: 2 },
          include: ['**/*.load.test.ts'],
          exclude: outside,
          maxWorkers: 1,
        },
      },
    ],
  },
})
