import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import type { Running } from '../../server.ts'

describe('two hundred customers who add the same staff member in the same second', () => {
  let sidekick: TestSidekick
  let other: Running
  beforeAll(async () => {
    sidekick = await startTestSidekick()
    other = await sidekick.another()
  })
  afterAll(() => sidekick.stop())

  /** Lets so many customers add lina, and keeps the callbacks, delivered to nobody. */
  async function callbacksOf(customers: number): Promise<{ path: string; body: string }[]> {
    const kept: { path: string; body: string }[] = []
    const server = createServer(async (request, response) => {
      kept.push({ path: request.url ?? '', body: await text(request) })
      response.end()
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    await sidekick.callbacksTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const name = `同一秒${kept.length}`
    await Promise.all(
      Array.from({ length: customers }, (_, n) =>
        control(sidekick, 'POST', 'customers/add', { staff: 'lina', name: `${name}-${n}` }),
      ),
    )
    server.closeAllConnections()
    server.close()
    return kept
  }

  it('are welcomed and tagged once each, delivered three times each in any order to two instances', async () => {
    const callbacks = await callbacksOf(200)
    expect(callbacks).toHaveLength(200)
    const deliveries = callbacks
      .flatMap(callback => [0, 1, 2].map(() => ({ ...callback, at: Math.random() })))
      .sort((a, b) => a.at - b.at)
    await Promise.all(
      deliveries.map(async ({ path, body, at }) => {
        const url = at * 1e6 - Math.floor(at * 1e6) < 0.5 ? sidekick.url : other.url
        // Three tries, as the platform makes them: a busy machine may refuse one.
        for (let tries = 1; ; tries += 1) {
          const { status } = await fetch(`${url}${path}`, { method: 'POST', body })
          if (status === 200) return
          expect([status, tries]).toEqual([503, expect.toSatisfy(n => n < 3)])
        }
      }),
    )
    const { models } = sidekick.database
    await vi.waitFor(async () => expect(await models.inbox.countDocuments({ state: 'done' })).toBe(200), {
      timeout: 60_000,
      interval: 200,
    })
    const outbox = await control<OutboxEntry[]>(sidekick, 'GET', 'outbox')
    const of = (kind: string, field: string) =>
      outbox.filter(entry => entry.kind === kind).map(entry => entry.params[field])
    for (const done of [of('welcome', 'welcome_code'), of('mark_tag', 'external_userid')])
      expect([done.length, new Set(done).size]).toEqual([200, 200])
    // The platform has sent each; where its answer was lost, a second try learns that it was.
    expect(await models.welcomes.countDocuments({ state: { $in: ['sent', 'already'] } })).toBe(200)
  }, 90_000)
})
