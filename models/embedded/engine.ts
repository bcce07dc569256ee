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
  readonly startedAt: Date
  /** Number of open connections. */
  connections(): number
}

/** Opens the data in a folder, or in temporary space when `dir` is undefined. */
export async function openEngine(
  dir: string | undefined,
  connections: () => number,
  onFailure?: (failure: Error | undefined) => void,
): Promise<Engine> {
  const store = openStore(dir, onFailure)
  try {
    const catalog = await openCatalog(store)
    const records = createRecords(store, catalog)
    return { store, catalog, records, cursors: createCursors(), startedAt: new Date(), connections }
  } catch (error) {
    await store.close()
    throw error
  }
}
