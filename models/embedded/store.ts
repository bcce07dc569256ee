import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { open, type RootDatabase } from 'lmdb'
import { MongoError } from './errors.ts'

/** A stored key with its value; both are copies. */
export interface Entry {
  readonly key: Buffer
  readonly value: Buffer
}

/** What a range of keys is read with: `start` inclusive, `end` exclusive, at most `limit` entries. */
export interface Range {
  readonly start: Buffer
  readonly end: Buffer
}

/** Ordered bytes on disk. Reads see every committed write at once; writes happen only inside `write`. */
export interface Store {
  get(key: Buffer): Buffer | undefined
  /** Up to `limit` entries of a range, in key order or, with `reverse`, backwards. */
  entries(range: Range, limit: number, reverse?: boolean): Entry[]
  /** Number of keys in a range. */
  count(range: Range): number
  put(key: Buffer, value: Uint8Array): void
  remove(key: Buffer): void
  /** Removes all keys of a range. */
  removeRange(range: Range): void
  /**
   * Runs a command atomically, after those that came before it and before those that come later. Resolves when the
   * result is on disk; commands of the same moment share one flush. A throw undoes what the command has put and
   * rejects with it. Throws MongoError 14031 while the disk is full.
   */
  write<T>(command: () => T): Promise<T>
  /** Calls `listener` whenever something written was undone, so that what is cached from it can be read again. */
  onUndo(listener: () => void): void
  /** Size of the data file in bytes, as far as it is used. */
  bytes(): number
  /** Why nothing can be written at the moment, if so. */
  failure(): Error | undefined
  /** Finishes the writes under way and closes. */
  close(): Promise<void>
}

interface Pending {
  readonly command: () => unknown
  readonly resolve: (result: unknown) => void
  readonly reject: (error: unknown) => void
}

interface LmdbStats {
  readonly pageSize?: number
  readonly treeBranchPageCount?: number
  readonly treeLeafPageCount?: number
  readonly overflowPages?: number
}

/** Commands of one flush; more wait for the next, so that readers get their turn. */
const BATCH = 512
const REMOVE_CHUNK = 10_000
/** Disk space that is never used: see `checkSpace`. */
const RESERVE_BYTES = 4 * 1024 * 1024
const PAGE_BYTES = 4096

/**
 * Opens the store in a folder, or in memory-backed temporary space when `dir` is undefined (nothing of it is left
 * behind). Each batch of commands is one LMDB transaction with a child transaction per command; it is flushed to disk
 * before any of the batch is answered. `onFailure` is told when writing begins to fail and when it works again.
 */
export function openStore(
  dir: string | undefined,
  onFailure: (failure: Error | undefined) => void = () => {},
): Store {
  const db: RootDatabase<Buffer, Buffer> = open({
    ...(dir === undefined ? {} : { path: dir, noSubdir: false }),
    encoding: 'binary',
    keyEncoding: 'binary',
    overlappingSync: false,
    maxDbs: 1,
    maxReaders: 64,
  })
  let queue: Pending[] = []
  let scheduled = false
  let closed = false
  let failure: Error | undefined
  let touched = false
  let batchBytes = 0
  const undone: (() => void)[] = []
  const idle: (() => void)[] = []

  function runBatch(): void {
    const batch = queue.length > BATCH ? queue.slice(0, BATCH) : queue
    queue = queue.length > BATCH ? queue.slice(BATCH) : []
    const settle: (() => void)[] = []
    try {
      batchBytes = 0
      db.transactionSync(() => {
        for (const pending of batch) settle.push(runOne(pending))
        checkSpace()
      })
      // A batch that has written nothing doesn't tell whether anything can be written.
      if (failure && batchBytes > 0) {
        failure = undefined
        onFailure(undefined)
      }
      for (const answer of settle) answer()
    } catch (cause) {
      if (!failure) onFailure(cause as Error)
      failure = cause as Error
      for (const listener of undone) listener()
      const error = new MongoError(
        14031,
        'OutOfDiskSpace',
        `nothing can be written at the moment: ${failure.message}`,
      )
      for (const pending of batch) pending.reject(error)
    }
    if (queue.length > 0) setImmediate(runBatch)
    else {
      scheduled = false
      for (const wake of idle.splice(0)) wake()
    }
  }

  /**
   * Refuses a batch that might not find room on the disk. LMDB must never meet a full one: formatting that error it
   * writes beyond its buffer, which ends the process sooner or later.
   */
  function checkSpace(): void {
    if (batchBytes === 0) return
    const { bavail, bsize } = statfsSync(dir ?? tmpdir())
    if (bavail * bsize < RESERVE_BYTES + batchBytes) {
      throw new Error(`only ${Math.round((bavail * bsize) / 1024)} KiB are left on the disk`)
    }
  }

  function runOne(pending: Pending): () => void {
    touched = false
    const bytesBefore = batchBytes
    try {
      const result = db.childTransaction(pending.command) as unknown
      return () => pending.resolve(result)
    } catch (error) {
      batchBytes = bytesBefore
      if (touched) for (const listener of undone) listener()
      return () => pending.reject(error)
    }
  }

  return {
    get: key => db.get(key),
    entries(range, limit, reverse = false) {
      const found: Entry[] = []
      if (Buffer.compare(range.start, range.end) >= 0) return found
      const bounds = reverse
        ? { start: range.end, end: range.start, exclusiveStart: true, inclusiveEnd: true, reverse }
        : range
      for (const { key, value } of db.getRange({ ...bounds, limit })) {
        found.push({ key: asBuffer(key), value: asBuffer(value) })
      }
      return found
    },
    count: range => (Buffer.compare(range.start, range.end) >= 0 ? 0 : db.getKeysCount({ ...range })),
    put(key, value) {
      touched = true
      batchBytes += PAGE_BYTES + 2 * value.length
      db.putSync(key, value as Buffer)
    },
    remove(key) {
      touched = true
      batchBytes += PAGE_BYTES
      db.removeSync(key)
    },
    removeRange(range) {
      touched = true
      for (;;) {
        const keys = [...db.getKeys({ ...range, limit: REMOVE_CHUNK })]
        for (const key of keys) db.removeSync(key)
        if (keys.length < REMOVE_CHUNK) return
      }
    },
    write<T>(command: () => T) {
      if (closed)
        return Promise.reject(new MongoError(91, 'ShutdownInProgress', 'the database is shutting down'))
      return new Promise<T>((resolve, reject) => {
        queue.push({ command, resolve: resolve as (result: unknown) => void, reject })
        if (scheduled) return
        scheduled = true
        setImmediate(runBatch)
      })
    },
    onUndo(listener) {
      undone.push(listener)
    },
    bytes() {
      const stats = db.getStats() as LmdbStats
      const pages =
        (stats.treeBranchPageCount ?? 0) + (stats.treeLeafPageCount ?? 0) + (stats.overflowPages ?? 0)
      return pages * (stats.pageSize ?? 4096)
    },
    failure: () => failure,
    async close() {
      closed = true
      if (scheduled) await new Promise<void>(resolve => idle.push(resolve))
      await db.close()
    },
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
