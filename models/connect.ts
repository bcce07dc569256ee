import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { type Connection, createConnection } from 'mongoose'
import { withDatabase } from './embedded/address.ts'
import { ensureEmbedded } from './embedded/ensure.ts'
import { inTime } from './in-time.ts'
import { createModels, type Models } from './models.ts'

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

export type DatabaseState =
  | { state: 'ok' }
  /** It can be read but not written, or does not answer. */
  | { state: 'degraded' | 'unreachable'; reason: string }

export interface DatabaseOptions {
  /** Empty: the embedded database under `dataDir`. */
  mongodbUri?: string | undefined
  dataDir: string
  /** The database's name; otherwise the address's own, or `sidekick`. */
  name?: string
  log(level: 'info' | 'warn' | 'error', message: string, details?: object): void
}

/** How long an operation waits for a reachable server before it fails, in milliseconds. */
const selectionTimeoutMs = 5_000

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
      ? keepRunning(connection, embeddedDir, log)
      : keepFound(connection, log, () => ping(connection), serverLostMs)
  return {
    connection,
    models: createModels(connection),
    mode: mongodbUri === undefined ? 'embedded' : 'server',
    address: uri.replace(/\/\/[^@/]*@/, '//'),
    state: () => watched.ask().catch(unreachable),
    async close() {
      await watched.stop()
      await connection.close()
    },
  }
}

/** How often the database is asked for a sign of life, and how long it may take. */
const probeMs = 2_000
/** Without a sign of life for this long, the driver is connected anew. */
const embeddedLostMs = 8_000
/** A replica set may take this long to agree on a new primary. */
const serverLostMs = 20_000
/** The one cause of a database that refuses writes; how much is left is told by each write that is refused. */
const fullReason = 'the disk under DATA_DIR is full'

async function ping(connection: Connection): Promise<DatabaseState> {
  await inTime(probeMs, connection.getClient().db().command({ ping: 1 }))
  return { state: 'ok' }
}

function unreachable(error: Error): DatabaseState {
  return { state: 'unreachable', reason: error.message }
}

/** Throws when it is time to give up waiting for a driver that has lost its way: its own time-outs may be lost too. */
async function silence(): Promise<never> {
  await delay(2 * selectionTimeoutMs, undefined, { ref: false })
  throw new Error('the driver does not answer')
}

interface Watched {
  ask(): Promise<DatabaseState>
  stop(): Promise<void>
}

/**
 * Asks the database for a sign of life now and then, and connects a driver anew that has lost its way, whatever it
 * waits for: after an outage its monitor may be gone, and then it finds no server any more.
 *
 * @param ask throws when it does not answer
 * @param onSilent told of each time when it did not
 */
function keepFound(
  connection: Connection,
  log: DatabaseOptions['log'],
  ask: Watched['ask'],
  lostMs: number,
  onSilent?: () => void,
): Watched {
  const client = connection.getClient()
  let stopped = false
  let seenAt = Date.now()
  let probing: Promise<void> | undefined

  const probe = async (): Promise<void> => {
    try {
      await Promise.race([ask(), silence()])
      seenAt = Date.now()
      return
    } catch {
      // Why is told by whatever is done with the database; here only how long it has been.
      onSilent?.()
    }
    if (stopped || Date.now() - seenAt < lostMs) return
    log('warn', 'the database was not found again; connecting anew')
    try {
      await Promise.race([client.close(true), silence()])
      await Promise.race([client.connect(), silence()])
      seenAt = Date.now()
    } catch (error) {
      log('error', 'the database cannot be connected', { error })
    }
  }
  const timer = setInterval(() => {
    probing ??= probe().finally(() => {
      probing = undefined
    })
  }, probeMs)
  return {
    ask,
    async stop() {
      stopped = true
      clearInterval(timer)
      await probing
    },
  }
}

/** Starts the embedded database again whenever the driver loses it, and tells when it cannot be written. */
function keepRunning(connection: Connection, dir: string, log: DatabaseOptions['log']): Watched {
  const client = connection.getClient()
  let readOnly = false

  /** @throws when it does not answer within 2 s */
  const ask = async (): Promise<DatabaseState> => {
    const { storageEngine } = await inTime(probeMs, client.db().command({ serverStatus: 1 }))
    if (storageEngine.readOnly !== readOnly) {
      readOnly = storageEngine.readOnly
      if (readOnly) log('error', `the database is read-only: ${fullReason}`, { dir })
      else log('warn', 'the database can be written again', { dir })
    }
    return readOnly ? { state: 'degraded', reason: fullReason } : { state: 'ok' }
  }

  let stopped = false
  let restarting: Promise<void> | undefined

  const restart = async (): Promise<void> => {
    for (let wait = 100; !stopped; wait = Math.min(wait * 2, 5_000)) {
      try {
        const { started, pid } = await ensureEmbedded({ dir })
        if (started) log('warn', 'the embedded database had stopped and was started again', { pid })
        return
      } catch (error) {
        log('error', 'the embedded database does not start', { error })
        await new Promise(resolve => setTimeout(resolve, wait))
      }
    }
  }
  const onLost = (): void => {
    if (stopped) return
    restarting ??= restart().finally(() => {
      restarting = undefined
    })
  }
  client.on('serverHeartbeatFailed', onLost)
  client.on('connectionPoolCleared', onLost)
  const found = keepFound(connection, log, ask, embeddedLostMs, onLost)
  return {
    ask,
    async stop() {
      stopped = true
      await found.stop()
      client.off('serverHeartbeatFailed', onLost)
      client.off('connectionPoolCleared', onLost)
      await restarting
    },
  }
}
