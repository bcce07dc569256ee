import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import type { Database } from '../../models/connect.ts'
import { recordGap } from '../../models/gap.ts'
import type { SyncName, SyncState } from '../../models/sync-state.ts'
import { JobInterruptedError } from '../errors.ts'
import { GapSyncFailed, reconcileGaps } from './gaps.ts'

const counts = { seen: 1, created: 0, updated: 2, removed: 0, calls: 3 }

let database: Database
let corpId = ''
let asked: SyncName[] = []
let stop: AbortController
/** What a worker does when it is asked for a sync; by default a pass that begins and ends well. */
let onAsk: (what: SyncName) => Promise<void>
/** So many wishes meet a job that runs. */
let leftAlone = 0
let onReport: () => Promise<void>
beforeAll(async () => {
  database = await openTestDatabase()
})
afterAll(() => database.close())
beforeEach(() => {
  corpId = `ww${randomUUID()}`
  asked = []
  leftAlone = 0
  stop = new AbortController()
  onAsk = what => pass(what, 'complete')
  onReport = async () => undefined
})

let clock = Date.now()
/** A pass that begins now, or goes on as it began. */
async function pass(what: SyncName, state: SyncState['state'], begun?: Date): Promise<void> {
  clock += 1_000
  const ended = state !== 'running'
  await database.models.syncStates.updateOne(
    { corpId, what },
    {
      $set: {
        state,
        counts,
        startedAt: begun ?? new Date(clock),
        ...(ended && { finishedAt: new Date(clock + 1) }),
        ...(state === 'failed' && { error: { code: 'x', message: 'the platform is away' } }),
      },
    },
    { upsert: true },
  )
}
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000)
const found = (from = minutesAgo(10), to = minutesAgo(5)) =>
  recordGap(database.models.gaps, corpId, { from, to, reason: 'unattended' })
const gaps = () => database.models.gaps.find({ corpId }).sort({ from: 1 }).lean()
const reconcile = () =>
  reconcileGaps(
    {
      models: database.models,
      ask: async what => {
        asked.push(what)
        if (asked.length <= leftAlone) return false
        await onAsk(what)
        return true
      },
      failure: async () => undefined,
      signal: stop.signal,
      report: () => onReport(),
    },
    corpId,
  )

describe('the reconciliation', () => {
  it('does nothing where there is no gap', async () => {
    await reconcile()
    expect(asked).toEqual([])
  })

  it('reads staff, tags and customers once, and tells how that ended', async () => {
    for (const what of ['staff', 'tags', 'customers'] as const) await pass(what, 'complete', minutesAgo(60))
    await found()
    await found()
    await reconcile()
    expect(asked).toEqual(['staff', 'tags', 'customers'])
    const outcome = { state: 'complete', counts }
    expect(await gaps()).toMatchObject([
      { state: 'closed', missed: 0, syncs: { staff: outcome, tags: outcome, customers: outcome } },
    ])
  })

  it('closes several gaps by the same passes', async () => {
    await found(minutesAgo(60), minutesAgo(50))
    await found(minutesAgo(30), minutesAgo(20))
    await reconcile()
    expect(asked).toEqual(['staff', 'tags', 'customers'])
    expect((await gaps()).map(gap => gap.state)).toEqual(['closed', 'closed'])
  })

  it('does not count a pass that was under way, and asks for another one when that has ended', async () => {
    const begun = minutesAgo(7)
    await pass('staff', 'running', begun)
    await found()
    let asks = 0
    onAsk = async what => {
      asks += what === 'staff' ? 1 : 0
      // The first wish leaves the pass alone that is under way; it ends.
      if (what === 'staff' && asks === 1) await pass('staff', 'complete', begun)
      else await pass(what, 'complete')
    }
    await reconcile()
    expect(asked).toEqual(['staff', 'staff', 'tags', 'customers'])
    expect(await gaps()).toMatchObject([{ state: 'closed' }])
  })

  it('asks again where the job of the pass that had ended still ran', async () => {
    await pass('staff', 'complete', minutesAgo(7))
    await found()
    leftAlone = 2
    await reconcile()
    expect(asked).toEqual(['staff', 'staff', 'staff', 'tags', 'customers'])
    expect(await gaps()).toMatchObject([{ state: 'closed' }])
  })

  it('waits for a failed pass no longer, and goes on with what had been read when it is run again', async () => {
    await found()
    onAsk = what => pass(what, what === 'customers' ? 'failed' : 'complete')
    await expect(reconcile()).rejects.toThrow(GapSyncFailed)
    expect(await gaps()).toMatchObject([{ state: 'open' }])
    onAsk = what => pass(what, 'complete')
    asked = []
    await reconcile()
    expect(asked).toEqual(['customers'])
    expect(await gaps()).toMatchObject([{ state: 'closed' }])
  })

  it('does not take the failure for news that made an earlier run fail', async () => {
    await found()
    onAsk = what => pass(what, what === 'customers' ? 'failed' : 'complete')
    await expect(reconcile()).rejects.toThrow(GapSyncFailed)
    // The worker takes its time, and its next pass ends well.
    let looks = 0
    onAsk = async () => undefined
    onReport = async () => {
      looks += 1
      if (looks === 5) await pass('customers', 'complete')
    }
    await reconcile()
    expect(await gaps()).toMatchObject([{ state: 'closed', syncs: { customers: { state: 'complete' } } }])
  })

  it('goes on where it was interrupted', async () => {
    await found()
    onAsk = async what => {
      await pass(what, what === 'tags' ? 'running' : 'complete')
      if (what === 'tags') stop.abort()
    }
    await expect(reconcile()).rejects.toThrow(JobInterruptedError)
    const [{ startedAt } = {}] = await database.models.syncStates.find({ corpId, what: 'tags' }).lean()
    // The pass went on elsewhere meanwhile, and ended.
    await pass('tags', 'complete', startedAt)
    stop = new AbortController()
    onAsk = what => pass(what, 'complete')
    asked = []
    await reconcile()
    expect(asked).toEqual(['customers'])
    expect(await gaps()).toMatchObject([{ state: 'closed' }])
  })

  it('begins anew for a gap that has become longer under way', async () => {
    const from = minutesAgo(10)
    await found(from)
    let grown = false
    onAsk = async what => {
      await pass(what, 'complete')
      if (what === 'customers' && !grown) {
        grown = true
        await found(minutesAgo(6), minutesAgo(4))
      }
    }
    await reconcile()
    expect(asked).toEqual(['staff', 'tags', 'customers', 'staff', 'tags', 'customers'])
    expect(await gaps()).toMatchObject([{ state: 'closed', from }])
  })

  it('counts whom the platform lists as added in the gap and no event tells of', async () => {
    const { follows, inbox } = database.models
    const follow = (externalUserid: string, addedAt: Date, told = {}) =>
      follows.create({ corpId, userid: 'lina', useridKey: 'lina', externalUserid, addedAt, ...told })
    await follow('missed', minutesAgo(8))
    await follow('before', minutesAgo(20))
    await follow('after', minutesAgo(1))
    await follow('told', minutesAgo(8), { relation: { first: 'event', at: minutesAgo(8) } })
    await follow('waits', minutesAgo(8))
    await follow('of another', minutesAgo(8))
    await follow('again', minutesAgo(8))
    const event = (externalUserid: string, userid: string, createdAt: Date) =>
      inbox.create({
        _id: `${corpId}:${externalUserid}`,
        corpId,
        app: '1',
        name: 'customer.added',
        userid,
        xml: '<xml></xml>',
        lane: 'fast',
        orderKey: `customer:${externalUserid}`,
        createdAt,
        arrival: '1',
        state: 'waiting',
        attempts: 0,
        notBefore: new Date(),
        expireAt: new Date(Date.now() + 60_000),
      })
    await event('waits', 'LiNa', minutesAgo(8))
    await event('of another', 'hemin', minutesAgo(8))
    await event('again', 'lina', minutesAgo(60 * 24 * 30))
    await found()
    await reconcile()
    expect(await gaps()).toMatchObject([{ missed: 3 }])
  })
})
