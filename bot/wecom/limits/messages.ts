import { type Call, lateError, pauseCall } from '../pipeline.ts'
import type { Order } from './order.ts'
import type { LimitStore, Window } from './store.ts'

/** Messages that were counted before they were sent, by member. */
export type Claimed = ReadonlyMap<string, Date>

/** So many members are asked for at once. */
const AT_ONCE = 50
/** Somebody may have taken a claim back meanwhile, or the shared counts may be there again. */
const LOOK_AGAIN_MS = 5_000
/** Instances that wait for the same member do not all come at the same moment. */
const JITTER_MS = 50

/**
 * Waits until each member may get one more message, and counts it: for all of them or for none, so that nobody's messages
 * are counted while another's are waited for.
 *
 * @param order lets messages to one member wait in line
 * @throws WecomNetworkError `queue` as soon as it is clear that the call has not so much time
 */
export async function claimMessages(
  deps: { store: LimitStore; order: Order; windows: readonly Window[] },
  call: Call,
  members: readonly string[],
): Promise<Claimed> {
  const { store, windows } = deps
  const [only] = members
  if (only === undefined) return new Map()
  if (members.length === 1) return deps.order.run(only, call, () => claimAll())
  return claimAll()

  async function claimAll(): Promise<Claimed> {
    for (;;) {
      const claimed = new Map<string, Date>()
      let waitMs = 0
      for (let at = 0; at < members.length && waitMs === 0; at += AT_ONCE) {
        const some = members.slice(at, at + AT_ONCE)
        const claims = await Promise.all(some.map(member => store.claim(member, windows)))
        for (const [i, claim] of claims.entries()) {
          if ('at' in claim) claimed.set(some[i] ?? '', claim.at)
          else waitMs = Math.max(waitMs, 1, waitFor(claim.ages, windows))
        }
      }
      if (waitMs === 0) return claimed
      await unclaimAll(store, claimed)
      if (performance.now() + waitMs > call.endsAt) throw lateError(call)
      await pauseCall(call, Math.min(waitMs, LOOK_AGAIN_MS) + Math.random() * JITTER_MS)
    }
  }
}

/** Takes claims back: nothing was sent. */
export async function unclaimAll(store: LimitStore, claimed: Claimed): Promise<void> {
  await Promise.all([...claimed].map(([member, at]) => store.unclaim(member, at)))
}

/** Counts what was claimed as of now. */
export async function settleAll(store: LimitStore, claimed: Claimed): Promise<void> {
  await Promise.all([...claimed].map(([member, at]) => store.settle(member, at)))
}

/** Milliseconds until none of the windows is full, by how long ago each message was counted. */
export function waitFor(ages: readonly number[], windows: readonly Window[]): number {
  const newest = [...ages].sort((a, b) => a - b)
  return Math.max(0, ...windows.map(({ ms, most }) => ms - (newest[most - 1] ?? ms)))
}
