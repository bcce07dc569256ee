import type { Logger } from 'pino'
import type { Clock } from '../../models/clock.ts'
import { askLock, releaseLock, renewLock } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import { isGone } from '../../models/process-name.ts'
import { nameOf, type Turn } from './queue.ts'

/** A key that this process holds; renewed by itself at every third of its time. */
export interface Lease {
  /** False when it could not be renewed in time: what is under way ends, and nothing more begins. */
  isHeld(): boolean
  release(): Promise<void>
}

export interface LeaseDeps {
  locks: Models['locks']
  clock: Clock
  log: Logger
  /** Name of this process. */
  owner: string
}

const prefix = 'order:'

/** What the lease of a key is called among the locks. */
export function leaseName(turn: Pick<Turn, 'corpId' | 'key'>): string {
  return prefix + nameOf(turn)
}

/**
 * Takes the lease of a key; at once where its holder ran where we can see that it has ended.
 *
 * @param name as `nameOf` of the queue says
 * @returns undefined while another process holds it
 */
export async function takeLease(deps: LeaseDeps, name: string, ms: number): Promise<Lease | undefined> {
  const { locks, clock, owner } = deps
  const id = prefix + name
  let askedAt = performance.now()
  let lock = await askLock(locks, id, owner, ms)
  if (lock.owner !== owner && isGone(lock.owner)) {
    await releaseLock(locks, id, lock.owner)
    askedAt = performance.now()
    lock = await askLock(locks, id, owner, ms)
  }
  if (lock.owner !== owner) return undefined
  clock.learn(lock.until.getTime() - ms, askedAt)
  return keep(deps, id, ms, askedAt)
}

function keep({ locks, clock, log, owner }: LeaseDeps, id: string, ms: number, takenAt: number): Lease {
  let heldUntil = takenAt + ms
  let renewing: Promise<void> | undefined
  async function renew(): Promise<void> {
    const askedAt = performance.now()
    try {
      const until = await renewLock(locks, id, owner, ms)
      heldUntil = until === undefined ? 0 : askedAt + ms
      if (until !== undefined) clock.learn(until.getTime() - ms, askedAt)
    } catch (error) {
      log.warn({ err: error, key: id }, 'a lease could not be renewed')
    }
    renewing = undefined
  }
  const timer = setInterval(() => {
    renewing ??= renew()
  }, ms / 3)
  return {
    isHeld: () => performance.now() < heldUntil,
    async release() {
      clearInterval(timer)
      await renewing
      await releaseLock(locks, id, owner)
    },
  }
}

/** Gives back what processes of this machine held when they died, so that nothing rests until their leases end. */
export async function releaseDead(locks: Models['locks']): Promise<void> {
  // `;` follows `:`, so this is every lease of a key.
  const held = await locks.find({ _id: { $gte: prefix, $lt: 'order;' } }).lean()
  for (const lock of held) if (isGone(lock.owner)) await releaseLock(locks, lock._id, lock.owner)
}
