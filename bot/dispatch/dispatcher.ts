import { setTimeout as delay } from 'node:timers/promises'
import pLimit from 'p-limit'
import { isDatabaseAway } from '../../models/database-away.ts'
import { within } from '../../models/in-time.ts'
import { mayLive } from '../actions/welcome-ledger.ts'
import type { BotEvent } from '../events/parse.ts'
import { laneOf, orderKey } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { welcomeAtOnce } from './express.ts'
import { handleEvent, type RunEvent } from './handle-event.ts'
import { type Lease, takeLease } from './lease.ts'
import { findLeft } from './left-behind.ts'
import { type DispatchLimits, dispatchLimits } from './limits.ts'
import { nextEvent } from './next-event.ts'
import { createKeyedQueue, nameOf, type Pool, poolOf, pools, type Turn } from './queue.ts'
import { runEvent } from './run-event.ts'
import { createScheduleWatch } from './schedules.ts'
import { createWelcomeSearch } from './welcomes-left.ts'

/** Takes up what is in the inbox: in order per key over all instances, people first. */
export interface Dispatcher {
  /** Handles an event that has just become durable, or that has come again and is not done. Returns at once. */
  accept(event: BotEvent): void
  /** Takes up events that this process postponed; with `everything`, all that nobody works on, and what is due by its schedule. */
  sweep(everything: boolean): Promise<void>
  /** Lets the current events end, at most this long, and takes no more. */
  drain(ms: number): Promise<void>
}

export interface DispatcherOptions {
  limits?: Partial<DispatchLimits>
  /** What is done about an event. */
  run?: RunEvent
}

/**
 * Welcomes under way at once; those beyond wait in the order in which they came. More would not be answered sooner, and
 * would stand before people's commands at the database.
 */
const welcomesMax = 80
/** A redelivery within this time of a welcome does not begin it again. */
const onceMs = 30_000
/** While more welcomes than this are under way or wait for it, other work is held back. */
const manyWelcomes = 32
/** When a key, or a welcome, is tried again that the database failed. */
const mendMs = 1_000

export function createDispatcher(deps: DispatchDeps, options: DispatcherOptions = {}): Dispatcher {
  const { inbox, locks } = deps.models
  const { clock, log, metrics, process: owner } = deps
  const limits = { ...dispatchLimits, ...options.limits }
  const run = options.run ?? runEvent
  const queue = createKeyedQueue(workThrough, () => welcomesUnderWay > manyWelcomes, postpone, limits)
  /** Pools of which this process has left something to the inbox. */
  const postponed = new Set<Pool>()
  const inTurn = pLimit(welcomesMax)
  const welcomesLeft = createWelcomeSearch(deps)
  const schedulesDue = createScheduleWatch(deps)
  const welcoming = new Map<string, Promise<unknown>>()
  /** Those that wait for their turn among them too. */
  let welcomesUnderWay = 0
  let draining = false

  function offer(turn: Turn): void {
    if (!queue.offer(turn)) postpone(turn)
  }

  function rest(turn: Turn, ms: number): void {
    if (!queue.rest(turn, Math.min(Math.max(ms, 1), limits.holdMs))) postpone(turn)
  }

  /** The inbox remembers it; this process only that there is something. */
  function postpone(turn: Turn): void {
    if (draining) return
    postponed.add(poolOf(turn))
    metrics.postponed.inc({ lane: turn.lane })
  }

  async function workThrough(turn: Turn): Promise<void> {
    try {
      const lease = await takeLease({ locks, clock, log, owner }, nameOf(turn), limits.leaseMs[turn.lane])
      // Its holder may have looked for the last time just before our event came.
      if (lease === undefined) return rest(turn, limits.lookAgainMs)
      try {
        await workUnder(lease, turn)
      } finally {
        await lease.release()
      }
    } catch (error) {
      log.error({ err: error, key: nameOf(turn) }, 'a queue could not be worked through; it is tried again')
      rest(turn, mendMs)
    }
  }

  async function workUnder(lease: Lease, turn: Turn): Promise<void> {
    for (;;) {
      if (draining) return
      if (!lease.isHeld()) return rest(turn, limits.lookAgainMs)
      // What was asked for so far is in what is found now.
      queue.askedAgain(turn)
      const { event, ...found } = await nextEvent(inbox, turn, clock.now(), limits.holdMs)
      if (event === undefined) {
        if ('at' in found && found.at !== undefined) rest(turn, found.at - clock.now())
        return
      }
      await welcoming.get(event._id)
      // A welcome may take longer than a lease that is not renewed, and longer than a process that stops may wait.
      if (draining) return
      if (!lease.isHeld()) return rest(turn, limits.lookAgainMs)
      const settled = await handleEvent(deps, run, event, limits)
      // Where it was the only one, and none has come since, another look would find nothing.
      if (settled && 'more' in found && !found.more && !queue.askedAgain(turn)) return
    }
  }

  /** As long as its code may live, an outage does not leave it to its event's turn: that comes behind all that waits. */
  async function welcome(event: BotEvent): Promise<void> {
    for (;;) {
      try {
        await welcomeAtOnce(deps, event)
        return
      } catch (error) {
        if (draining || !isDatabaseAway(error) || !mayLive({ clock, event })) throw error
        await delay(mendMs)
      }
    }
  }

  /** Welcomes outside the queue; what fails here is tried again when the event's turn comes. */
  function express(event: BotEvent): void {
    if (welcoming.has(event.id) || draining) return
    welcomesUnderWay += 1
    const work = inTurn(() => welcome(event))
      .catch(error => log.warn({ err: error, event: event.id }, 'the welcome was not sent at once'))
      .finally(() => {
        welcomesUnderWay -= 1
        queue.start()
        setTimeout(() => welcoming.delete(event.id), onceMs).unref()
      })
    welcoming.set(event.id, work)
  }

  /**
   * Welcomes whose first receiver may have died must not wait for the queue either. While that one's lease runs the
   * ledger makes them wait, and whichever of the two is there when it ends goes on.
   */
  async function takeUpWelcomes(): Promise<void> {
    if (welcomesUnderWay >= welcomesMax) return
    const now = clock.now()
    for (const event of await welcomesLeft(now, now - limits.graceMs)) express(event)
  }

  async function takeUp(pool: Pool, everything: boolean): Promise<void> {
    const most = queue.room(pool)
    // Where much waits already there is no haste to look for more.
    if (most <= limits.waitingMax / 2 || !(everything || postponed.has(pool))) return
    // Whatever is postponed from here on stands for another look.
    const mine = postponed.delete(pool)
    const before = new Date(clock.now() - limits.graceMs)
    const { left, more } = await findLeft(inbox, pool, { before, most, isKnown: queue.has }).catch(error => {
      if (mine) postponed.add(pool)
      throw error
    })
    if (more && mine) postponed.add(pool)
    for (const turn of left) offer(turn)
  }

  return {
    accept(event) {
      if (draining) return
      if ('welcomeCode' in event.data) express(event)
      offer({ corpId: event.corpId, key: orderKey(event), lane: laneOf(event) })
    },
    async sweep(everything) {
      if (everything) await takeUpWelcomes()
      for (const pool of pools) await takeUp(pool, everything)
      if (everything) for (const turn of await schedulesDue(clock.now())) offer(turn)
    },
    async drain(ms) {
      draining = true
      await within(Promise.all([queue.stop(), ...welcoming.values()]), ms)
    },
  }
}
