import type { Models } from '../../models/models.ts'
import { nameOf, type Pool, type Turn } from './queue.ts'

const pageSize = 500
/** Pages that one look reads at most. */
const pagesMax = 20
/** What is due later than this was planned, and is looked for then: no retry waits for longer. In milliseconds. */
const soonMs = 60_000

/**
 * Looks for keys of a pool that wait in the inbox, oldest first, by key: thousands of one key hide no other.
 *
 * @param before by the database's clock: an event that is due later is not taken up
 * @param most how many keys are looked for
 * @param isKnown keys that are not looked for
 * @returns `more` when others wait as well, now or for a moment within a minute
 */
export async function findLeft(
  inbox: Models['inbox'],
  pool: Pool,
  { before, most, isKnown }: { before: Date; most: number; isKnown(name: string): boolean },
): Promise<{ left: Turn[]; more: boolean }> {
  const left: Turn[] = []
  const seen = new Map<string, Set<string>>()
  const lane = pool === 'others' ? 'slow' : 'fast'
  const ofPool = lane === 'slow' ? [] : [{ orderKey: pool === 'staff' ? { $not: customer } : customer }]
  for (let page = 0; page < pagesMax; page += 1) {
    const others = [...seen].map(([corpId, keys]) => ({ corpId, orderKey: { $in: [...keys] } }))
    const events = await inbox
      .find(
        {
          state: 'waiting',
          lane,
          notBefore: { $lte: new Date(before.getTime() + soonMs) },
          ...(ofPool.length + others.length > 0 && {
            $and: [...ofPool, ...(others.length > 0 ? [{ $nor: others }] : [])],
          }),
        },
        { _id: 0, corpId: 1, orderKey: 1, lane: 1, notBefore: 1 },
      )
      .sort({ notBefore: 1 })
      .limit(pageSize)
      .lean()
    for (const { corpId, orderKey: key, lane, notBefore } of events) {
      const turn: Turn = { corpId, key, lane }
      const keys = seen.get(corpId) ?? new Set()
      seen.set(corpId, keys)
      if (keys.has(key) || isKnown(nameOf(turn))) {
        keys.add(key)
        continue
      }
      if (notBefore > before || left.length === most) return { left, more: true }
      keys.add(key)
      left.push(turn)
    }
    if (events.length < pageSize) return { left, more: false }
  }
  return { left, more: true }
}

const customer = /^customer:/
