import type { Socket } from 'node:net'
import type { Document } from 'bson'
import { answer, errorReply } from './dispatch.ts'
import type { Engine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import { createFramer, encodeMessage, parseMessage, type Request } from './wire.ts'

/** While more than this many bytes wait to be sent, no further requests of the connection are taken up. */
const SEND_LIMIT = 64 * 1024 * 1024

/**
 * Serves one client: its requests are run one after the other, in the order they came. Bytes that are no MongoDB
 * message end the connection and nothing else.
 */
export function serveConnection(engine: Engine, socket: Socket, connectionId: number): void {
  const framer = createFramer()
  const waiting: Buffer[] = []
  let running = false

  async function runAll(): Promise<void> {
    for (let message = waiting.shift(); message && !socket.destroyed; message = waiting.shift()) {
      await runMessage(message)
      if (socket.writableLength > SEND_LIMIT) await drained(socket)
    }
    running = false
    socket.resume()
  }

  async function runMessage(message: Buffer): Promise<void> {
    let request: Pick<Request, 'id' | 'legacy' | 'silent'> = {
      id: message.readInt32LE(4),
      legacy: false,
      silent: false,
    }
    let reply: Document
    try {
      const parsed = parseMessage(message)
      request = parsed
      reply = await answer(engine, parsed, connectionId)
    } catch (error) {
      if (!(error instanceof MongoError)) {
        socket.destroy()
        return
      }
      reply = errorReply(error)
    }
    if (!request.silent && !socket.destroyed) socket.write(encodeSafely(request, reply))
  }

  socket.on('data', (chunk: Buffer) => {
    try {
      waiting.push(...framer.push(chunk))
    } catch {
      socket.destroy()
      return
    }
    if (running) {
      socket.pause()
      return
    }
    if (waiting.length === 0) return
    running = true
    void runAll()
  })
  socket.on('error', () => socket.destroy())
}

/** Encodes a reply, or the error that it is too large. */
function encodeSafely(request: Pick<Request, 'id' | 'legacy'>, reply: Document): Buffer {
  try {
    return encodeMessage(request, reply)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    return encodeMessage(request, errorReply(mongoError(10334, `the reply cannot be sent: ${reason}`)))
  }
}

function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    socket.once('drain', resolve)
    socket.once('close', resolve)
  })
}
