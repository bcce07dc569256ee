import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { createClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { type BotEvent, isEvent, parseEvent } from '../events/parse.ts'
import { createMetrics } from '../metrics.ts'
import type { DispatchDeps } from './deps.ts'
import { recordEvent } from './record-customer.ts'
import { announce } from './relation.ts'
import { runEvent } from './run-event.ts'

let database: Database
let id = ''
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  id = randomUUID()
})

describe('the relation of a pair', () => {
  const changes = {
    half: 'add_half_external_contact',
    full: 'add_external_contact',
    lost: 'del_follow_user',
  } as const
  const eventOf = (change: keyof typeof changes, seconds: number): BotEvent =>
    parseEvent(
      `<xml><ToUserName>ww1</ToUserName><FromUserName>sys</FromUserName><CreateTime>${1_700_000_000 + seconds}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>${changes[change]}</ChangeType><UserID>lina</UserID><ExternalUserID>wm${id}</ExternalUserID></xml>`,
    )
  async function take(event: BotEvent): Promise<string | undefined> {
    if (isEvent(event, 'customer.added')) return (await announce(database.models, event)).name
    await recordEvent({ models: database.models } as DispatchDeps, event, event.name)
    return undefined
  }
  async function story(...events: BotEvent[]): Promise<(string | undefined)[]> {
    const names = []
    for (const event of events) names.push(await take(event))
    return names
  }

  it('is not raised again by the confirmation that is handled after the end it came before', async () => {
    const names = await story(eventOf('half', 0), eventOf('lost', 20), eventOf('full', 10))
    expect(names.filter(name => name === 'customer.added')).toHaveLength(1)
  })

  it('welcomes a customer who comes back, also where the old request was tried again after the end', async () => {
    const half = eventOf('half', 0)
    const names = await story(half, eventOf('lost', 20), half, eventOf('full', 1_000))
    expect(names.at(-1)).toBe('customer.added')
  })

  it('raises customer.added once for the second relation, also where the first confirmation is tried again', async () => {
    const full = eventOf('full', 10)
    const names = await story(eventOf('half', 0), full, eventOf('half', 1_000), full, eventOf('full', 1_010))
    expect(names).toEqual([
      'customer.added',
      'customer.confirmed',
      'customer.added',
      'customer.confirmed',
      'customer.confirmed',
    ])
  })

  it('gives the same event the same relation, also after a second relation began', async () => {
    const first = eventOf('full', 0)
    await story(first, eventOf('full', 1_000))
    await take(first)
    const follow = await database.models.follows.findOne({ externalUserid: `wm${id}` }).lean()
    // The newer relation must not be replaced by the older one.
    expect(follow?.relation?.first).toBe(eventOf('full', 1_000).id)
  })

  it('stays ended when its add is handled late', async () => {
    const add = eventOf('full', 0)
    await announce(database.models, add as BotEvent<'customer.added'>)
    await take(eventOf('lost', 20))
    expect(await announce(database.models, add as BotEvent<'customer.added'>)).toMatchObject({ over: true })
    const follow = await database.models.follows.findOne({ externalUserid: `wm${id}` }).lean()
    expect(follow).toMatchObject({ status: 'lost', past: [{ first: add.id }] })
  })

  it('ends what was begun for an add that is tried again after the end, and tells why', async () => {
    const { models } = database
    const add = eventOf('full', 0)
    await announce(models, add as BotEvent<'customer.added'>)
    const step = { id: 'tag', action: 'customer.tag', state: 'pending', attempts: 1 } as const
    const { corpId, id: event } = add
    const begun = { corpId, event, handler: 'welcome', eventName: 'customer.added', revision: 1 }
    const dates = { startedAt: new Date(), expireAt: new Date(Date.now() + 60_000) }
    await models.runs.create({ ...begun, ...dates, state: 'running', steps: [step] })
    await take(eventOf('lost', 20))
    const deps = { models, clock: createClock(), metrics: createMetrics(), retentionMs: 60_000 }
    expect(await runEvent(deps as DispatchDeps, add)).toMatchObject({
      outcome: 'done',
    })
    expect(await models.runs.findOne({ corpId, event }).lean()).toMatchObject({
      state: 'failed',
      steps: [{ state: 'failed', error: { code: 'relation_over' } }],
    })
  })
})
