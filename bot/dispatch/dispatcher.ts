import pLimit from 'p-limit'
import type { InboxEvent } from '../../models/inbox-event.ts'
import { releaseLock, renewLock, takeLock } from '../../models/lock.ts'
import { isGone, processName } from '../../models/process-name.ts'
import { type BotEvent, laneOf, orderKey, parseEvent } from '../events/parse.ts'
import { WireError } from '../events/wire.ts'
import { within } from '../within.ts'
import type { DispatchDeps } from './deps.ts'
import { welcomeAtOnce } from './express.ts'
import { arrivedAt } from './inbox.ts'
import { type EventOutcome, runEvent } from './run-event.ts'

/** Takes up what is in the inbox: in order per key over all instances, people first. */
export interface Dispatcher {
  /** Handles an event that has just become durable. Returns at once. */
  accept(event: BotEvent): void
  /** Takes up events that nobody works on. */
  sweep(): Promise<void>
  /** Lets the current events end, at most this long, and takes no more. */
  drain(ms: number): Promise<void>
}

type Lane = 'fast' | 'slow'

/** Lease of a key, renewed at a third of it: how long a key rests after a process died with it. */
const leaseMs = { fast: 3_000, slow: 30_000 } satisfies Record<Lane, number>
/** Keys worked on at the same time. */
const parallel = { fast: 64, slow: 8 } satisfies Record<Lane, number>
/** A failing event holds its key for this long; then the next ones go on before it. */
const holdMs = 60_000
const attemptsMax = 8
const backoffMs = [1_000, 2_000, 5_000, 10_000, 20_000, 40_000, 60_000]
/** When a key that another process holds is looked at again. */
const lookAgainMs = 250
/** A key whose turn comes later is looked at again after this at the latest. */
const restMaxMs = 5_000
/** Events of a key that are looked at together. */
const window = 20
/** Keys that one look of the sweep takes up in each lane. */
const sweepMax = 500
/** Welcomes under way at once; those beyond wait in the order in which they came. */
const welcomesMax = 256
/** A redelivery within this time of a welcome does not begin it again. */
const onceMs = 30_000
/** An event as young as this is its receiver's. */
const graceMs = 2_000

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { inbox, locks, welcomes } = deps.models
  const owner = processName()
  const limits = { fast: pLimit(parallel.fast), slow: pLimit(parallel.slow) } satisfies Record<Lane, unknown>
  /** Keys that this process works on; true: look again when through. */
  const busy = new Map<string, boolean>()
  /** Keys that another process holds, with the timer that looks again. */
  const resting = new Map<string, NodeJS.Timeout>()
  const working = new Set<Promise<void>>()
  const inTurn = pLimit(welcomesMax)
  const welcoming = new Map<string, Promise<void>>()
  let draining = false

  function track(work: Promise<void>): void {
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  /** Works through a key, unless this process is at it already; then it looks again when through. */
  function wake(corpId: string, key: string, lane: Lane): void {
    const name = lockName(corpId, key)
    if (draining) return
    if (busy.has(name)) {
      busy.set(name, true)
      return
    }
    busy.set(name, false)
    track(
      limits[lane](() => workThrough(corpId, key, name, lane))
        .catch(error => {
          deps.log.error(
            { err: error, key: name },
            'a queue could not be worked through; the sweep tries again',
          )
        })
        .then(() => {
          const again = busy.get(name) === true
          busy.delete(name)
          if (again) wake(corpId, key, lane)
        }),
    )
  }

  async function workThrough(corpId: string, key: string, name: string, lane: Lane): Promise<void> {
    if (!(await takeLock(locks, name, owner, leaseMs[lane]))) {
      // Its holder may have looked for the last time just before our event came.
      lookAgain(corpId, key, lane, lookAgainMs)
      return
    }
    let heldUntil = Date.now() + leaseMs[lane]
    let renewing = Promise.resolve()
    const renew = setInterval(() => {
      const asked = Date.now()
      renewing = renewLock(locks, name, owner, leaseMs[lane]).then(
        still => {
          heldUntil = still ? asked + leaseMs[lane] : 0
        },
        error => deps.log.warn({ err: error, key: name }, 'a lease could not be renewed'),
      )
    }, leaseMs[lane] / 3)
    try {
      while (Date.now() < heldUntil && !draining) {
        const next = await nextOf(corpId, key)
        if (next instanceof Date) lookAgain(corpId, key, lane, next.getTime() - Date.now())
        if (next === undefined || next instanceof Date) return
        await handle(next)
      }
    } finally {
      clearInterval(renew)
      await renewing
      await releaseLock(locks, name, owner)
    }
  }

  function lookAgain(corpId: string, key: string, lane: Lane, inMs: number): void {
    const name = lockName(corpId, key)
    if (resting.has(name) || draining) return
    const timer = setTimeout(
      () => {
        resting.delete(name)
        wake(corpId, key, lane)
      },
      Math.min(Math.max(inMs, 1), restMaxMs),
    )
    resting.set(name, timer)
  }

  /** The first event of a key whose turn it is, or when to look again, or nothing. */
  async function nextOf(corpId: string, key: string): Promise<InboxEvent | Date | undefined> {
    const waiting = await inbox
      .find({ corpId, orderKey: key, state: 'waiting' })
      .sort({ createdAt: 1, arrival: 1 })
      .limit(window)
      .lean()
    const now = Date.now()
    for (const event of waiting) {
      if (event.notBefore.getTime() <= now) return event
      const since = event.failingSince?.getTime() ?? now
      if (now - since < holdMs) return event.notBefore
    }
    return waiting[0]?.notBefore
  }

  async function handle(stored: InboxEvent): Promise<void> {
    const { _id } = stored
    await welcoming.get(_id)
    const attempts = stored.attempts + 1
    // One that was left lying may be what ended the process: it counts before it is tried.
    if (Date.now() - arrivedAt(stored) > graceMs) await inbox.updateOne({ _id }, { $set: { attempts } })
    const { outcome, error } = await attempt(stored, attempts)
    if (outcome !== 'again') deps.replies.close(_id)
    const wait = backoffMs[Math.min(stored.attempts, backoffMs.length - 1)] ?? holdMs
    await inbox.updateOne(
      { _id },
      {
        $set: {
          attempts,
          ...(error !== undefined && { error }),
          ...(outcome === 'again'
            ? { notBefore: new Date(Date.now() + wait), failingSince: stored.failingSince ?? new Date() }
            : { state: outcome, finishedAt: new Date() }),
        },
        ...(error === undefined && { $unset: { error: 1 } }),
      },
    )
  }

  /** Runs the event; whatever goes wrong becomes a reason that is stored with it. */
  async function attempt(
    stored: InboxEvent,
    attempts: number,
  ): Promise<{ outcome: EventOutcome; error?: NonNullable<InboxEvent['error']> }> {
    const { _id: id } = stored
    try {
      if (attempts > attemptsMax) {
        const error = { code: 'attempts_exhausted', message: `not handled in ${attemptsMax} attempts` }
        return { outcome: 'dead', error: stored.error ?? error }
      }
      const outcome = await runEvent(deps, { ...parseEvent(stored.xml), id })
      if (outcome === 'done') return { outcome }
      return { outcome, error: { code: 'run_failed', message: 'a handler failed; its run says why' } }
    } catch (error) {
      const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
      deps.log.error({ err: error, event: id, attempts }, 'an event could not be handled')
      const final = error instanceof WireError || attempts >= attemptsMax
      return { outcome: final ? 'dead' : 'again', error: { code: String(code), message } }
    }
  }

  /** Welcomes outside the queue; what fails here is tried again when the event's turn comes. */
  function express(event: BotEvent): void {
    if (welcoming.has(event.id) || draining) return
    const work = inTurn(() => welcomeAtOnce(deps, event))
      .catch(error => deps.log.warn({ err: error, event: event.id }, 'the welcome was not sent at once'))
      .finally(() => setTimeout(() => welcoming.delete(event.id), onceMs).unref())
    welcoming.set(event.id, work)
    track(work)
  }

  /**
   * A welcome whose first receiver died must not wait for the queue either. While that one's lease runs the ledger makes
   * it wait, and whichever of the two is there when it ends goes on.
   */
  async function expressAgain(id: string): Promise<void> {
    try {
      const stored = await inbox.findById(id).lean()
      if (stored === null || !stored.name.startsWith('customer.')) return
      const event = { ...parseEvent(stored.xml), id }
      const { welcomeCode } = event.data as { welcomeCode?: string }
      if (welcomeCode === undefined) return
      const row = await welcomes.findOne({ corpId: event.corpId, welcomeCode }).lean()
      if (row === null || row.state === 'sending') express(event)
    } catch (error) {
      // What cannot be read ends as dead when its turn comes; the others must not wait for it.
      deps.log.error({ err: error, event: id }, 'a welcome could not be taken up')
    }
  }

  return {
    accept(event) {
      if ('welcomeCode' in event.data) express(event)
      wake(event.corpId, orderKey(event), laneOf(event))
    },
    async sweep() {
      const now = Date.now()
      const left = { state: 'waiting', notBefore: { $lte: new Date(now - graceMs) } } as const
      for (const lane of ['fast', 'slow'] as const) {
        // By key, so that thousands of one key hide no other.
        const keys = await inbox.aggregate<{ _id: { corpId: string; key: string }; first: string }>([
          { $match: { ...left, lane } },
          { $sort: { notBefore: 1 } },
          {
            $group: {
              _id: { corpId: '$corpId', key: '$orderKey' },
              first: { $first: '$_id' },
              at: { $first: '$notBefore' },
            },
          },
          { $sort: { at: 1 } },
          { $limit: sweepMax },
        ])
        for (const { _id, first } of keys) {
          const name = lockName(_id.corpId, _id.key)
          if (busy.has(name) || resting.has(name)) continue
          if (lane === 'fast') await expressAgain(first)
          wake(_id.corpId, _id.key, lane)
        }
      }
    },
    async drain(ms) {
      draining = true
      for (const timer of resting.values()) clearTimeout(timer)
      await within(Promise.all(working), ms)
    },
  }
}

function lockName(corpId: string, key: string): string {
  return `order:${corpId}:${key}`
}

/** Gives back what processes of this machine held when they died, so that nothing rests until their leases end. */
export async function releaseDead(locks: DispatchDeps['models']['locks']): Promise<void> {
  // `;` follows `:`, so this is every order lock.
  const held = await locks.find({ _id: { $gte: 'order:', $lt: 'order;' } }).lean()
  for (const lock of held) if (isGone(lock.owner)) await releaseLock(locks, lock._id, lock.owner)
}
