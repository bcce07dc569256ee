import { setTimeout as delay } from 'node:timers/promises'
import type { Connection } from 'mongoose'
import { inTime } from './in-time.ts'

/** Whether the database takes writes. */
export type DatabaseState =
  | { state: 'ok' }
  /** It can be read but not written, or does not answer. */
  | { state: 'degraded' | 'unreachable'; reason: string }

/** A connection that is looked after. */
export interface Watched {
  /** Asks the database for a sign of life. Throws when it does not answer within 2 s. */
  ask(): Promise<DatabaseState>
  stop(): Promise<void>
}

type Log = (level: 'info' | 'warn' | 'error', message: string, details?: object) => void

/** How long an operation waits for a reachable server before it fails, in milliseconds. */
export const selectionTimeoutMs = 5_000
/** How often the database is asked for a sign of life, and how long it may take. */
const probeMs = 2_000
/** Without a sign of life for this long, the driver is connected anew. */
const embeddedLostMs = 8_000
/** A replica set may take this long to agree on a new primary. */
const serverLostMs = 20_000
/** The one cause of a database that refuses writes; how much is left is told by each write that is refused. */
const fullReason = 'the disk under DATA_DIR is full'

/** Watches MongoDB. */
export function watchServer(connection: Connection, log: Log): Watched {
  return keepFound(connection, log, () => ping(connection), serverLostMs)
}

async function ping(connection: Connection): Promise<DatabaseState> {
  await inTime(probeMs, connection.getClient().db().command({ ping: 1 }))
  return { state: 'ok' }
}

/** Throws when it is time to give up waiting for a driver that has lost its way: its own time-outs may be lost too. */
async function silence(): Promise<never> {
  await delay(2 * selectionTimeoutMs, undefined, { ref: false })
  throw new Error('the driver does not answer')
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
  log: Log,
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

/**
 * Starts the embedded database again whenever the driver loses it, and tells when it cannot be written.
 *
 * @param dir its folder, for people
 * @param start finds its process or starts one
 */
export function watchEmbedded(
  connection: Connection,
  dir: string,
  start: () => Promise<{ pid: number; started: boolean }>,
  log: Log,
): Watched {
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
        const { started, pid } = await start()
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
