import { randomBytes } from 'node:crypto'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { type BotEvent, laneOf, orderKey } from '../events/parse.ts'

/** Where events are durable before they are acknowledged. */
export interface Inbox {
  /**
   * Stores an event unless it is there already. Events of the same moment share one write.
   *
   * @returns true when it is new
   * @throws when the database cannot write; then nothing may be acknowledged
   */
  put(event: BotEvent, app: string): Promise<boolean>
}

/** At most this many share one write. */
const batchMax = 500
/** The platform waits 5 s for an answer; a refusal must reach it in time to be told from silence. */
const patienceMs = 3_000
/** The platform writes what an edit changed some time after it tells of it (`path/92130`). */
const settleMs = 2_000

interface Waiting {
  document: InboxEvent
  resolve(fresh: boolean): void
  reject(error: unknown): void
}

export function createInbox(models: Models, retentionMs: number): Inbox {
  const process = randomBytes(4).toString('hex')
  let arrivals = 0
  let waiting: Waiting[] = []
  let writing = false

  async function write(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const batch = waiting.slice(0, batchMax)
      waiting = waiting.slice(batchMax)
      const failed = await insert(batch.map(one => one.document))
      for (const [index, one] of batch.entries()) {
        const error = failed.get(index)
        if (error === undefined) one.resolve(true)
        else if (error === 'known') one.resolve(false)
        else one.reject(error)
      }
    }
    writing = false
  }

  /** Inserts and gives what went wrong by position. */
  async function insert(documents: InboxEvent[]): Promise<Map<number, unknown>> {
    try {
      // Straight to the driver: the documents are made here, and a burst should not be checked twice.
      await models.inbox.collection.insertMany(documents as unknown as Record<string, unknown>[], {
        ordered: false,
        timeoutMS: patienceMs,
        writeConcern: { w: 'majority', journal: true },
      })
      return new Map()
    } catch (error) {
      const { writeErrors } = error as { writeErrors?: { index: number; code: number }[] }
      const refused = Array.isArray(writeErrors) ? writeErrors : []
      if (refused.length === 0) return new Map(documents.map((_document, index) => [index, error]))
      return new Map(refused.map(one => [one.index, one.code === 11000 ? 'known' : error]))
    }
  }

  return {
    put(event, app) {
      const now = Date.now()
      arrivals += 1
      const document: InboxEvent = {
        _id: event.id,
        corpId: event.corpId,
        app,
        name: event.name,
        ...(event.userid !== undefined && { userid: event.userid }),
        ...(event.externalUserid !== undefined && { externalUserid: event.externalUserid }),
        xml: event.xml,
        lane: laneOf(event),
        orderKey: orderKey(event),
        createdAt: event.createdAt,
        arrival: `${String(now).padStart(14, '0')}-${String(arrivals).padStart(10, '0')}-${process}`,
        state: 'waiting',
        attempts: 0,
        notBefore: new Date(event.name === 'customer.edited' ? event.createdAt.getTime() + settleMs : now),
        expireAt: new Date(now + retentionMs),
      }
      return new Promise((resolve, reject) => {
        waiting.push({ document, resolve, reject })
        if (!writing) void write()
      })
    },
  }
}

/** When the event arrived here, in milliseconds. */
export function arrivedAt(event: Pick<InboxEvent, 'arrival'>): number {
  return Number(event.arrival.slice(0, 14))
}
