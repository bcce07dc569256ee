import type { Socket } from 'node:net'
import { answer, errorReply } from './dispatch.ts'
import type { Engine } from './engine.ts'
import { createFramer, encodeMessage, parseMessage, type Request } from './wire.ts'

/**
 * Serves one client until it goes: its requests are run one after the other, in the order they came, and none is taken
 * up before the client has taken the reply to the former. Bytes that are no MongoDB message end the connection and
 * nothing else, as does a throw of `admit`, which is called before each request.
 */
export async function serveConnection(
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
        if (!request.silent) await send(socket, reply)
      }
    }
  } catch {
    socket.destroy()
  }
}

async function replyTo(engine: Engine, request: Request, connectionId: number): Promise<Buffer> {
  try {
    return encodeMessage(request, await answer(engine, request, connectionId))
  } catch (error) {
    return encodeMessage(request, errorReply(error))
  }
}

function send(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.write(bytes, error => (error ? reject(error) : resolve()))
  })
}
