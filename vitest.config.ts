import { defineConfig } from 'vitest/config'

const outside = ['**/node_modules/**', '**/dist/**', '**/.data/**']

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          sequence: { groupOrder: 0 },
          include: ['**/*.test.ts'],
          exclude: [...outside, '**/*.integration.test.ts', '**/*.browser.test.ts'],
          setupFiles: ['fixtures/test/unhandled.ts'],
        },
      },
      {
        test: {
          name: 'integration',
          sequence: { groupOrder: 1 },
          include: ['**/*.integration.test.ts'],
          exclude: outside,
          setupFiles: ['fixtures/test/unhandled.ts'],
          globalSetup: ['fixtures/test/database.ts'],
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // Most of what they do is waiting.
          maxWorkers: 3,
        },
      },
      {
        test: {
          name: 'browser',
          sequence: { groupOrder: 2 },
          include: ['**/*.browser.test.ts'],
          exclude: outside,
          setupFiles: ['fixtures/test/unhandled.ts'],
          globalSetup: ['fixtures/test/database.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
})
