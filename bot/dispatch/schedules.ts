import { nextDue } from '../handlers/cron.ts'
import type { ScheduledHandler } from '../handlers/handler-set.ts'
import type { DispatchDeps } from './deps.ts'
import type { Turn } from './queue.ts'
import { putStart, startId, startKey } from './starts.ts'

/** What no worker saw is made up for within this time, in milliseconds; rows of the inbox live for a day at least. */
const madeUpMs = 3_600_000
/** What appears while this process looks cannot have been missed for longer than a change takes to be seen. */
const appearedMs = 10_000
/** How long the list of corps is used, in milliseconds. */
const relistMs = 5_000

/** What is kept of a scheduled handler between two looks. */
interface Scheduled {
  cron: string
  timeZone: string
  /** When it is due next, by the database's clock. */
  next: number
}

interface Watched {
  handlers: readonly ScheduledHandler[]
  timeZone: string
  scheduled: ReadonlyMap<string, Scheduled>
}

export type ScheduleDeps = Pick<DispatchDeps, 'models' | 'apps' | 'live' | 'process' | 'retentionMs' | 'log'>

/**
 * Starts scheduled handlers when they are due. Every worker looks each second and makes the start durable; its id is a
 * digest of the handler and the moment, so that over all instances and restarts it is made once. Of moments that went by
 * while no worker looked the newest is made up for, within an hour; none from before the handler was published or
 * switched on. While a corp is paused starts are made as well, and passed over when their turn comes: so no moment of
 * the pause is made up for after it.
 *
 * No job of Agenda's per handler: those would have to follow each change, switch and pause, and a change is to be in effect
 * within 2 s. Here the compiled set, which is in memory anyway, says what there is, and a look compares numbers.
 *
 * @returns a look at `now`, by the database's clock; it gives the keys of what it has made
 */
export function createScheduleWatch(deps: ScheduleDeps): (now: number) => Promise<Turn[]> {
  const { models, apps, live, process, retentionMs, log } = deps
  const watched = new Map<string, Watched>()
  let corps: { ids: readonly string[]; readAt: number } | undefined

  async function corpIds(): Promise<readonly string[]> {
    if (corps === undefined || performance.now() - corps.readAt >= relistMs)
      corps = { ids: await apps.corpIds(), readAt: performance.now() }
    return corps.ids
  }

  /** Brings what is kept of a corp in line with its handlers. */
  async function watch(corpId: string, now: number): Promise<Watched> {
    const known = watched.get(corpId)
    const { schedules: handlers } = await live.of(corpId)
    const { timeZone } = await apps.corp(corpId)
    if (known?.handlers === handlers && known.timeZone === timeZone) return known
    const from = now - (known === undefined ? madeUpMs : appearedMs)
    const scheduled = new Map<string, Scheduled>()
    for (const handler of handlers) {
      const { key, trigger } = handler
      const cron = trigger.schedule
      const old = known?.scheduled.get(key)
      const isSame = old?.cron === cron && old.timeZone === timeZone
      const next = isSame ? old.next : await firstDue(handler, corpId, timeZone, from, now)
      scheduled.set(key, { cron, timeZone, next })
    }
    const current = { handlers, timeZone, scheduled }
    watched.set(corpId, current)
    return current
  }

  /** The first moment since `from` and since it is in effect as it is. */
  async function firstDue(
    { key, revision, trigger }: ScheduledHandler,
    corpId: string,
    timeZone: string,
    from: number,
    now: number,
  ): Promise<number> {
    const due = nextDue(trigger.schedule, timeZone, from)
    // Only for what may have been missed does it matter since when it is in effect.
    if (due > now) return due
    const which = { corpId, key }
    const [row, published] = await Promise.all([
      models.handlers.findOne(which, { switched: 1, updatedAt: 1 }).lean(),
      models.handlerRevisions.findOne({ ...which, revision }, { publishedAt: 1 }).lean(),
    ])
    const on = row?.switched?.findLast(one => one.on)?.at.getTime() ?? 0
    const since = Math.max((published?.publishedAt ?? row?.updatedAt)?.getTime() ?? now, on)
    // The clock of whoever published may be ahead.
    return nextDue(trigger.schedule, timeZone, Math.max(from, Math.min(since, now)))
  }

  /** Makes the newest start that is due, and notes when the next one will be. */
  async function startDue(corpId: string, handler: string, one: Scheduled, now: number): Promise<Turn[]> {
    let due = one.next
    // After a long sleep only the newest counts; the look back has an end.
    let next = nextDue(one.cron, one.timeZone, Math.max(due, now - madeUpMs))
    while (next <= now) {
      due = next
      next = nextDue(one.cron, one.timeZone, next)
    }
    const start = { handler, by: 'schedule' } as const
    const at = new Date(due)
    const id = startId(corpId, 'schedule', handler, at.toISOString())
    const isDue = due > now - madeUpMs
    const made = isDue && (await putStart(models, { corpId, at, id, start, retentionMs, process }))
    // Last, so that a look which fails is made again.
    one.next = next
    return made ? [{ corpId, key: startKey(start), lane: 'slow' }] : []
  }

  return async now => {
    const made: Turn[] = []
    for (const corpId of await corpIds()) {
      try {
        const { scheduled } = await watch(corpId, now)
        for (const [key, one] of scheduled)
          if (one.next <= now) made.push(...(await startDue(corpId, key, one, now)))
      } catch (error) {
        // The schedules of other corps go on; this one's are looked at again in a second.
        log.warn({ err: error, corpId }, 'schedules could not be looked at')
      }
    }
    return made
  }
}
