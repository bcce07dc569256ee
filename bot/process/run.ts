import type { Logger } from 'pino'
import { type Config, ConfigError, isRunByNpm, loadConfig } from '../../config.ts'
import { isDatabaseAway } from '../../models/database-away.ts'
import { createLog } from '../log.ts'

/** What a start gives. */
export interface Started {
  /** Lines for people: what there is to open. */
  lines: readonly string[]
  /** Ends what is under way, then closes everything in order. */
  stop(): Promise<void>
}

type Start = (config: Config, log: Logger) => Promise<Started>

/** How often a process that npm started looks whether it still has its parent, in milliseconds. */
const parentMs = 500

/**
 * Is the process: starts, says what there is to open, and ends in order with 0 when it is told to by SIGINT or SIGTERM; at
 * once, with 1, when it is told twice. Where npm was told, its shell dies of it and passes nothing on: that counts as being
 * told. A start that fails ends it with 1 and one line, where a setting or the data is to blame.
 */
export function run(start: Start): void {
  runToEnd(start).catch((error: unknown) => {
    const { code } = error as { code?: unknown }
    const expected = error instanceof ConfigError || code === 'simulator_start' || code === 'migration_failed'
    process.stderr.write(`${expected ? (error as Error).message : (error as Error).stack}\n`)
    process.exit(1)
  })
}

async function runToEnd(start: Start): Promise<void> {
  const parent = process.ppid
  const config = loadConfig()
  const log = createLog(config.logLevel)
  const running = await startPatiently(start, config, log)
  let stopping = false
  const end = (signal: string): void => {
    // Asked twice: somebody doesn't want to wait.
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping')
    running.stop().then(
      () => process.exit(0),
      error => {
        log.fatal({ err: error }, 'could not stop in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
  if (isRunByNpm())
    setInterval(() => {
      if (process.ppid !== parent && !stopping) end('none: the shell of npm has gone')
    }, parentMs).unref()
  // Who reads this may tell it to end at once.
  for (const line of running.lines) process.stdout.write(`${line}\n`)
}

const startsMax = 3

/** A database that goes away while Sidekick starts is no reason to give up at once: it is started again with it. */
async function startPatiently(start: Start, config: Config, log: Logger): Promise<Started> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(config, log)
    } catch (error) {
      if (!isDatabaseAway(error) || tries === startsMax) throw error
      log.warn({ err: error, start: tries }, 'the database went away during the start')
    }
  }
}
