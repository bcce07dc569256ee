import { describe, expect, it } from 'vitest'
import { startTestSidekick } from './fixtures/test/start-sidekick.ts'

const PUBLIC_URL = 'https://sidekick.example.com'

async function linesWith(settings: Record<string, string>): Promise<readonly string[]> {
  const sidekick = await startTestSidekick(settings)
  try {
    return (await sidekick.another()).lines
  } finally {
    await sidekick.stop()
  }
}

describe('what is printed at the start', () => {
  it('names the addresses under which people come', async () => {
    expect(await linesWith({ PUBLIC_URL })).toEqual([
      `WeCom Sidekick is ready: callback URL ${PUBLIC_URL}/callback/app, sidebar ${PUBLIC_URL}/sidebar/`,
    ])
  })

  it('names no sidebar where there is none', async () => {
    const [line] = await linesWith({ PUBLIC_URL, ROLES: 'worker' })
    expect(line).toMatch(/^WeCom Sidekick is ready: worker, health under http:\/\/127\.0\.0\.1:\d+\/readyz$/)
  })
})
