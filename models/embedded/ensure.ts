import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { FolderOwnedError, LOCK_FILE, readOwner, SILENCE_MS, sightOf } from './owner.ts'
import { answersHello } from './probe.ts'

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

/** The database process could not be started or does not answer; `cause` or the message tells why. */
export class EmbeddedStartError extends Error {
  readonly code = 'EMBEDDED_START'
  override name = 'EmbeddedStartError'
}

const READY_MS = 5000
const POLL_MS = 20
/** What a process ends with that found the folder owned. */
const OWNED_EXIT = 'code 3'
/** The compiled entry point of the database process, also when this file runs uncompiled. */
const compiled = import.meta.url.endsWith('.js') ? 'main.js' : '../../dist/models/embedded/main.js'

/**
 * Finds the process that serves a data folder, or starts one that outlives this process (it writes `db.log` in the
 * folder and ends itself some time after its last client). Several callers at once get the same process. Throws
 * EmbeddedStartError when none answers within 5 s; after a container was replaced it takes 30 s more until the process
 * of the former one is known to have ended.
 */
export async function ensureEmbedded(options: EnsureOptions): Promise<Ensured> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const dir = await realpath(options.dir)
  const log = join(dir, 'db.log')
  const began = Date.now()
  let patienceMs = READY_MS
  let child: ChildProcess | undefined
  let end: { how: string; cause?: Error } | undefined
  for (;;) {
    const owner = readOwner(join(dir, LOCK_FILE))
    const sight = owner ? await sightOf(owner) : 'ended'
    const alive = sight !== 'ended'
    if (alive && owner?.uri !== undefined && (await answersHello(owner.uri))) {
      const started = owner.pid === child?.pid
      // One that came too late must not become the owner of a folder that is abandoned later.
      if (!started) child?.kill()
      return { uri: owner.uri, pid: owner.pid, started }
    }
    if (end && end.how !== OWNED_EXIT) {
      const lines = (await readFile(log, 'utf8')).trim().split('\n').slice(-3).join(' | ')
      throw new EmbeddedStartError(`the database ended with ${end.how}: ${lines}`, { cause: end.cause })
    }
    // Of a process that cannot be seen, only a long silence tells that it has ended.
    if (sight === 'unseen') patienceMs = READY_MS + (owner && owner.beatAt > began ? 0 : SILENCE_MS)
    if (Date.now() - began > patienceMs) {
      const cause = alive && owner ? new FolderOwnedError(dir, owner) : undefined
      const reason = cause?.message ?? `see ${log}`
      throw new EmbeddedStartError(`no database answers after ${patienceMs / 1000} s: ${reason}`, { cause })
    }
    if (!alive && (!child || end)) {
      end = undefined
      child = await start(dir, log, options)
      child.once('error', cause => {
        end = { how: 'an error', cause }
      })
      child.once('exit', (code, signal) => {
        end = { how: `code ${code ?? signal}` }
      })
    }
    await delay(POLL_MS)
  }
}

async function start(dir: string, log: string, options: EnsureOptions): Promise<ChildProcess> {
  const { lingerMs, testCommands } = options
  const main = fileURLToPath(new URL(compiled, import.meta.url))
  const flags = [
    ...(lingerMs === undefined ? [] : ['--linger-ms', String(lingerMs)]),
    ...(testCommands ? ['--test-commands'] : []),
  ]
  const output = await open(log, 'a', 0o600)
  const child = spawn(process.execPath, [main, '--dir', dir, ...flags], {
    detached: true,
    stdio: ['ignore', output.fd, output.fd],
    windowsHide: true,
  })
  child.unref()
  await output.close()
  return child
}
