import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import {
  linkSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { knock, socketNamed } from './address.ts'

/** Who owns a data folder. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** Which folder it owns: the entry in a copy of that folder means nothing. */
  readonly folder: number
  /** A socket of its own where its process listens from before it owns the folder until it ends. */
  readonly presence: string
  /** Set as soon as it serves. */
  readonly uri?: string
}

/** An owner with its last sign of life: when its file was last touched. */
export type SeenOwner = Owner & { readonly beatAt: number }

/** Another process owns the folder. */
export class FolderOwnedError extends Error {
  readonly code = 'EMBEDDED_OWNED'
  override name = 'FolderOwnedError'
  constructor(dir: string, owner: Owner | undefined) {
    super(
      `the data folder ${dir} is in use by ${owner ? `process ${owner.pid} on ${owner.host}` : 'another process'}`,
    )
  }
}

/** What a process ends with that found the folder owned. */
export const OWNED_EXIT = 3
/** A process that cannot be seen from here counts as ended after a silence of this length. */
export const SILENCE_MS = 30_000

/** Where the owner enters itself that took a folder as the one of this number. */
export const ownerFile = (dir: string, number: number): string => join(dir, `owner.${number}.json`)

/** The numbers under which a folder was taken, of which the greatest counts; with 0, which nobody has. */
export function takings(dir: string): number[] {
  return [0, ...readdirSync(dir).map(name => Number(/^owner\.(\d+)\.json$/.exec(name)?.[1] ?? 0))]
}

/** Who has taken a folder last; undefined when it was given up, there is nothing that can be read, or this is a
 * copy of the folder that was taken. */
export function readOwner(dir: string): SeenOwner | undefined {
  try {
    const path = ownerFile(dir, Math.max(...takings(dir)))
    // Read before its time: of one that is replaced in between, the sign of life is too young, never too old.
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Owner | null
    return owner?.folder === statSync(dir).ino ? { ...owner, beatAt: statSync(path).mtimeMs } : undefined
  } catch (error) {
    if (error instanceof SyntaxError || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Whether the process that took a lock still runs. One whose socket is not here is in another container or on another
 * host: it is `unseen` while it gives signs of life, so the clocks of hosts that share a folder must agree.
 */
export async function sightOf(owner: SeenOwner): Promise<'running' | 'unseen' | 'ended'> {
  const refusal = await knock({ path: owner.presence })
  const isHere = process.platform === 'win32' && owner.host === hostname()
  if (refusal === 'ECONNREFUSED' || (refusal === 'ENOENT' && isHere)) return 'ended'
  if (refusal !== 'ENOENT') return 'running'
  return Date.now() - owner.beatAt > SILENCE_MS ? 'ended' : 'unseen'
}

/**
 * Makes this process the owner of a data folder; it may open the data only then. A folder whose owner is gone is taken
 * over. Throws FolderOwnedError while its owner lives, or when another process takes it at the same moment.
 *
 * @param onLost called once when the folder is another's or gone, after a long sleep for example; the data is not ours
 * then
 * @param beatMs how often the owner gives a sign of life
 */
export async function lockFolder(dir: string, onLost: () => void, beatMs = 5000) {
  const last = Math.max(...takings(dir))
  const former = readOwner(dir)
  if (former && (await sightOf(former)) !== 'ended') throw new FolderOwnedError(dir, former)
  const self: Owner = {
    pid: process.pid,
    host: hostname(),
    folder: statSync(dir).ino,
    presence: await socketNamed(randomBytes(12).toString('hex')),
  }
  const path = ownerFile(dir, last + 1)
  const presence = createServer(socket => socket.destroy()).listen(self.presence)
  await once(presence.unref(), 'listening')
  try {
    take(dir, last + 1, self)
  } catch (error) {
    presence.close()
    throw error
  }
  if (former) rmSync(former.presence, { force: true })

  const isOurs = (): boolean => readOwner(dir)?.presence === self.presence
  let beatAt = Date.now()
  function beat(): void {
    if (isOurs()) {
      const now = Date.now()
      utimesSync(path, now / 1000, now / 1000)
      beatAt = now
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
    /** Makes known where the owner listens. Throws FolderOwnedError when the folder is another's by now. */
    announce(uri: string): void {
      if (!isOurs()) throw new FolderOwnedError(dir, readOwner(dir))
      renameSync(write(dir, { ...self, uri }), path)
    },
    /** To be called before the data is touched: after a long silence, looks whether the folder is still ours. */
    ensure(): void {
      if (Date.now() - beatAt > SILENCE_MS / 2) beat()
    },
    /** Gives the folder up. Leaves it alone when it is another's by now. */
    release(): void {
      clearInterval(beating)
      if (isOurs()) renameSync(write(dir, null), path)
      presence.close()
    },
  }
}

export type Lock = Awaited<ReturnType<typeof lockFolder>>

/**
 * Takes a folder under the number after the last one. Of those who would, one wins: a file is made once. The greatest
 * number is only removed by the winner of a greater one, so who comes too late and makes a file that was there before
 * finds a greater one. Throws FolderOwnedError when it is not this one that wins.
 */
function take(dir: string, number: number, self: Owner): void {
  const whole = write(dir, self)
  try {
    linkSync(whole, ownerFile(dir, number))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new FolderOwnedError(dir, readOwner(dir))
  } finally {
    rmSync(whole)
  }
  const all = takings(dir)
  const late = all.some(other => other > number)
  for (const other of late ? [number] : all.filter(one => one < number))
    rmSync(ownerFile(dir, other), { force: true })
  if (late) throw new FolderOwnedError(dir, readOwner(dir))
  // What those left behind that were killed while they wrote; younger ones may be at work.
  for (const name of readdirSync(dir).filter(one => /^owner\.[0-9a-f]{24}$/.test(one))) {
    const left = statSync(join(dir, name), { throwIfNoEntry: false })
    if (left && Date.now() - left.mtimeMs > SILENCE_MS) rmSync(join(dir, name), { force: true })
  }
}

/** Writes an owner, or that there is none, to a file of its own, on disk before anything refers to it. */
function write(dir: string, owner: Owner | null): string {
  const path = join(dir, `owner.${randomBytes(12).toString('hex')}`)
  writeFileSync(path, JSON.stringify(owner), { mode: 0o600, flush: true })
  return path
}
