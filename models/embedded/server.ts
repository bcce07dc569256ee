import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Address, addressUri, answersHello } from './address.ts'
import { answer } from './dispatch.ts'
import { type Engine, type EngineOptions, openEngine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import { startUpkeep } from './upkeep.ts'
import { createFramer, encodeMessage, parseMessage, type Request, WireError } from './wire.ts'

export type EmbeddedOptions = Address &
  EngineOptions & {
    /** Folder of the data; undefined keeps everything in temporary space. */
    readonly dir?: string | undefined
    /** How often expired documents and cursors are looked for; 30 s unless given. */
    readonly upkeepMs?: number
    /** Called when the number of clients has changed. */
    readonly onClients?: (clients: number) => void
  }

export type EmbeddedServer = Awaited<ReturnType<typeof startEmbedded>>

/** Connections beyond this many are closed at once: what each may hold is bounded, so that all together is. */
const MAX_CONNECTIONS = 1000
const UPKEEP_MS = 30_000
const READ_GRACE_MS = 1000

/**
 * Opens the data and listens. Throws when the folder cannot be opened, its data is of another format than this code's, or the
 * address is taken. One process only may open a folder: see `lock.ts`.
 */
export async function startEmbedded(options: EmbeddedOptions) {
  const { onClients = () => {}, admit = () => {} } = options
  const sockets = new Set<Socket>()
  let connections = 0
  const engine = await openEngine(options.dir, options)
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
    /** A MongoDB connection string without a database name; see `withDatabase`. */
    uri: addressUri('socket' in options ? options : (server.address() as AddressInfo)),
    /** Number of open connections. */
    clients: (): number => sockets.size,
    /** Ends all connections after the commands under way and closes the data. Clients have 1 s to read their replies. */
    async close(): Promise<void> {
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

/**
 * Serves one client until it goes: its requests are run one after the other, in the order they came, and none is taken
 * up before the client has taken the reply to the former. Bytes that are no MongoDB message end the connection and
 * nothing else, as does a throw of `admit`, which is called before each request.
 */
async function serveConnection(
  engine: Engine,
  socket: Socket,
  connectionId: number,
  admit: () => void,
): Promise<void> {
  const messagesIn = createFramer()
  // An error of the socket ends the loop below; one that comes after it must find a listener.
  socket.on('error', () => socket.destroy())
  try {
    for await (const chunk of socket) {
      for (const message of messagesIn(chunk as Buffer)) {
        admit()
        const request = parseMessage(message)
        const reply = await replyTo(engine, request, connectionId)
        if (request.silent) continue
        await new Promise<void>((resolve, reject) => {
          socket.write(reply, error => (error ? reject(error) : resolve()))
        })
      }
    }
  } catch {
    socket.destroy()
  }
}

/** The reply to a request; a fault of this program is answered as InternalError. Throws what ends the connection. */
async function replyTo(engine: Engine, request: Request, connectionId: number): Promise<Buffer> {
  try {
    return encodeMessage(request, await answer(engine, request, connectionId))
  } catch (error) {
    if (error instanceof WireError) throw error
    return encodeMessage(request, (error instanceof MongoError ? error : mongoError(1, String(error))).reply)
  }
}
