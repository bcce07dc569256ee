import { type Catalog, openCatalog } from './catalog.ts'
import { type Cursors, createCursors } from './cursors.ts'
import type { FailPoint } from './fail-point.ts'
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
  /** Set by `configureFailPoint`; undefined where tests may not set one. */
  readonly failing?: { point: FailPoint | undefined }
}

/** Opens the data in a folder, or in temporary space when `dir` is undefined. */
export async function openEngine(
  dir: string | undefined,
  connections: () => number,
  onFailure?: (failure: Error | undefined) => void,
  {
    reserveBytes,
    testCommands = false,
  }: { reserveBytes?: number | undefined; testCommands?: boolean | undefined } = {},
): Promise<Engine> {
  const store = openStore(dir, onFailure, reserveBytes)
  try {
    const catalog = await openCatalog(store)
    return {
      store,
      catalog,
      records: createRecords(store, catalog),
      cursors: createCursors(),
      startedAt: new Date(),
      connections,
      ...(testCommands && { failing: { point: undefined } }),
    }
  } catch (error) {
    await store.close()
    throw error
  }
}
