import { randomUUID } from 'node:crypto'
import { rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { withGuard } from './guard.ts'
import { FolderOwnedError, isAlive, LOCK_FILE, type Owner, ownPlace, readOwner } from './owner.ts'

export interface Lock {
  /** Makes known where the owner listens. Throws FolderOwnedError when the lock is another's by now. */
  announce(uri: string): Promise<void>
  /** Gives the folder up. Leaves a lock alone that is another's by now. */
  release(): Promise<void>
}

export interface LockOptions {
  /** How often the owner gives a sign of life; 5 s unless given. */
  readonly beatMs?: number
  /**
   * Called once when the folder turns out to be another's, or gone: after a long sleep of this machine, for example.
   * The data must not be touched any more then.
   */
  readonly onLost?: () => void
}

const GUARD_FILE = 'owner.guard'
const BEAT_MS = 5000

/**
 * Makes this process the owner of a data folder; it may open the data only then. A lock whose process is gone is
 * taken over. Throws FolderOwnedError while its owner lives.
 */
export async function lockFolder(dir: string, options: LockOptions = {}): Promise<Lock> {
  const path = join(dir, LOCK_FILE)
  const self: Owner = { ...ownPlace(), token: randomUUID() }
  await withGuard(join(dir, GUARD_FILE), async () => {
    const owner = await readOwner(dir)
    if (owner && isAlive(owner)) throw new FolderOwnedError(dir, owner)
    await replaceFile(path, self)
  })
  await needOwn()

  async function isOwn(): Promise<boolean> {
    return (await readOwner(dir))?.token === self.token
  }

  async function needOwn(): Promise<void> {
    if (!(await isOwn())) throw new FolderOwnedError(dir, (await readOwner(dir)) ?? self)
  }

  async function beat(): Promise<void> {
    if (await isOwn()) {
      const now = new Date()
      await utimes(path, now, now)
    } else {
      clearInterval(beating)
      if (!released) options.onLost?.()
    }
  }

  let released = false
  // A beat that fails is made up for by the next: the owner may be silent for the length of several.
  const beating = setInterval(() => void beat().catch(() => undefined), options.beatMs ?? BEAT_MS)
  beating.unref()
  return {
    async announce(uri) {
      await needOwn()
      await replaceFile(path, { ...self, uri })
    },
    async release() {
      released = true
      clearInterval(beating)
      if (await isOwn()) await rm(path, { force: true })
    },
  }
}

async function replaceFile(path: string, owner: Owner): Promise<void> {
  const temporary = `${path}.${owner.token}`
  await writeFile(temporary, JSON.stringify(owner), { mode: 0o600 })
  await rename(temporary, path)
}
