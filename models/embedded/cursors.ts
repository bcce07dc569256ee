import { randomBytes } from 'node:crypto'
import { Long } from 'bson'
import { MAX_DOCUMENT_BYTES } from './documents.ts'
import { mongoError } from './errors.ts'

/** An open cursor: results in BSON that are computed as they are asked for. */
interface OpenCursor {
  readonly options: OpenOptions
  readonly results: Iterator<Uint8Array>
  /** A result that has been computed but did not fit the last batch. */
  held?: Uint8Array | undefined
  lastUsed: number
}

export interface Batch {
  readonly documents: Uint8Array[]
  /** Zero when there is nothing more. */
  readonly id: Long
}

export interface OpenOptions {
  readonly ns: string
  /** The collection it reads, so that dropping that ends it. */
  readonly collectionId?: number | undefined
  /** Documents in the first batch; 101 unless given. */
  readonly batchSize?: number | undefined
  /** End the cursor after the first batch. */
  readonly single?: boolean | undefined
  /** False for one that may rest for ever. */
  readonly expires?: boolean | undefined
}

/** The cursors of all connections. */
export type Cursors = ReturnType<typeof createCursors>

const FIRST_BATCH = 101
/** What a batch may hold, so that the reply stays below the largest document. */
const BATCH_BYTES = MAX_DOCUMENT_BYTES
const TIMEOUT_MS = 10 * 60_000
const MAX_OPEN = 10_000

/** Makes an empty registry. A cursor ends after 10 minutes at rest, or as the oldest of more than 10,000. */
export function createCursors() {
  const cursors = new Map<string, OpenCursor>()

  function end(id: string): boolean {
    cursors.get(id)?.results.return?.()
    return cursors.delete(id)
  }

  function take(cursor: OpenCursor, limit: number): { documents: Uint8Array[]; done: boolean } {
    const documents: Uint8Array[] = []
    cursor.lastUsed = Date.now()
    for (let bytes = 0; ; ) {
      const next = cursor.held ?? (cursor.results.next().value as Uint8Array | undefined)
      cursor.held = undefined
      if (next === undefined) return { documents, done: true }
      if (documents.length >= limit || (documents.length > 0 && bytes + next.length > BATCH_BYTES)) {
        cursor.held = next
        return { documents, done: false }
      }
      documents.push(next)
      bytes += next.length
    }
  }

  return {
    /** Takes the first batch and keeps the rest for `more`. */
    open(results: Iterator<Uint8Array>, options: OpenOptions): Batch {
      const cursor: OpenCursor = { options, results, lastUsed: Date.now() }
      const limit = options.batchSize ?? FIRST_BATCH
      const { documents, done } = limit === 0 ? { documents: [], done: false } : take(cursor, limit)
      if (done || options.single) {
        results.return?.()
        return { documents, id: Long.ZERO }
      }
      const [oldest] = cursors.size >= MAX_OPEN ? cursors.keys() : []
      if (oldest) end(oldest)
      // Of 63 random bits: neither to be guessed nor met twice.
      const id = Long.fromBytesLE([...randomBytes(8)]).and(Long.MAX_VALUE)
      cursors.set(id.toString(), cursor)
      return { documents, id }
    },
    /** The next batch. Throws code 43 when the cursor is gone, 13 when it is another collection's. */
    more(id: Long, ns: string, batchSize: number | undefined): Batch {
      const key = id.toString()
      const cursor = cursors.get(key)
      if (!cursor) throw mongoError(43, `cursor id ${id} not found`)
      const own = cursor.options.ns
      if (own !== ns)
        throw mongoError(13, `Requested getMore on namespace '${ns}', but cursor belongs to '${own}'`)
      // Whatever goes wrong on the way ends the cursor.
      cursors.delete(key)
      const { documents, done } = take(cursor, batchSize || Number.MAX_SAFE_INTEGER)
      if (!done) cursors.set(key, cursor)
      return { documents, id: done ? Long.ZERO : id }
    },
    /** Ends a cursor; false when there is none. */
    kill: (id: Long): boolean => end(id.toString()),
    /** Ends the cursors over a collection that is dropped. */
    killCollection(collectionId: number): void {
      for (const [id, { options }] of cursors) if (options.collectionId === collectionId) end(id)
    },
    /** Ends those that have rested longer than the time-out. */
    expire(now = Date.now()): void {
      for (const [id, { options, lastUsed }] of cursors) {
        if (options.expires !== false && now - lastUsed > TIMEOUT_MS) end(id)
      }
    },
    count: (): number => cursors.size,
  }
}
