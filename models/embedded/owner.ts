import { createHash } from 'node:crypto'
import { readFileSync, readlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'

/** Where a process is to be found. */
export interface Place {
  readonly pid: number
  /** When the process began, as the system tells it; tells a process from a later one with the same number. */
  readonly born?: string | undefined
  /** Within what the number means one process; undefined where the system doesn't tell. */
  readonly space?: string | undefined
  readonly host?: string | undefined
}

/** Who owns a data folder, as its lock file tells. `uri` is set as soon as it listens. */
export interface Owner extends Place {
  /** Different for each taking of the lock. */
  readonly token?: string | undefined
  readonly uri?: string | undefined
}

/** An owner with its last sign of life: when its lock file was last touched. */
export interface SeenOwner extends Owner {
  readonly beatAt: Date
}

/** Another process owns the folder. */
export class FolderOwnedError extends Error {
  readonly code = 'EMBEDDED_OWNED'
  override name = 'FolderOwnedError'
  readonly owner: Place
  constructor(dir: string, owner: Place) {
    super(`the data folder ${dir} is in use by process ${owner.pid} on ${owner.host ?? 'this host'}`)
    this.owner = owner
  }
}

export const LOCK_FILE = 'owner.json'
/** A process that cannot be seen from here counts as ended after a silence of this length. */
export const SILENCE_MS = 30_000

/** Where this process is. */
export function ownPlace(): Place {
  return { pid: process.pid, born: bornAt(process.pid), space: processSpace(), host: hostname() }
}

/** Who owns a folder according to its lock; undefined when there is none that can be read. */
export async function readOwner(dir: string): Promise<SeenOwner | undefined> {
  try {
    const file = await open(join(dir, LOCK_FILE))
    try {
      const { mtime } = await file.stat()
      return { ...(JSON.parse(await file.readFile('utf8')) as Owner), beatAt: mtime }
    } finally {
      await file.close()
    }
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Whether the process that took a lock still runs. Of one in another container or on another host only the signs of
 * life can be seen, so the clocks of hosts that share a folder must agree within seconds.
 */
export function isAlive(owner: SeenOwner, now = Date.now()): boolean {
  return isHere(owner) ? isRunning(owner) : now - owner.beatAt.getTime() <= SILENCE_MS
}

/** Whether that process would be seen from here if it ran. */
export function isHere(place: Place): boolean {
  const space = processSpace()
  if (space !== undefined && place.space !== undefined) return space === place.space
  return place.host === undefined || place.host === hostname()
}

/** Whether a process that can be seen from here runs. */
export function isRunning(place: Place): boolean {
  try {
    process.kill(place.pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
  }
  const born = bornAt(place.pid)
  return born === undefined || place.born === undefined || born === place.born
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

/** A digest of this start of this machine and of the container, where the system tells them (Linux). */
function processSpace(): string | undefined {
  if (process.platform !== 'linux') return undefined
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    const namespace = readlinkSync('/proc/self/ns/pid')
    return createHash('sha256').update(`${boot}${namespace}`).digest('hex').slice(0, 16)
  } catch {
    return undefined
  }
}
