import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { linkSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { FolderOwnedError, LOCK_FILE, type Owner, readOwner, SILENCE_MS, sightOf } from './owner.ts'
import { socketNamed } from './socket-path.ts'

export interface Lock {
  /** Makes known where the owner listens. Throws FolderOwnedError when the lock is another's by now. */
  announce(uri: string): void
  /** To be called before the data is touched: after a long silence, looks whether the folder is still ours. */
  ensure(): void
  /** Gives the folder up. Leaves a lock alone that is another's by now. */
  release(): void
}

export interface LockOptions {
  /** How often the owner gives a sign of life; 5 s unless given. */
  readonly beatMs?: number
  /** Called once when the folder is another's or gone, after a long sleep for example; the data is not ours then. */
  readonly onLost: () => void
}

/**
 * Makes this process the owner of a data folder; it may open the data only then. A lock whose process is gone is
 * taken over. Throws FolderOwnedError while its owner lives, or when another process takes over at the same moment.
 */
export async function lockFolder(dir: string, { beatMs = 5000, onLost }: LockOptions): Promise<Lock> {
  const path = join(dir, LOCK_FILE)
  const stood = readOwner(path)
  const claims: string[] = []
  let owner = stood
  do {
    if (owner && (await sightOf(owner)) !== 'ended') throw new FolderOwnedError(dir, owner)
    const claim = `${path}.after-${owner?.token ?? 'none'}`
    claims.push(claim)
    owner = readOwner(claim)
  } while (owner)
  const token = randomBytes(12).toString('hex')
  const self: Owner = { pid: process.pid, host: hostname(), token, presence: await socketNamed(token) }
  const presence = createServer(socket => socket.destroy()).listen(self.presence)
  await once(presence.unref(), 'listening')
  try {
    succeed(dir, self, stood, claims)
  } catch (error) {
    presence.close()
    throw error
  }
  if (stood) rmSync(String(stood.presence), { force: true })

  let beatAt = Date.now()
  function beat(): void {
    if (readOwner(path)?.token === token) {
      beatAt = Date.now()
      utimesSync(path, beatAt / 1000, beatAt / 1000)
      return
    }
    clearInterval(beating)
    onLost()
  }
  const beating = setInterval(() => {
    try {
      beat()
    } catch {
      // The next one makes up for it; `ensure` sees to it that the silence does not grow too long.
    }
  }, beatMs).unref()
  return {
    announce(uri) {
      const owner = readOwner(path)
      if (owner?.token !== token) throw new FolderOwnedError(dir, owner ?? self)
      renameSync(write(dir, { ...self, uri }), path)
    },
    ensure() {
      if (Date.now() - beatAt > SILENCE_MS / 2) beat()
    },
    release() {
      clearInterval(beating)
      if (readOwner(path)?.token === token) rmSync(path)
      presence.close()
    },
  }
}

/**
 * Replaces the owner that `stood` in the lock file. Of those who would, the one wins that makes the last of `claims`:
 * a file named by the former owner, which cannot be made twice. A winner that ends before it stands in the lock file
 * is succeeded likewise, so there may be several. Who is so late that they were cleared away finds another owner in the
 * lock file than stood there. Throws FolderOwnedError when it is not this one that wins.
 */
function succeed(dir: string, self: Owner, stood: Owner | undefined, claims: readonly string[]): void {
  const path = join(dir, LOCK_FILE)
  const claim = claims.at(-1) ?? path
  const own = write(dir, self)
  try {
    linkSync(own, claim)
    const stands = readOwner(path)
    const isLate = stands?.token !== stood?.token
    if (!isLate) renameSync(own, path)
    for (const file of isLate ? [claim] : claims) rmSync(file, { force: true })
    if (isLate) throw new FolderOwnedError(dir, stands ?? self)
  } catch (error) {
    rmSync(own, { force: true })
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new FolderOwnedError(dir, readOwner(claim) ?? self)
  }
}

/** Writes an owner to a file of its own, on disk before anything refers to it. Returns the path. */
function write(dir: string, owner: Owner): string {
  const path = join(dir, `owner.${owner.token}`)
  writeFileSync(path, JSON.stringify(owner), { mode: 0o600, flush: true })
  return path
}
