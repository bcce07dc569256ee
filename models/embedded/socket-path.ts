import { createHash } from 'node:crypto'
import { lstat, mkdir, realpath } from 'node:fs/promises'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'

const FOLDER_MODE = 0o700

/**
 * Where the owner of a data folder listens: a socket named by a digest of the folder's real path, in a folder of this
 * user below the system's temporary one. Throws an Error when that folder belongs to somebody else. The data folder
 * must exist. Not for Windows, which has no Unix sockets in Node.
 */
export async function socketPath(dir: string): Promise<string> {
  const folder = join(tmpdir(), `wecom-sidekick-${userInfo().uid}`)
  await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
  const { uid, mode } = await lstat(folder)
  if (uid !== userInfo().uid || (mode & 0o077) !== 0) {
    throw new Error(`${folder} must belong to this user with mode 0700: it holds the socket of the database`)
  }
  const digest = createHash('sha256')
    .update(await realpath(dir))
    .digest('hex')
  return join(folder, `${digest.slice(0, 24)}.sock`)
}
