import { type Clock, createClock } from '../../models/clock.ts'
import { within } from '../../models/in-time.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { processName } from '../../models/process-name.ts'
import { type BotEvent, laneOf, orderKey } from '../events/parse.ts'

/** Where events are durable before they are acknowledged. */
export interface Inbox {
  /**
   * Stores an event unless it is there already. Events of the same moment share one write.
   *
   * @returns true when it is new
   * @throws when the database cannot write in time, or too much waits for it; then nothing may be acknowledged
   */
  put(event: BotEvent, app: string): Promise<boolean>
}

export interface InboxOptions {
  /** The database's time. */
  clock?: Clock
  /** Name of this process, see `processName`. */
  process?: string
  limits?: Partial<InboxLimits>
}

/** What has not been written in time, or finds too much waiting before it. */
export class InboxUnavailable extends Error {
  readonly code = 'inbox_unavailable'
  constructor(message: string) {
    super(message)
    this.name = 'InboxUnavailable'
  }
}

interface InboxLimits {
  /** The platform waits 5 s for an answer; a refusal must reach it in time to be told from silence. */
  patienceMs: number
  /** Events that wait for a write at most, and characters of their messages. */
  waitingMax: number
  waitingCharacters: number
}

const defaultLimits: InboxLimits = { patienceMs: 3_000, waitingMax: 10_000, waitingCharacters: 2 ** 26 }
/** At most this many events share one write, and of characters not many more than this. */
const batchMax = 500
const batchCharacters = 2 ** 23
/** What is left of an event's patience is not worth a write below this, in milliseconds. */
const leastMs = 100
/** The platform writes what an edit changed some time after it tells of it (`path/92130`). */
const settleMs = 2_000

interface Waiting {
  document: InboxEvent
  since: number
  resolve(fresh: boolean): void
  reject(error: unknown): void
}

/** @param retentionMs how long an event is kept */
export function createInbox(models: Models, retentionMs: number, options: InboxOptions = {}): Inbox {
  const { clock = createClock(), process = processName() } = options
  const { patienceMs, waitingMax, waitingCharacters } = { ...defaultLimits, ...options.limits }
  let arrivals = 0
  let arrivedLast = 0
  let waiting: Waiting[] = []
  let characters = 0
  let writing = false

  /** The next events to be written together; those that have waited for too long are refused. */
  function nextBatch(): Waiting[] {
    const tooLong = performance.now() - patienceMs + leastMs
    const inTime = waiting.findIndex(one => one.since > tooLong)
    const begin = inTime < 0 ? waiting.length : inTime
    let end = begin
    for (let taken = 0; end < waiting.length && end - begin < batchMax && taken < batchCharacters; end += 1)
      taken += waiting[end]?.document.xml.length ?? 0
    const refused = waiting.slice(0, begin)
    const batch = waiting.slice(begin, end)
    waiting = waiting.slice(end)
    for (const { document, reject } of refused) {
      characters -= document.xml.length
      reject(new InboxUnavailable('the database did not take earlier events in time'))
    }
    for (const { document } of batch) characters -= document.xml.length
    return batch
  }

  async function write(): Promise<void> {
    writing = true
    while (waiting.length > 0) {
      const batch = nextBatch()
      const [oldest] = batch
      if (oldest === undefined) continue
      const patience = Math.ceil(oldest.since + patienceMs - performance.now())
      const documents = batch.map(one => one.document)
      // The driver itself waits without end for a server that has stalled.
      const failed = await within(insert(documents), patience)
      for (const [index, one] of batch.entries()) {
        const error =
          failed === undefined ? new InboxUnavailable('the database does not answer') : failed.get(index)
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
        writeConcern: { w: 'majority', journal: true },
      })
      return new Map()
    } catch (error) {
      const { writeErrors, result } = error as Partial<BulkWriteError>
      const refused = Array.isArray(writeErrors) ? writeErrors : []
      // Where the majority did not confirm, not even what is known may be acknowledged.
      if (refused.length === 0 || result?.getWriteConcernError?.() !== undefined)
        return new Map(documents.map((_document, index) => [index, error]))
      return new Map(refused.map(one => [one.index, one.code === 11000 ? 'known' : error]))
    }
  }

  return {
    put(event, app) {
      if (waiting.length >= waitingMax || characters >= waitingCharacters)
        return Promise.reject(new InboxUnavailable(`${waiting.length} events wait to be written`))
      arrivals += 1
      const now = clock.now()
      // The clock may be put back a little; what comes later is later nevertheless.
      arrivedLast = Math.max(arrivedLast, now)
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
        arrival: arrivalOf(arrivedLast, arrivals, process),
        state: 'waiting',
        attempts: 0,
        notBefore: new Date(event.name === 'customer.edited' ? event.createdAt.getTime() + settleMs : now),
        expireAt: new Date(now + retentionMs),
      }
      characters += document.xml.length
      return new Promise((resolve, reject) => {
        waiting.push({ document, since: performance.now(), resolve, reject })
        if (!writing) void write()
      })
    },
  }
}

interface BulkWriteError {
  writeErrors: { index: number; code: number }[]
  result: { getWriteConcernError?(): unknown }
}

/**
 * What breaks ties between events of one second.
 *
 * @param count of this process, so that what it stores in one millisecond keeps its order
 * @param process that takes it up at once; nobody, without one
 */
export function arrivalOf(at: number, count: number, process = ''): string {
  return `${String(at).padStart(14, '0')}-${String(count).padStart(10, '0')}-${tagOf(process)}`
}

/** When the event arrived here, in milliseconds. */
export function arrivedAt(event: Pick<InboxEvent, 'arrival'>): number {
  return Number(event.arrival.slice(0, 14))
}

/** Whether this very process received the event; one that was started later is another. */
export function isReceivedBy(event: Pick<InboxEvent, 'arrival'>, process: string): boolean {
  return event.arrival.endsWith(`-${tagOf(process)}`)
}

/** The same as a condition on `arrival`: what other processes received. */
export function notReceivedBy(process: string): { $not: RegExp } {
  return { $not: new RegExp(`-${tagOf(process)}$`) }
}

/** The random part of a process's name. */
function tagOf(process: string): string {
  return process.slice(process.lastIndexOf(':') + 1)
}
