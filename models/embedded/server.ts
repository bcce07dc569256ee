import { mkdir, rm } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import { serveConnection } from './connection.ts'
import { type Engine, openEngine } from './engine.ts'
import { startUpkeep } from './upkeep.ts'
import { addressUri } from './uri.ts'

/** Where the server listens: a Unix socket, or a TCP port (0 for any) on 127.0.0.1 unless told otherwise. */
export type Address = { readonly socket: string } | { readonly port: number; readonly host?: string }

export type EmbeddedOptions = Address & {
  /** Folder of the data, created if missing; undefined keeps everything in temporary space. */
  readonly dir?: string | undefined
  /** How often expired documents and cursors are looked for; 30 s unless given. */
  readonly upkeepMs?: number
  /** Called when the number of clients has changed. */
  readonly onClients?: (clients: number) => void
  /** Called when writing begins to fail (the disk is full), and with undefined when it works again. */
  readonly onFailure?: (failure: Error | undefined) => void
  /** Called when expired documents could not be removed; a warning of the process unless given. */
  readonly onUpkeepFault?: (error: unknown) => void
}

export interface EmbeddedServer {
  /** A MongoDB connection string without a database name; see `withDatabase`. */
  readonly uri: string
  /** Number of open connections. */
  clients(): number
  /** Why nothing can be written at the moment, if so (the disk is full). */
  failure(): Error | undefined
  /** Ends all connections after the commands under way and closes the data. Clients have 1 s to read their replies. */
  close(): Promise<void>
}

const UPKEEP_MS = 30_000
const READ_GRACE_MS = 1000

/**
 * Opens the data and listens. Throws when the folder cannot be opened, its data is newer than this code, or the
 * address is taken. One process only may open a folder: see `lock.ts`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const sockets = new Set<Socket>()
  if (options.dir !== undefined) await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const engine = await openEngine(options.dir, () => sockets.size, options.onFailure)
  const server = createServer({ noDelay: true })
  let connections = 0
  server.on('connection', socket => {
    sockets.add(socket)
    options.onClients?.(sockets.size)
    socket.on('close', () => {
      sockets.delete(socket)
      options.onClients?.(sockets.size)
    })
    connections += 1
    serveConnection(engine, socket, connections)
  })
  try {
    if ('socket' in options) await rm(options.socket, { force: true })
    await listen(server, options)
  } catch (error) {
    await engine.store.close()
    throw error
  }
  const upkeep = startUpkeep(engine, options.upkeepMs ?? UPKEEP_MS, options.onUpkeepFault ?? warnOfFault)
  return {
    uri: addressUri(boundAddress(server, options)),
    clients: () => sockets.size,
    failure: () => engine.store.failure(),
    close: () => closeAll(server, sockets, engine, upkeep.stop),
  }
}

async function closeAll(
  server: Server,
  sockets: ReadonlySet<Socket>,
  engine: Engine,
  stopUpkeep: () => Promise<void>,
): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()))
  await stopUpkeep()
  await engine.store.close()
  for (const socket of sockets) socket.destroySoon()
  const grace = setTimeout(() => {
    for (const socket of sockets) socket.destroy()
  }, READ_GRACE_MS)
  await closed
  clearTimeout(grace)
}

function warnOfFault(error: unknown): void {
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`expired documents could not be removed: ${reason}`)
}

function listen(server: Server, address: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    const ready = () => {
      server.off('error', reject)
      resolve()
    }
    if ('socket' in address) server.listen(address.socket, ready)
    else server.listen(address.port, address.host ?? '127.0.0.1', ready)
  })
}

function boundAddress(server: Server, address: Address): Address {
  const bound = server.address()
  if ('socket' in address || bound === null || typeof bound === 'string') return address
  return { host: bound.address, port: bound.port }
}
