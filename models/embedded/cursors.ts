import { randomBytes } from 'node:crypto'
import { Long } from 'bson'
import { MAX_DOCUMENT_BYTES } from './documents.ts'
import { mongoError } from './errors.ts'

/** An open cursor: results in BSON that are computed as they are asked for. */
export interface OpenCursor {
  readonly id: Long
  readonly ns: string
  /** The collection it reads, so that dropping that ends it. */
  readonly collectionId: number | undefined
  readonly results: Iterator<Uint8Array>
  /** A result that has been computed but did not fit the last batch. */
  held: Uint8Array | undefined
  lastUsed: number
  readonly expires: boolean
}

export interface Batch {
  readonly documents: Uint8Array[]
  /** Zero when there is nothing more. */
  readonly id: Long
}

export interface OpenOptions {
  readonly ns: string
  readonly collectionId?: number | undefined
  /** Documents in the first batch; 101 unless given. */
  readonly batchSize?: number | undefined
  /** End the cursor after the first batch. */
  readonly single?: boolean | undefined
  readonly expires?: boolean | undefined
}

/** The cursors of all connections. */
export interface Cursors {
  /** Takes the first batch and keeps the rest for `more`. */
  open(results: Iterator<Uint8Array>, options: OpenOptions): Batch
  /** The next batch. Throws MongoError 43 when the cursor is gone. */
  more(id: Long, ns: string, batchSize: number | undefined): Batch
  /** Ends a cursor; false when there is none. */
  kill(id: Long): boolean
  /** Ends the cursors over a collection that is dropped. */
  killCollection(collectionId: number): void
  /** Ends those that have rested longer than the time-out. */
  expire(now?: number): void
  count(): number
}

const FIRST_BATCH = 101
/** What a batch may hold, so that the reply stays below the largest document. */
const BATCH_BYTES = MAX_DOCUMENT_BYTES
const TIMEOUT_MS = 10 * 60_000
const MAX_OPEN = 10_000

/** Makes an empty registry. A cursor ends after 10 minutes at rest, or as the oldest of more than 10,000. */
export function createCursors(): Cursors {
  const open = new Map<string, OpenCursor>()

  function end(cursor: OpenCursor): void {
    open.delete(cursor.id.toString())
    cursor.results.return?.()
  }

  function take(
    cursor: Pick<OpenCursor, 'held' | 'results'>,
    limit: number,
  ): { documents: Uint8Array[]; done: boolean } {
    const documents: Uint8Array[] = []
    let bytes = 0
    for (;;) {
      let next = cursor.held
      cursor.held = undefined
      if (!next) {
        const step = cursor.results.next()
        if (step.done) return { documents, done: true }
        next = step.value
      }
      const full = documents.length >= limit || (documents.length > 0 && bytes + next.length > BATCH_BYTES)
      if (full) {
        cursor.held = next
        return { documents, done: false }
      }
      documents.push(next)
      bytes += next.length
    }
  }

  return {
    open(results, options) {
      const cursor = {
        ns: options.ns,
        collectionId: options.collectionId,
        results,
        held: undefined as Uint8Array | undefined,
        lastUsed: Date.now(),
        expires: options.expires !== false,
      }
      const limit = options.batchSize ?? FIRST_BATCH
      const { documents, done } = limit === 0 ? { documents: [], done: false } : take(cursor, limit)
      if (done || options.single) {
        results.return?.()
        return { documents, id: Long.ZERO }
      }
      const oldest = open.size >= MAX_OPEN ? open.values().next().value : undefined
      if (oldest) end(oldest)
      const id = newId(open)
      open.set(id.toString(), { ...cursor, id })
      return { documents, id }
    },
    more(id, ns, batchSize) {
      const cursor = open.get(id.toString())
      if (!cursor) throw mongoError(43, `cursor id ${id} not found`)
      if (cursor.ns !== ns) {
        throw mongoError(13, `Requested getMore on namespace '${ns}', but cursor belongs to '${cursor.ns}'`)
      }
      cursor.lastUsed = Date.now()
      const limit = batchSize === undefined || batchSize === 0 ? Number.MAX_SAFE_INTEGER : batchSize
      try {
        const { documents, done } = take(cursor, limit)
        if (done) open.delete(id.toString())
        return { documents, id: done ? Long.ZERO : cursor.id }
      } catch (error) {
        open.delete(id.toString())
        throw error
      }
    },
    kill(id) {
      const cursor = open.get(id.toString())
      if (cursor) end(cursor)
      return cursor !== undefined
    },
    killCollection(collectionId) {
      for (const cursor of open.values()) if (cursor.collectionId === collectionId) end(cursor)
    },
    expire(now = Date.now()) {
      for (const cursor of open.values()) {
        if (cursor.expires && now - cursor.lastUsed > TIMEOUT_MS) end(cursor)
      }
    },
    count: () => open.size,
  }
}

function newId(taken: ReadonlyMap<string, unknown>): Long {
  for (;;) {
    const id = Long.fromBytesLE([...randomBytes(8)]).and(Long.MAX_VALUE)
    if (!id.isZero() && !taken.has(id.toString())) return id
  }
}
