import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Connection, createConnection } from 'mongoose'
import { withDatabase } from './embedded/address.ts'
import { ensureEmbedded } from './embedded/ensure.ts'
import { endLostOperations } from './lost-connections.ts'
import { createModels, type Models } from './models.ts'
import { type DatabaseState, selectionTimeoutMs, watchEmbedded, watchServer } from './watch-connection.ts'

/** An open database: MongoDB where an address is given, else the one that lives in the data folder. */
export interface Database {
  connection: Connection
  models: Models
  mode: 'server' | 'embedded'
  /** Without credentials, for people. */
  address: string
  /** Whether it takes writes at the moment, as far as it tells itself; never rejects. */
  state(): Promise<DatabaseState>
  close(): Promise<void>
}

export interface DatabaseOptions {
  /** Empty: the embedded database under `dataDir`. */
  mongodbUri?: string | undefined
  dataDir: string
  /** The database's name; otherwise the address's own, or `sidekick`. */
  name?: string
  log(level: 'info' | 'warn' | 'error', message: string, details?: object): void
}

/** Whether there is a database to open, so that opening it makes none. */
export function isThere({ mongodbUri, dataDir }: Pick<DatabaseOptions, 'mongodbUri' | 'dataDir'>): boolean {
  return mongodbUri !== undefined || existsSync(embeddedDirOf(dataDir))
}

const embeddedDirOf = (dataDir: string): string => join(dataDir, 'db')

/**
 * Opens the database, starting the embedded one where no address is given, and keeps watching it: an embedded database
 * that dies is started again.
 *
 * @throws when it cannot be reached within 5 s.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { mongodbUri, name } = options
  const embeddedDir = embeddedDirOf(options.dataDir)
  const uri = mongodbUri ?? withDatabase((await ensureEmbedded({ dir: embeddedDir })).uri, 'sidekick')
  endLostOperations()
  const connection = await createConnection(uri, {
    serverSelectionTimeoutMS: selectionTimeoutMs,
    connectTimeoutMS: selectionTimeoutMs,
    ...(mongodbUri === undefined && { heartbeatFrequencyMS: 1_000, minHeartbeatFrequencyMS: 100 }),
    ...(name !== undefined && { dbName: name }),
    maxPoolSize: 32,
    autoCreate: false,
    autoIndex: false,
    bufferCommands: false,
  }).asPromise()
  const { log } = options
  const watched =
    mongodbUri === undefined
      ? watchEmbedded(connection, embeddedDir, () => ensureEmbedded({ dir: embeddedDir }), log)
      : watchServer(connection, log)
  return {
    connection,
    models: createModels(connection),
    mode: mongodbUri === undefined ? 'embedded' : 'server',
    address: uri.replace(/\/\/[^@/]*@/, '//'),
    state: () => watched.ask().catch((error: Error) => ({ state: 'unreachable', reason: error.message })),
    async close() {
      await watched.stop()
      await connection.close()
    },
  }
}
