import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { answersHello } from './address.ts'
import { FolderOwnedError, OWNED_EXIT, readOwner, SILENCE_MS, sightOf } from './lock.ts'

export interface EnsureOptions {
  /** Folder of the data; created if missing, readable by this user only. */
  readonly dir: string
  /** How long a process that is started here stays after its last client; 10 s unless given. */
  readonly lingerMs?: number
  /** See `EmbeddedOptions`; of a process that is started here. */
  readonly testCommands?: boolean
}

export interface Ensured {
  /** A MongoDB connection string without a database name; see `withDatabase`. */
  readonly uri: string
  readonly pid: number
  /** The process was started by this call. */
  readonly started: boolean
}

/**
 * Options of Node that keep the process small: a scan makes much that is not kept, and would else leave it lying.
 * `--optimize-for-size` would do as well, and takes about a third more CPU.
 */
export const smallMemory = ['--max-semi-space-size=4', '--heap-growing-percent=30'] as const

const READY_MS = 5000
const POLL_MS = 20
/** The compiled entry point of the database process, also when this file runs uncompiled. */
const compiled = import.meta.url.endsWith('.js') ? 'main.js' : '../../dist/models/embedded/main.js'

/**
 * Finds the process that serves a data folder, or starts one that outlives this process (it writes `db.log` in the
 * folder and ends itself some time after its last client). Several callers at once get the same process. Throws an
 * Error when none answers within 5 s; after a container was replaced it takes 30 s more until the process
 * of the former one is known to have ended.
 */
export async function ensureEmbedded(options: EnsureOptions): Promise<Ensured> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const dir = await realpath(options.dir)
  const log = join(dir, 'db.log')
  const began = Date.now()
  let patienceMs = READY_MS
  let child: ChildProcess | undefined
  for (;;) {
    const owner = readOwner(dir)
    const sight = owner ? await sightOf(owner) : 'ended'
    const alive = sight !== 'ended'
    if (alive && owner?.uri !== undefined && (await answersHello(owner.uri))) {
      const started = owner.pid === child?.pid
      // One that came too late must not become the owner of a folder that is abandoned later.
      if (!started) child?.kill()
      return { uri: owner.uri, pid: owner.pid, started }
    }
    const end = child?.exitCode ?? child?.signalCode ?? undefined
    if (end !== undefined && end !== OWNED_EXIT) {
      const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join(' | ')
      throw new Error(`the database ended with code ${end}: ${lines}`)
    }
    // Of a process that cannot be seen, only a long silence tells that it has ended.
    if (sight === 'unseen') patienceMs = READY_MS + (owner && owner.beatAt > began ? 0 : SILENCE_MS)
    if (Date.now() - began > patienceMs) {
      const reason = alive ? new FolderOwnedError(dir, owner).message : `see ${log}`
      throw new Error(`no database answers after ${patienceMs / 1000} s: ${reason}`)
    }
    if (!alive && (!child || end !== undefined)) child = await start(dir, log, options)
    await delay(POLL_MS)
  }
}

async function start(dir: string, log: string, options: EnsureOptions): Promise<ChildProcess> {
  const { lingerMs, testCommands } = options
  const main = fileURLToPath(new URL(compiled, import.meta.url))
  const linger = lingerMs === undefined ? [] : ['--linger-ms', String(lingerMs)]
  const flags = [...linger, ...(testCommands ? ['--test-commands'] : [])]
  const output = await open(log, 'a', 0o600)
  const child = spawn(process.execPath, [...smallMemory, main, '--dir', dir, ...flags], {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    windowsHide: true,
  })
  child.unref()
  await once(child, 'spawn').finally(() => output.close())
  return child
}
