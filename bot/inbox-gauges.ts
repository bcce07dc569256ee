import { inTime } from '../models/in-time.ts'
import type { Models } from '../models/models.ts'
import type { Metrics } from './metrics.ts'

/** What is counted of a lane, at most; a longer one shows this number. */
const countedMax = 10_000
/** How long what was found is shown, in milliseconds, however often it is asked for. */
const reuseMs = 5_000
/** What waits for longer is no retry but was planned: nobody is behind with it. In milliseconds. */
const soonMs = 60_000

/**
 * How to bring the gauges of the inbox, of notices and of gaps up to date before they are read. Where the database does not answer in
 * time they have no value, and `databaseUp` is 0.
 *
 * @param patienceMs how long the database has for its answers
 */
export function createInboxGauges(models: Models, metrics: Metrics, patienceMs = 2_000): () => Promise<void> {
  const { inboxWaiting, inboxOldest, inboxDead, noticesWaiting, gapsOpen, databaseUp } = metrics
  const inbox = models.inbox.collection
  const limited = { limit: countedMax }
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function read(): Promise<void> {
    const now = new Date()
    for (const lane of ['fast', 'slow'] as const) {
      const waiting = await inbox.countDocuments(
        { state: 'waiting', lane, notBefore: { $lte: new Date(now.getTime() + soonMs) } },
        limited,
      )
      const [oldest] = await inbox
        .find({ state: 'waiting', lane, notBefore: { $lte: now } })
        .project<{ notBefore: Date }>({ notBefore: 1 })
        .sort({ notBefore: 1 })
        .limit(1)
        .toArray()
      inboxWaiting.set({ lane }, waiting)
      inboxOldest.set(
        { lane },
        oldest === undefined ? 0 : (now.getTime() - oldest.notBefore.getTime()) / 1000,
      )
    }
    inboxDead.set(await inbox.countDocuments({ state: 'dead' }, limited))
    noticesWaiting.set(await models.notices.collection.countDocuments({ state: 'waiting' }, limited))
    gapsOpen.set(await models.gaps.collection.countDocuments({ state: 'open' }, limited))
    databaseUp.set(1)
  }

  async function refresh(): Promise<void> {
    try {
      await inTime(patienceMs, read())
    } catch {
      // Why is told by whatever else needs the database; an old number would look like a good one.
      for (const gauge of [inboxWaiting, inboxOldest]) gauge.reset()
      for (const gauge of [inboxDead, noticesWaiting, gapsOpen]) gauge.remove()
      databaseUp.set(0)
    }
    readAt = Date.now()
  }

  return async () => {
    if (Date.now() - readAt < reuseMs) return
    reading ??= refresh().finally(() => {
      reading = undefined
    })
    await reading
  }
}
