import { randomUUID } from 'node:crypto'
import { hostname } from 'node:os'
import pLimit from 'p-limit'
import type { InboxEvent } from '../../models/inbox-event.ts'
import { releaseLock, takeLock } from '../../models/lock.ts'
import { type BotEvent, laneOf, orderKey, parseEvent } from '../events/parse.ts'
import type { DispatchDeps } from './deps.ts'
import { welcomeAtOnce } from './express.ts'
import { arrivedAt } from './inbox.ts'
import { runEvent } from './run-event.ts'

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
/** Events of a key that are looked at together. */
const window = 20
const sweepMax = 500

export function createDispatcher(deps: DispatchDeps): Dispatcher {
  const { inbox, locks } = deps.models
  const owner = `${hostname()}/${process.pid}/${randomUUID()}`
  const limits = { fast: pLimit(parallel.fast), slow: pLimit(parallel.slow) } satisfies Record<Lane, unknown>
  /** Keys that this process works on; true: look again when through. */
  const busy = new Map<string, boolean>()
  const working = new Set<Promise<void>>()
  const welcoming = new Map<string, Promise<void>>()
  let draining = false

  function track(work: Promise<void>): void {
    working.add(work)
    void work.finally(() => working.delete(work))
  }

  /** Works through a key, unless this process is at it already; then it looks again when through. */
  function wake(corpId: string, key: string, lane: Lane): void {
    const name = `order:${corpId}:${key}`
    if (draining) return
    if (busy.has(name)) {
      busy.set(name, true)
      return
    }
    busy.set(name, false)
    track(
      limits[lane](() => workThrough(corpId, key, name, lane))
        .catch(error =>
          deps.log.error(
            { err: error, key: name },
            'a queue could not be worked through; the sweep tries again',
          ),
        )
        .then(() => {
          const again = busy.get(name) === true
          busy.delete(name)
          if (again) wake(corpId, key, lane)
        }),
    )
  }

  async function workThrough(corpId: string, key: string, name: string, lane: Lane): Promise<void> {
    if (!(await takeLock(locks, name, owner, leaseMs[lane]))) return
    let held = true
    const renew = setInterval(() => {
      takeLock(locks, name, owner, leaseMs[lane]).then(
        still => {
          held = still
        },
        error => deps.log.warn({ err: error, key: name }, 'a lease could not be renewed'),
      )
    }, leaseMs[lane] / 3)
    try {
      while (held && !draining) {
        const next = await nextOf(corpId, key)
        if (next === undefined) return
        await handle(next)
      }
    } finally {
      clearInterval(renew)
      await releaseLock(locks, name, owner)
    }
  }

  /** The first event of a key whose turn it is. */
  async function nextOf(corpId: string, key: string): Promise<InboxEvent | undefined> {
    const waiting = await inbox
      .find({ corpId, orderKey: key, state: 'waiting' })
      .sort({ createdAt: 1, arrival: 1 })
      .limit(window)
      .lean()
    const now = Date.now()
    for (const event of waiting) {
      if (event.notBefore.getTime() <= now) return event
      if (now - arrivedAt(event) < holdMs) return undefined
    }
    return undefined
  }

  async function handle(stored: InboxEvent): Promise<void> {
    const event = parseEvent(stored.xml)
    await welcoming.get(event.id)
    const attempts = stored.attempts + 1
    let problem: InboxEvent['error']
    let outcome: 'done' | 'again' | 'dead'
    try {
      outcome = await runEvent(deps, event, stored.attempts > 0)
      if (outcome !== 'done') problem = { code: 'run_failed', message: 'a handler failed; its run says why' }
    } catch (error) {
      const { code = 'unexpected', message = String(error) } = error as { code?: unknown; message?: string }
      deps.log.error({ err: error, event: event.id, attempts }, 'an event could not be handled')
      outcome = attempts < attemptsMax ? 'again' : 'dead'
      problem = { code: String(code), message }
    }
    if (outcome !== 'again') deps.replies.close(event.id)
    const wait = backoffMs[Math.min(stored.attempts, backoffMs.length - 1)] ?? 60_000
    await inbox.updateOne(
      { _id: event.id },
      {
        $set: {
          attempts,
          ...(problem !== undefined && { error: problem }),
          ...(outcome === 'again'
            ? { notBefore: new Date(Date.now() + wait) }
            : { state: outcome, finishedAt: new Date() }),
        },
        ...(problem === undefined && { $unset: { error: 1 } }),
      },
    )
  }

  /** Welcomes outside the queue; what fails here is tried again when the event's turn comes. */
  function express(event: BotEvent): void {
    if (welcoming.has(event.id)) return
    const work = welcomeAtOnce(deps, event)
      .catch(error => deps.log.warn({ err: error, event: event.id }, 'the welcome was not sent at once'))
      .finally(() => welcoming.delete(event.id))
    welcoming.set(event.id, work)
    track(work)
  }

  function accept(event: BotEvent): void {
    if ('welcomeCode' in event.data) express(event)
    wake(event.corpId, orderKey(event), laneOf(event))
  }

  return {
    accept,
    async sweep() {
      const lying = await inbox
        .find({ state: 'waiting', notBefore: { $lte: new Date() } })
        .sort({ notBefore: 1 })
        .limit(sweepMax)
        .lean()
      for (const stored of lying) {
        if (busy.has(`order:${stored.corpId}:${stored.orderKey}`)) continue
        accept(parseEvent(stored.xml))
      }
    },
    async drain(ms) {
      draining = true
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>(resolve => {
        timer = setTimeout(resolve, ms)
      })
      await Promise.race([Promise.all(working), late])
      clearTimeout(timer)
    },
  }
}

/**
 * Gives back what processes of this machine held when they died, so that nothing rests until their leases end. A
 * process id that lives again is another process: it has locks of its own.
 */
export async function releaseDead(locks: DispatchDeps['models']['locks']): Promise<void> {
  const prefix = `${hostname()}/`
  const held = await locks.find({ owner: { $gte: prefix, $lt: `${prefix}\uffff` } }).lean()
  for (const lock of held) {
    const pid = Number(lock.owner.slice(prefix.length).split('/')[0])
    if (pid === process.pid || !isAlive(pid)) await releaseLock(locks, lock._id, lock.owner)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
