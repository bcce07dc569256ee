import { readFileSync } from 'node:fs'
import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Who owns a data folder. `uri` is set as soon as it listens. */
export interface Owner {
  readonly pid: number
  /** When the process began, as the system tells it; tells a process from a later one with the same number. */
  readonly born: string | undefined
  readonly uri: string | undefined
}

export interface Lock {
  /** Makes known where the owner listens. */
  announce(uri: string): Promise<void>
  release(): Promise<void>
}

/** Another process owns the folder. */
export class FolderOwnedError extends Error {
  readonly code = 'EMBEDDED_OWNED'
  override name = 'FolderOwnedError'
  readonly owner: Owner
  constructor(dir: string, owner: Owner) {
    super(`the data folder ${dir} is in use by process ${owner.pid}`)
    this.owner = owner
  }
}

const LOCK_FILE = 'owner.json'
const GUARD_FILE = 'owner.guard'
/** A guard is held for moments; an older one was left behind by a process that died. */
const GUARD_MS = 5000
const RETRY_MS = 20

/**
 * Makes this process the owner of a data folder; it may open the data only then. A lock whose process is gone is
 * taken over. Throws FolderOwnedError while its owner lives.
 */
export async function lockFolder(dir: string): Promise<Lock> {
  const path = join(dir, LOCK_FILE)
  const self: Owner = { pid: process.pid, born: bornAt(process.pid), uri: undefined }
  await withGuard(dir, async () => {
    const owner = await readOwner(dir)
    if (owner && isAlive(owner)) throw new FolderOwnedError(dir, owner)
    await replaceFile(path, self)
  })
  return {
    announce: uri => replaceFile(path, { ...self, uri }),
    release: () => rm(path, { force: true }),
  }
}

/** Who owns a folder according to its lock; undefined when there is none that can be read. */
export async function readOwner(dir: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(join(dir, LOCK_FILE), 'utf8')) as Owner
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/** Whether the process that took a lock still runs. */
export function isAlive(owner: Owner): boolean {
  if (owner.pid === process.pid) return owner.born === bornAt(process.pid)
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const born = bornAt(owner.pid)
  return born === undefined || owner.born === undefined || born === owner.born
}

/** Start of a process in clock ticks since the system's start, where the system tells it (Linux). */
function bornAt(pid: number): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return text.slice(text.lastIndexOf(')') + 2).split(' ')[19]
  } catch {
    return undefined
  }
}

async function replaceFile(path: string, owner: Owner): Promise<void> {
  const temporary = `${path}.${process.pid}`
  await writeFile(temporary, JSON.stringify(owner), { mode: 0o600 })
  await rename(temporary, path)
}

/** Lets one process at a time look at the lock and take it. */
async function withGuard(dir: string, action: () => Promise<void>): Promise<void> {
  const path = join(dir, GUARD_FILE)
  for (;;) {
    try {
      await (await open(path, 'wx', 0o600)).close()
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const held = await stat(path).catch(() => undefined)
    if (held && Date.now() - held.mtimeMs > GUARD_MS) await rm(path, { force: true })
    else await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
  try {
    await action()
  } finally {
    await rm(path, { force: true })
  }
}
