import { createConnection, type NetConnectOpts } from 'node:net'
import { encodeMessage } from './wire.ts'

/** Connects, waits for a byte if there is a greeting, and leaves. Returns why that failed: a code of the system's. */
export function knock(
  place: NetConnectOpts,
  greeting?: Buffer,
  timeoutMs = 5000,
): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = createConnection(place)
    const finish = (refusal?: string) => {
      socket.destroy()
      resolve(refusal)
    }
    socket.setTimeout(timeoutMs, () => finish('ETIMEDOUT'))
    socket.once('error', (error: NodeJS.ErrnoException) => finish(error.code ?? error.message))
    socket.once('close', () => finish('ECONNRESET'))
    socket.once(greeting ? 'data' : 'connect', () => finish())
    if (greeting) socket.write(greeting)
  })
}

/**
 * Whether a database answers under a connection string of ours. It has counted us as a client when it does, so it will
 * not end itself before its linger time is over again.
 */
export async function answersHello(uri: string): Promise<boolean> {
  const { hostname: host, port } = new URL(uri)
  const hello = encodeMessage({ id: 0, legacy: false }, { hello: 1, $db: 'admin' })
  return !(await knock(port ? { host, port: Number(port) } : { path: decodeURIComponent(host) }, hello))
}
