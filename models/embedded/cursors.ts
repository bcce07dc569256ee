import { randomBytes } from 'node:crypto'
import { Long } from 'bson'
import { MAX_DOCUMENT_BYTES } from './documents.ts'
import { mongoError } from './errors.ts'

/** An open cursor: results in BSON that are computed as they are asked for. */
interface OpenCursor {
  /** The namespace it reads; dropping that ends it. */
  readonly ns: string
  readonly results: Iterator<Uint8Array>
  /** A result that has been computed but did not fit the last batch. */
  held?: Uint8Array | undefined
  lastUsed: number
}

/** Some results, and where there are more: zero when there is nothing. */
interface Batch {
  readonly documents: Uint8Array[]
  readonly id: Long
}

/** The cursors of all connections. */
export type Cursors = ReturnType<typeof createCursors>

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
      if (documents.length >= limit || (documents.length > 0 && bytes + next.length > MAX_DOCUMENT_BYTES)) {
        cursor.held = next
        return { documents, done: false }
      }
      documents.push(next)
      bytes += next.length
    }
  }

  return {
    /** Takes the first batch, of 101 documents unless told otherwise, and keeps the rest for `more` if not `single`. */
    open(
      results: Iterator<Uint8Array>,
      {
        ns,
        batchSize = 101,
        single = false,
      }: { ns: string; batchSize?: number | undefined; single?: boolean },
    ): Batch {
      const cursor: OpenCursor = { ns, results, lastUsed: Date.now() }
      const { documents, done } = batchSize ? take(cursor, batchSize) : { documents: [], done: false }
      if (done || single) {
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
    /** The next batch. Throws code 43 when there is no such cursor over this namespace. */
    more(id: string, ns: string, batchSize: number | undefined): Batch {
      const cursor = cursors.get(id)
      if (cursor?.ns !== ns) throw mongoError(43, `cursor id ${id} not found`)
      // Whatever goes wrong on the way ends the cursor.
      cursors.delete(id)
      const { documents, done } = take(cursor, batchSize || Number.MAX_SAFE_INTEGER)
      if (!done) cursors.set(id, cursor)
      return { documents, id: done ? Long.ZERO : Long.fromString(id) }
    },
    /** Ends a cursor; false when there is none. */
    kill: end,
    /** Ends the cursors over a namespace that is dropped. */
    killAll(ns: string): void {
      for (const [id, cursor] of cursors) if (cursor.ns === ns) end(id)
    },
    /** Ends those that have rested longer than the time-out. */
    expire(now = Date.now()): void {
      for (const [id, { lastUsed }] of cursors) if (now - lastUsed > TIMEOUT_MS) end(id)
    },
    count: (): number => cursors.size,
  }
}
