import { createHash, randomUUID } from 'node:crypto'
import { open, rm } from 'node:fs/promises'
import { FolderOwnedError, isHere, isRunning, ownPlace, type Place } from './owner.ts'

interface Held extends Place {
  readonly token: string
}

/** A guard file as it was at one moment; `id` is never that of another guard. */
export interface SeenGuard {
  readonly id: string
  readonly mtimeMs: number
  /** Undefined between making and writing it. */
  readonly holder: Held | undefined
}

/** How long a guard may stand still whose holder cannot be seen; it is held for milliseconds. */
const STILL_MS = 2000
/** A time of change that is this far away, in either direction as clocks are set, needs no watching. */
const FAR_MS = 60_000
/** How long a holder is waited for that does run. */
const WAIT_MS = 15_000
const RETRY_MS = 20

/**
 * Lets one process at a time run `action`: the one that has made the file `path`. A file that was left behind is
 * removed. Throws FolderOwnedError when a running process holds it for longer than 15 s.
 */
export async function withGuard<T>(path: string, action: () => Promise<T>): Promise<T> {
  const token = randomUUID()
  await takeGuard(path, token)
  try {
    return await action()
  } finally {
    if ((await lookAtGuard(path))?.holder?.token === token) await rm(path, { force: true })
  }
}

async function takeGuard(path: string, token: string): Promise<void> {
  const start = performance.now()
  let last = { id: '', since: start }
  while (!(await make(path, token))) {
    const seen = await lookAtGuard(path)
    if (!seen) continue
    const now = performance.now()
    if (seen.id !== last.id) last = { id: seen.id, since: now }
    if (isAbandoned(seen, now - last.since)) await removeAbandoned(path, seen.id)
    else if (seen.holder && now - start > WAIT_MS) throw new FolderOwnedError(path, seen.holder)
    else await new Promise(resolve => setTimeout(resolve, RETRY_MS))
  }
}

/**
 * Removes the guard with this id, which was left behind. Several may have seen that it was; each does it under a guard of its own name,
 * so that the second finds it gone, and never removes the one that the first has made in its place.
 */
export function removeAbandoned(path: string, id: string): Promise<void> {
  return withGuard(`${path}.${id}`, async () => {
    if ((await lookAtGuard(path))?.id === id) await rm(path, { force: true })
  })
}

function isAbandoned({ holder, mtimeMs }: SeenGuard, stillMs: number): boolean {
  if (holder && isHere(holder)) return !isRunning(holder)
  return Math.abs(Date.now() - mtimeMs) > FAR_MS || stillMs > STILL_MS
}

async function make(path: string, token: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o600)
    const holder: Held = { ...ownPlace(), token }
    try {
      await file.writeFile(JSON.stringify(holder))
    } catch (error) {
      await rm(path, { force: true })
      throw error
    } finally {
      await file.close()
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  }
}

/** The guard that is there now, if any. */
export async function lookAtGuard(path: string): Promise<SeenGuard | undefined> {
  try {
    const file = await open(path)
    try {
      const { ino, mtimeNs, mtimeMs } = await file.stat({ bigint: true })
      const text = await file.readFile('utf8')
      const id = createHash('sha256').update(`${ino} ${mtimeNs} ${text}`).digest('hex').slice(0, 16)
      return { id, mtimeMs: Number(mtimeMs), holder: parseHolder(text) }
    } finally {
      await file.close()
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

function parseHolder(text: string): Held | undefined {
  try {
    return JSON.parse(text) as Held
  } catch {
    return undefined
  }
}
