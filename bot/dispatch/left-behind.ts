import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { nameOf, type Pool, type Turn } from './queue.ts'

/** The first waiting event of a key that nobody here knows of. */
export interface Left extends Turn, Pick<InboxEvent, '_id' | 'name' | 'xml' | 'arrival'> {}

const pageSize = 500
/** Pages that one look reads at most. */
const pagesMax = 20

/**
 * Looks for keys of a pool that wait in the inbox, oldest first, by key: thousands of one key hide no other.
 *
 * @param before by the database's clock: an event that is due later is not taken up
 * @param most how many keys are looked for
 * @param isKnown keys that are not looked for
 * @returns `more` when others wait as well, now or for a later moment
 */
export async function findLeft(
  inbox: Models['inbox'],
  pool: Pool,
  { before, most, isKnown }: { before: Date; most: number; isKnown(name: string): boolean },
): Promise<{ left: Left[]; more: boolean }> {
  const left: Left[] = []
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
          ...(ofPool.length + others.length > 0 && {
            $and: [...ofPool, ...(others.length > 0 ? [{ $nor: others }] : [])],
          }),
        },
        { corpId: 1, orderKey: 1, lane: 1, name: 1, xml: 1, arrival: 1, notBefore: 1 },
      )
      .sort({ notBefore: 1 })
      .limit(pageSize)
      .lean()
    for (const { orderKey: key, notBefore, ...event } of events) {
      const turn = { ...event, key }
      const keys = seen.get(event.corpId) ?? new Set()
      seen.set(event.corpId, keys)
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
