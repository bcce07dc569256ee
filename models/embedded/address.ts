import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { createConnection, type NetConnectOpts } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { encodeMessage } from './wire.ts'

/** Where a server listens: a Unix socket, or a port of 127.0.0.1. */
export type Address = { readonly socket: string } | { readonly port: number }

/** The MongoDB connection string of an address, without a database name. */
export function addressUri(address: Address): string {
  const place = 'socket' in address ? encodeURIComponent(address.socket) : `127.0.0.1:${address.port}`
  return `mongodb://${place}/?directConnection=true`
}

/** Puts a database name into such a connection string: `mongodb://host/?x` becomes `mongodb://host/name?x`. */
export function withDatabase(uri: string, name: string): string {
  return uri.replace('/?', `/${encodeURIComponent(name)}?`)
}

/**
 * A socket in a folder of this user below the system's temporary one, as paths of sockets must be short; a pipe on
 * Windows. Throws an Error when that folder belongs to somebody else.
 */
export async function socketNamed(name: string): Promise<string> {
  if (process.platform === 'win32') return `\\\\.\\pipe\\wecom-sidekick-${name}.sock`
  const own = userInfo().uid
  const folder = join(tmpdir(), `wecom-sidekick-${own}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = await lstat(folder)
  if (uid === own && (mode & 0o077) === 0) return join(folder, `${name}.sock`)
  throw new Error(`${folder} must belong to this user with mode 0700: it holds the socket of the database`)
}

/** Where the owner of a data folder, which must exist, listens: always the same place. */
export async function socketPath(dir: string): Promise<string> {
  const digest = createHash('sha256').update(await realpath(dir))
  return socketNamed(digest.digest('hex').slice(0, 24))
}

/** Connects, waits for a byte if there is a greeting, and leaves. Returns why that failed: a code of the system's. */
export function knock(place: NetConnectOpts, greeting?: Buffer): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = createConnection(place)
    const finish = (refusal?: string) => {
      socket.destroy()
      resolve(refusal)
    }
    socket.setTimeout(5000, () => finish('ETIMEDOUT'))
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
