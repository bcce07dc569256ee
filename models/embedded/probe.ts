import { createConnection } from 'node:net'
import { encodeMessage } from './wire.ts'

/** Where a connection string of ours leads to. */
function placeOf(uri: string): { path: string } | { host: string; port: number } {
  const place = uri.slice('mongodb://'.length).split('/', 1)[0] ?? ''
  const colon = place.lastIndexOf(':')
  if (colon < 0) return { path: decodeURIComponent(place) }
  const host = place.slice(0, colon).replace(/^\[|\]$/g, '')
  return { host, port: Number(place.slice(colon + 1)) }
}

/**
 * Whether a database answers there within `timeoutMs`. It has counted us as a client when it does, so it will not end
 * itself before its linger time is over again.
 */
export function answersHello(uri: string, timeoutMs: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createConnection(placeOf(uri))
    const finish = (answered: boolean) => {
      socket.destroy()
      resolve(answered)
    }
    socket.setTimeout(timeoutMs, () => finish(false))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
    socket.once('data', () => finish(true))
    socket.write(encodeMessage({ id: 0, legacy: false }, { hello: 1, $db: 'admin' }))
  })
}
