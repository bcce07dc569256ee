import { mongo } from 'mongoose'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import {
  type DispatchRig,
  type Instance,
  openDispatchRig,
  spreadDue,
} from '../../fixtures/test/dispatch-rig.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { type ActionTable, defineAction } from '../actions/define.ts'
import { type BotEvent, parseEvent } from '../events/parse.ts'
import { createLiveHandlers } from '../handlers/live.ts'
import { publishHandler } from '../handlers/publish.ts'
import { createDispatcher, type Dispatcher } from './dispatcher.ts'
import { handleEvent } from './handle-event.ts'
import { createInbox } from './inbox.ts'
import { type DispatchLimits, dispatchLimits } from './limits.ts'
import { createWelcomeSearch } from './welcomes-left.ts'

const corpId = 'ww0123456789abcdef'
const patience = { timeout: 30_000, interval: 10 }
const quick = { lookAgainMs: 30, graceMs: 0, leaseMs: { fast: 300, slow: 300 } }

/** What an event waits for before its turn comes: the welcome that was begun when it arrived. */
describe('an event whose welcome is under way', () => {
  let database: Database
  let rig: DispatchRig
  let at: Instance
  let dispatcher: Dispatcher
  /** Ids of events whose welcome began, and of those that were handled. */
  let welcomed: string[]
  let handled: string[]
  /** What the next welcome fails with. */
  let fails: Error | undefined
  let letGo: () => void
  let gate: Promise<void>

  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(async () => {
    rig = await openDispatchRig(database, { holdMs: 1_000 })
    at = await rig.start({})
    welcomed = []
    handled = []
    gate = new Promise(resolve => {
      letGo = resolve
    })
  })
  afterEach(async () => {
    letGo()
    await dispatcher.drain(1_000)
    await rig.close()
  })

  /** A dispatcher whose welcomes take until the test lets them go. */
  async function start(limits: Partial<DispatchLimits> = {}): Promise<void> {
    const welcome = defineAction({
      ...{ id: 'welcome.send', title: '欢迎', summary: '', effect: 'contacts-customer', idempotent: true },
      output: z.object({}),
      params: z.strictObject({}),
      async run({ event }) {
        welcomed.push(event.id)
        const error = fails
        fails = undefined
        if (error !== undefined) throw error
        await gate
      },
    })
    const actions: ActionTable = new Map([[welcome.id, welcome]])
    const handler = {
      ...{ schemaVersion: 1, key: 'welcome', title: '欢迎' },
      trigger: { event: 'customer.added' },
      steps: [{ id: 'welcome', action: 'welcome.send' }],
    }
    await publishHandler(rig.models, corpId, handler, actions)
    const live = createLiveHandlers(at.database.models, actions, () => undefined)
    dispatcher = createDispatcher(
      { ...at.deps, actions, live },
      {
        limits: { ...quick, ...limits },
        run: async (_deps, { id }) => {
          handled.push(id)
          return { outcome: 'done', passed: [] }
        },
      },
    )
  }
  async function put(customer: string, inbox = at.inbox): Promise<BotEvent> {
    const seconds = Math.floor(Date.now() / 1000)
    const event = parseEvent(
      `<xml><ToUserName>${corpId}</ToUserName><FromUserName>sys</FromUserName><CreateTime>${seconds}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>s1</UserID><ExternalUserID>${customer}</ExternalUserID><WelcomeCode>code-${customer}</WelcomeCode></xml>`,
    )
    await inbox.put(event, '1000002')
    return event
  }
  const keyOf = (customer: string) => `order:${corpId}:customer:${customer}`
  const held = (customer: string) =>
    vi.waitFor(() => rig.models.locks.findOne({ _id: keyOf(customer), owner: at.name }).orFail(), patience)

  it('is left to whoever has taken its key meanwhile', async () => {
    await start()
    const event = await put('wm1')
    dispatcher.accept(event)
    await vi.waitFor(() => expect(welcomed).toEqual([event.id]), patience)
    await held('wm1')
    const until = new Date(Date.now() + 600_000)
    await rig.models.locks.updateOne({ _id: keyOf('wm1') }, { owner: 'another', until })
    // By then it is no longer held, whether a renewal has found that or not.
    await new Promise(resolve => setTimeout(resolve, 2 * quick.leaseMs.fast))
    const asked: string[] = []
    at.database.connection.set('debug', (collection: string, method: string) => {
      if (collection === 'locks') asked.push(method)
    })
    letGo()
    // It has let go of the key, asked for it and found it held: so it asks again.
    await vi.waitFor(() => {
      const [, ...since] = asked.slice(asked.indexOf('deleteOne'))
      expect([asked.includes('deleteOne'), since.length > 1]).toEqual([true, true])
    }, patience)
    expect(handled).toEqual([])
    await rig.models.locks.deleteOne({ _id: keyOf('wm1') })
    await vi.waitFor(() => expect(handled).toEqual([event.id]), patience)
  })

  it('is not left to its turn where the database was away for a moment', async () => {
    await start()
    const until = new Date(Date.now() + 600_000)
    await rig.models.locks.create({ _id: keyOf('wm-away'), owner: 'another', until })
    fails = new mongo.MongoNetworkError('read ECONNRESET')
    const event = await put('wm-away')
    dispatcher.accept(event)
    await vi.waitFor(() => expect(welcomed).toEqual([event.id, event.id]), patience)
    expect(handled).toEqual([])
  })

  it('is left to its turn where something else went wrong', async () => {
    await start()
    fails = new Error('odd')
    const event = await put('wm-odd')
    dispatcher.accept(event)
    await vi.waitFor(() => expect(handled).toEqual([event.id]), patience)
    expect(welcomed).toEqual([event.id])
  })

  it('is not begun any more by a process that stops', async () => {
    await start()
    const event = await put('wm2')
    dispatcher.accept(event)
    await vi.waitFor(() => expect(welcomed).toEqual([event.id]), patience)
    await held('wm2')
    const drained = dispatcher.drain(30_000)
    letGo()
    await drained
    expect(handled).toEqual([])
    expect(await rig.models.inbox.findById(event.id).lean()).toMatchObject({ state: 'waiting', attempts: 0 })
    expect(await rig.models.locks.countDocuments({ _id: keyOf('wm2') })).toBe(0)
  })

  it('is not handled again by whoever reads it just before somebody else settles it', async () => {
    await start()
    const event = await put('wm3', createInbox(rig.models, 60_000_000))
    const read = await rig.models.inbox.findById(event.id).orFail().lean()
    await rig.models.inbox.updateOne({ _id: event.id }, { state: 'done', finishedAt: new Date() })
    const run = async () => {
      handled.push(event.id)
      return { outcome: 'done' as const, passed: [] }
    }
    expect(await handleEvent(at.deps, run, read, { ...dispatchLimits, ...quick })).toBe(true)
    expect(handled).toEqual([])
  })

  it('is welcomed by another process when its receiver has died, however many keys wait there', async () => {
    const one = { atOnce: 1, heldBack: 1 }
    await start({ waitingMax: 1, places: { staff: one, customers: one, others: one } })
    // One that the dispatcher works on, and one that waits: there is no room for more.
    for (const customer of ['wm4', 'wm5']) dispatcher.accept(await put(customer))
    await vi.waitFor(() => expect(welcomed).toHaveLength(2), patience)
    const dead = createInbox(rig.models, 60_000_000)
    const [first, second, settled, old] = [
      await put('wm6', dead),
      await put('wm7', dead),
      await put('wm8', dead),
      await put('wm9', dead),
    ]
    const row = {
      ...{ corpId, userid: 's1', externalUserid: 'wm8', event: settled.id, relation: settled.id },
      ...{ welcomeCode: 'code-wm8', state: 'sent' as const, attempts: 1, eventAt: new Date() },
    }
    await rig.models.welcomes.create({ ...row, expireAt: new Date(Date.now() + 600_000) })
    await rig.models.inbox.updateOne({ _id: old.id }, { notBefore: new Date(Date.now() - 30_000) })
    // Whatever the dispatcher takes for the time.
    await spreadDue(rig.models, [second, settled])
    await rig.models.inbox.updateOne({ _id: first.id }, { notBefore: new Date(Date.now() - 5_000) })
    for (let looks = 0; looks < 2; looks += 1) await dispatcher.sweep(true)
    await vi.waitFor(() => expect(welcomed).toHaveLength(4), patience)
    expect(welcomed.slice(2).sort()).toEqual([first.id, second.id].sort())
    expect(handled).toEqual([])
  })

  it('is found behind hundreds that others have settled', async () => {
    await start()
    const dead = createInbox(rig.models, 60_000_000)
    const many = await Promise.all(Array.from({ length: 300 }, (_, n) => put(`wn${n}`, dead)))
    await spreadDue(rig.models, many)
    const last = many.at(-1)
    const later = { expireAt: new Date(Date.now() + 600_000), eventAt: new Date() }
    await rig.models.welcomes.insertMany(
      many.slice(0, -1).map(({ id, externalUserid }) => ({
        ...{
          corpId,
          userid: 's1',
          externalUserid,
          event: id,
          relation: id,
          welcomeCode: `code-${externalUserid}`,
        },
        ...{ state: 'sent', attempts: 1, ...later },
      })),
    )
    const search = createWelcomeSearch(at.deps)
    const look = async () => (await search(at.deps.clock.now(), at.deps.clock.now())).map(({ id }) => id)
    expect([await look(), await look(), await look(), await look()]).toEqual([[], [last?.id], [], [last?.id]])
  })
})
