import { readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { knock } from './probe.ts'

/** Who owns a data folder, as its lock file tells. */
export interface Owner {
  readonly pid: number
  readonly host: string
  /** Different for each taking of the lock. */
  readonly token: string
  /** A socket of this token alone where its process listens from before it owns the folder until it ends. */
  readonly presence: string
  /** Set as soon as it serves. */
  readonly uri?: string
}

/** An owner with its last sign of life: when its lock file was last touched. */
export type SeenOwner = Owner & { readonly beatAt: number }

/** Another process owns the folder. */
export class FolderOwnedError extends Error {
  readonly code = 'EMBEDDED_OWNED'
  override name = 'FolderOwnedError'
  constructor(dir: string, { pid, host }: Owner) {
    super(`the data folder ${dir} is in use by process ${pid} on ${host}`)
  }
}

export const LOCK_FILE = 'owner.json'
/** A process that cannot be seen from here counts as ended after a silence of this length. */
export const SILENCE_MS = 30_000

/** Who owns a folder according to its lock file; undefined when there is none that can be read. */
export function readOwner(path: string): SeenOwner | undefined {
  try {
    // Read before its time: of a lock that is replaced in between, the sign of life is too young, never too old.
    const owner = JSON.parse(readFileSync(path, 'utf8')) as Owner
    return { ...owner, beatAt: statSync(path).mtimeMs }
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
  const refusal = await knock({ path: String(owner.presence) })
  const isHere = process.platform === 'win32' && owner.host === hostname()
  if (refusal === 'ECONNREFUSED' || (refusal === 'ENOENT' && isHere)) return 'ended'
  if (refusal !== 'ENOENT') return 'running'
  return Date.now() - owner.beatAt > SILENCE_MS ? 'ended' : 'unseen'
}
