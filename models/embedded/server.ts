import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { serveConnection } from './connection.ts'
import { openEngine } from './engine.ts'
import { answersHello } from './probe.ts'
import { startUpkeep } from './upkeep.ts'
import { type Address, addressUri } from './uri.ts'

export type EmbeddedOptions = Address & {
  /** Folder of the data, created if missing; undefined keeps everything in temporary space. */
  readonly dir?: string | undefined
  /** Bytes on the disk that are never used; 4 MiB unless given. */
  readonly reserveBytes?: number | undefined
  /** Whether `configureFailPoint` works, for MongoDB's own tests of drivers. */
  readonly testCommands?: boolean | undefined
  /** How often expired documents and cursors are looked for; 30 s unless given. */
  readonly upkeepMs?: number
  /** Called before each request; a throw ends its connection. */
  readonly admit?: () => void
  /** Called when the number of clients has changed. */
  readonly onClients?: (clients: number) => void
  /** Called when writing begins to fail (the disk is full), and with undefined when it works again. */
  readonly onFailure?: (failure: Error | undefined) => void
}

export interface EmbeddedServer {
  /** A MongoDB connection string without a database name; see `withDatabase`. */
  readonly uri: string
  /** Number of open connections. */
  clients(): number
  /** Ends all connections after the commands under way and closes the data. Clients have 1 s to read their replies. */
  close(): Promise<void>
}

/** Connections beyond this many are closed at once: what each may hold is bounded, so that all together is. */
const MAX_CONNECTIONS = 1000
const UPKEEP_MS = 30_000
const READ_GRACE_MS = 1000

/**
 * Opens the data and listens. Throws when the folder cannot be opened, its data is newer than this code, or the
 * address is taken. One process only may open a folder: see `lock.ts`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { dir, onClients = () => {}, admit = () => {}, onFailure } = options
  const sockets = new Set<Socket>()
  let connections = 0
  if (dir !== undefined) await mkdir(dir, { recursive: true, mode: 0o700 })
  const engine = await openEngine(dir, () => sockets.size, onFailure, options)
  const server = createServer({ noDelay: true }, socket => {
    onClients(sockets.add(socket).size)
    socket.once('close', () => {
      sockets.delete(socket)
      onClients(sockets.size)
    })
    connections += 1
    void serveConnection(engine, socket, connections, admit)
  })
  server.maxConnections = MAX_CONNECTIONS
  try {
    await listen(server, options)
  } catch (error) {
    await engine.store.close()
    throw error
  }
  const upkeep = startUpkeep(engine, options.upkeepMs ?? UPKEEP_MS, fault =>
    process.emitWarning(`expired documents could not be removed: ${String(fault)}`),
  )
  return {
    uri: addressUri('socket' in options ? options : (server.address() as AddressInfo)),
    clients: () => sockets.size,
    async close() {
      const closed = once(server.close(), 'close')
      await upkeep.stop()
      await engine.store.close()
      for (const socket of sockets) socket.destroySoon()
      const grace = setTimeout(() => {
        for (const socket of sockets) socket.destroy()
      }, READ_GRACE_MS)
      await closed
      clearTimeout(grace)
    },
  }
}

/** Listens. A socket that was left behind is removed; one where somebody answers is not. */
async function listen(server: Server, address: Address): Promise<void> {
  if ('socket' in address && !(await answersHello(addressUri(address)))) {
    await rm(address.socket, { force: true })
  }
  server.listen('socket' in address ? { path: address.socket } : { port: address.port, host: '127.0.0.1' })
  await once(server, 'listening')
}
