import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

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
