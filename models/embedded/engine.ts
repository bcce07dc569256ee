import type { Document } from 'bson'
import { type Catalog, openCatalog } from './catalog.ts'
import { type Cursors, createCursors } from './cursors.ts'
import { createRecords, type Records } from './records.ts'
import { openStore, type Store } from './store.ts'

/** Everything the commands work on. */
export interface Engine {
  readonly store: Store
  readonly catalog: Catalog
  readonly records: Records
  readonly cursors: Cursors
  readonly testCommands: boolean
  /** Set by `configureFailPoint`: so many of the next commands that `data.failCommands` names fail. */
  failPoint?: { left: number; readonly data: Document } | undefined
}

export interface EngineOptions {
  /** Bytes on the disk that are never used; 4 MiB unless given. */
  readonly reserveBytes?: number | undefined
  /** Whether `configureFailPoint` works, for MongoDB's own tests of drivers. */
  readonly testCommands?: boolean | undefined
  /** Called before each request, and in each write before it touches anything; a throw ends the connection or the write. */
  readonly admit?: (() => void) | undefined
  /** Called when writing begins to fail (the disk is full), and with undefined when it works again. */
  readonly onFailure?: (failure: Error | undefined) => void
}

/** Opens the data in a folder, or in temporary space when `dir` is undefined. */
export async function openEngine(dir: string | undefined, options: EngineOptions = {}): Promise<Engine> {
  const { testCommands = false } = options
  const store = openStore(dir, options)
  try {
    const catalog = await openCatalog(store)
    return { store, catalog, records: createRecords(store, catalog), cursors: createCursors(), testCommands }
  } catch (error) {
    await store.close()
    throw error
  }
}
