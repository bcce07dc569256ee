import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, realpath } from 'node:fs/promises'
import { dirname, extname, join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isAlive, isHere, readOwner, SILENCE_MS } from './owner.ts'
import { answersHello } from './probe.ts'

export interface EnsureOptions {
  /** Folder of the data; created if missing, readable by this user only. */
  readonly dir: string
  /** How long a process that is started here stays after its last client; 10 s unless given. */
  readonly lingerMs?: number
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
const OWNED_EXIT = 3
const LOG_FILE = 'db.log'

/**
 * Finds the process that serves a data folder, or starts one that outlives this process (it writes `db.log` in the
 * folder and ends itself some time after its last client). Several callers at once get the same process. Throws
 * EmbeddedStartError when none answers within 5 s; after a container was replaced it takes 30 s more until the process
 * of the former one is known to have ended.
 */
export async function ensureEmbedded(options: EnsureOptions): Promise<Ensured> {
  await mkdir(options.dir, { recursive: true, mode: 0o700 })
  const dir = await realpath(options.dir)
  const began = Date.now()
  let firstBeat: number | undefined
  let child: Started | undefined
  for (;;) {
    const owner = await readOwner(dir)
    const alive = owner !== undefined && isAlive(owner)
    // Of a process that cannot be seen, only a long silence tells that it has ended.
    const unseen = alive && !isHere(owner)
    if (unseen) firstBeat ??= owner.beatAt.getTime()
    const silent = firstBeat !== undefined && (!unseen || owner.beatAt.getTime() === firstBeat)
    const deadline = began + READY_MS + (silent ? SILENCE_MS : 0)
    if (alive && owner.uri !== undefined && (await answersHello(owner.uri, READY_MS))) {
      const started = owner.pid === child?.pid
      if (!started) child?.end()
      return { uri: owner.uri, pid: owner.pid, started }
    }
    if (child?.exitCode !== undefined && child.exitCode !== OWNED_EXIT) {
      throw new EmbeddedStartError(
        `the database ended with code ${child.exitCode}: ${await lastLines(dir)}`,
        child.error ? { cause: child.error } : undefined,
      )
    }
    if (Date.now() > deadline) {
      const who = alive
        ? `process ${owner.pid} on ${owner.host ?? 'this host'} owns ${dir} but does not answer`
        : 'no answer'
      throw new EmbeddedStartError(
        `the database is not ready after ${Math.round((Date.now() - began) / 1000)} s (${who})`,
      )
    }
    if (!alive && (child === undefined || child.exitCode !== undefined)) child = await start(dir, options)
    await delay(POLL_MS)
  }
}

interface Started {
  readonly pid: number | undefined
  exitCode: number | undefined
  error: Error | undefined
  /** Ends a process that came too late to own the folder, before it becomes the owner of an abandoned one. */
  end(): void
}

async function start(dir: string, { lingerMs }: EnsureOptions): Promise<Started> {
  const linger = lingerMs === undefined ? [] : ['--linger-ms', String(lingerMs)]
  const log = await open(join(dir, LOG_FILE), 'a', 0o600)
  try {
    const child = spawn(process.execPath, [compiledMain(), '--dir', dir, ...linger], {
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      windowsHide: true,
    })
    const started: Started = {
      pid: child.pid,
      exitCode: undefined,
      error: undefined,
      end: () => child.kill(),
    }
    child.once('error', error => {
      started.error = error
      started.exitCode = -1
    })
    child.once('exit', code => {
      started.exitCode = code ?? -1
    })
    child.unref()
    return started
  } finally {
    await log.close()
  }
}

/** The compiled entry point of the database process, also when this file runs uncompiled. */
function compiledMain(): string {
  const here = fileURLToPath(import.meta.url)
  if (extname(here) === '.js') return join(dirname(here), 'main.js')
  let root = dirname(here)
  while (!existsSync(join(root, 'package.json'))) root = dirname(root)
  const main = join(root, 'dist', relative(root, dirname(here)), 'main.js')
  if (existsSync(main)) return main
  throw new EmbeddedStartError(`${main} is missing: run "npm run build" first`)
}

async function lastLines(dir: string): Promise<string> {
  const text = await readFile(join(dir, LOG_FILE), 'utf8')
  return text.trim().split('\n').slice(-3).join(' | ')
}
