import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { open, type RootDatabase } from 'lmdb'
import type { EngineOptions } from './engine.ts'
import { MongoError } from './errors.ts'

/** A stored key with its value; both are copies. */
export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

/** A range of keys: `start` inclusive, `end` exclusive. */
export interface Range {
  readonly start: Buffer
  readonly end: Buffer
}

/** Ordered bytes on disk. Reads see every committed write at once; writes happen only inside `write`. */
export type Store = ReturnType<typeof openStore>

interface Pending {
  readonly command: () => unknown
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

/** Commands of one flush; more wait for the next, so that readers get their turn. */
const BATCH = 512
const REMOVE_CHUNK = 10_000
/** Disk space that is never used: see `checkSpace`. */
const RESERVE_BYTES = 4 * 1024 * 1024
const PAGE_BYTES = 4096

/**
 * Opens the store in a folder, or in temporary space when `dir` is undefined (nothing of it is left behind). Each batch
 * of commands is one LMDB transaction with a child transaction per command; it is flushed to disk before any of the
 * batch is answered. See `EngineOptions` for the rest.
 */
export function openStore(dir: string | undefined, options: EngineOptions = {}) {
  const { onFailure = () => {}, admit = () => {}, reserveBytes = RESERVE_BYTES } = options
  const db: RootDatabase<Buffer, Buffer> = open({
    ...(dir !== undefined && { path: dir, noSubdir: false }),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    maxDbs: 1,
    maxReaders: 64,
  })
  const queue: Pending[] = []
  const undone: (() => void)[] = []
  /** So many commands run in a transaction each, because together they did not go. */
  let alone = 0
  let scheduled = false
  let closed = false
  let failure: Error | undefined
  let puts = 0
  let putBytes = 0

  const undo = (): void => {
    for (const listener of undone) listener()
  }

  const put = (key: Buffer, value: Uint8Array): void => {
    puts += 1
    putBytes += 2 * value.length
    db.putSync(key, value as Buffer)
  }

  const remove = (key: Buffer): void => {
    puts += 1
    db.removeSync(key)
  }

  /** Runs one command and returns how to answer it once the batch is on disk. */
  function runOne({ command, resolve, reject }: Pending): () => void {
    const before = [puts, putBytes] as const
    try {
      const result = db.childTransaction(command) as unknown
      return () => resolve(result)
    } catch (error) {
      if (puts > before[0]) undo()
      ;[puts, putBytes] = before
      return () => reject(error)
    }
  }

  /**
   * Refuses a batch that might not find room on the disk: each page that it changes is written anew. LMDB must never meet
   * a full disk: formatting that error it writes beyond its buffer, which ends the process sooner or later. What only
   * removes may use the reserve.
   */
  function checkSpace(): void {
    if (puts === 0) return
    const { bavail, bsize } = statfsSync(dir ?? tmpdir())
    const reserve = putBytes > 0 ? reserveBytes : 0
    const { used, given } = pages()
    const needed = putBytes + Math.min(puts * PAGE_BYTES, putBytes + used)
    // Half of what LMDB has given up counts as free: readers may hold on to the rest.
    const free = bavail * bsize + Math.max(0, given - used) / 2
    if (free >= reserve + needed) return
    const left = `only ${Math.round((bavail * bsize) / 1024)} KiB are left on the disk`
    throw new MongoError(14031, `nothing can be written at the moment: ${left}`)
  }

  /** How many bytes of the file are in use, and how many it has been given. */
  function pages(): { used: number; given: number } {
    const stats = db.getStats() as Record<string, number>
    const { treeBranchPageCount = 0, treeLeafPageCount = 0, overflowPages = 0, lastPageNumber = 0 } = stats
    const { pageSize = PAGE_BYTES } = stats
    const used = (treeBranchPageCount + treeLeafPageCount + overflowPages) * pageSize
    return { used, given: lastPageNumber * pageSize }
  }

  /** Waits for more commands as long as each turn brings some: they share one flush, which takes longest of all. */
  function gather(seen: number): void {
    if (queue.length > seen && queue.length < BATCH) setImmediate(gather, queue.length)
    else runBatch()
  }

  function runBatch(): void {
    const batch = queue.splice(0, alone > 0 ? 1 : BATCH)
    alone = Math.max(0, alone - 1)
    puts = 0
    putBytes = 0
    try {
      const answers = db.transactionSync(() => {
        // Here, as LMDB lets one process write at a time: one that slept meanwhile writes nothing when it wakes up.
        admit()
        const settled = batch.map(runOne)
        checkSpace()
        return settled
      })
      // A batch that has written nothing doesn't tell whether anything can be written.
      if (failure && puts > 0) {
        failure = undefined
        onFailure(undefined)
      }
      for (const answer of answers) answer()
    } catch (cause) {
      undo()
      if (batch.length > 1) {
        // One that is too large must not take the others with it.
        queue.unshift(...batch)
        alone = batch.length
      } else {
        const begins = failure === undefined
        failure = cause as Error
        if (begins) onFailure(failure)
        const known =
          cause instanceof MongoError ? cause : new MongoError(8, `nothing can be written: ${cause}`)
        for (const { reject } of batch) reject(known)
      }
    }
    if (queue.length > 0) setImmediate(gather, 0)
    else scheduled = false
  }

  return {
    get: (key: Buffer): Buffer | undefined => db.get(key),
    /** Up to `limit` entries of a range, or to about 4 MiB of them; in key order or, with `reverse`, backwards. */
    entries({ start, end }: Range, limit: number, reverse = false): Entry[] {
      if (Buffer.compare(start, end) >= 0) return []
      const range = reverse
        ? { start: end, end: start, exclusiveStart: true, inclusiveEnd: true, reverse }
        : { start, end }
      const found: Entry[] = []
      let bytes = 0
      for (const { key, value } of db.getRange({ ...range, limit })) {
        found.push({ key: asBuffer(key), value: asBuffer(value) })
        bytes += value.length
        if (bytes > CHUNK_BYTES) break
      }
      return found
    },
    /** Number of keys in a range. */
    count: (range: Range): number =>
      Buffer.compare(range.start, range.end) >= 0 ? 0 : db.getKeysCount({ ...range }),
    put,
    remove,
    /** Removes all keys of a range. */
    removeRange(range: Range): void {
      for (;;) {
        const keys = [...db.getKeys({ ...range, limit: REMOVE_CHUNK })]
        for (const key of keys) remove(key)
        if (keys.length < REMOVE_CHUNK) return
      }
    },
    /**
     * Runs a command atomically, after those that came before it and before those that come later. Resolves when the
     * result is on disk; commands of the same moment share one flush. A throw undoes what the command has put and
     * rejects with it. Throws code 14031 while the disk is full, 91 once the store is closed.
     */
    write<T>(command: () => T): Promise<T> {
      if (closed) return Promise.reject(new MongoError(91, 'the database is shutting down'))
      return new Promise<T>((resolve, reject) => {
        queue.push({ command, resolve: resolve as Pending['resolve'], reject })
        if (!scheduled) setImmediate(gather, 0)
        scheduled = true
      })
    },
    /** Calls `listener` whenever something written was undone, so that what is cached from it can be read again. */
    onUndo: (listener: () => void): void => void undone.push(listener),
    /** Size of the data in bytes. */
    bytes: (): number => pages().used,
    /** Why nothing can be written at the moment, if so. */
    failure: (): Error | undefined => failure,
    /** Finishes the writes under way and closes. */
    async close(): Promise<void> {
      closed = true
      while (scheduled) await new Promise(resolve => setImmediate(resolve))
      await db.close()
    },
  }
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const FIRST_CHUNK = 16
const LARGEST_CHUNK = 256
const CHUNK_BYTES = 4 * 1024 * 1024

/** The entries of a range, read in growing chunks; nothing of the store is held in between. */
export function* readRange(store: Store, { start, end }: Range, reverse = false): Generator<Entry> {
  for (let size = FIRST_CHUNK; ; size = Math.min(size * 4, LARGEST_CHUNK)) {
    const chunk = store.entries({ start, end }, size, reverse)
    yield* chunk
    const last = chunk.at(-1)
    const bytes = chunk.reduce((sum, { value }) => sum + value.length, 0)
    if (!last || (chunk.length < size && bytes <= CHUNK_BYTES)) return
    if (reverse) end = last.key
    else start = Buffer.concat([last.key, Buffer.alloc(1)])
  }
}
