import { mkdir, rm } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { lockFolder } from './lock.ts'
import { FolderOwnedError } from './owner.ts'
import { type Address, startEmbedded } from './server.ts'
import { socketPath } from './socket-path.ts'

/** Exit code when another process owns the folder. */
const OWNED_EXIT = 3
/** How long the process stays after its last client unless told otherwise. */
const LINGER_MS = 10_000

const { values } = parseArgs({
  options: {
    dir: { type: 'string' },
    port: { type: 'string' },
    'linger-ms': { type: 'string' },
  },
})

function log(text: string): void {
  process.stderr.write(`${new Date().toISOString()} ${text}\n`)
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function numberOption(name: 'port' | 'linger-ms', fallback: number | undefined): number | undefined {
  const text = values[name]
  if (text === undefined) return fallback
  const number = Number(text)
  if (Number.isInteger(number) && number >= 0) return number
  throw new Error(`--${name} must be a whole number, for example --${name} 27017; got ${text}`)
}

async function addressFor(dir: string): Promise<Address> {
  const port = numberOption('port', process.platform === 'win32' ? 0 : undefined)
  return port === undefined ? { socket: await socketPath(dir) } : { port }
}

async function run(): Promise<void> {
  const dir = values.dir
  if (dir === undefined) throw new Error('--dir <folder of the data> is required')
  const lingerMs = numberOption('linger-ms', LINGER_MS) ?? LINGER_MS
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const address = await addressFor(dir)
  const lock = await lockFolder(dir, {
    onLost: () => {
      log(`fault: ${dir} is owned by another process by now, or gone`)
      process.exit(1)
    },
  })

  let ending = false
  let lingering: NodeJS.Timeout | undefined
  async function end(reason: string): Promise<void> {
    if (ending) return
    ending = true
    clearTimeout(lingering)
    log(`ending: ${reason}`)
    await server.close()
    if ('socket' in address) await rm(address.socket, { force: true })
    await lock.release()
    process.exit(0)
  }
  function linger(clients: number): void {
    clearTimeout(lingering)
    if (clients > 0 || ending) return
    lingering = setTimeout(() => void end('no clients'), lingerMs)
  }

  const server = await startEmbedded({
    ...address,
    dir,
    onClients: linger,
    onFailure: failure => log(failure ? `READ-ONLY: ${failure.message}` : 'writable again'),
    onUpkeepFault: error => log(`expired documents could not be removed: ${describe(error)}`),
  }).catch(async (error: unknown) => {
    await lock.release()
    throw error
  })
  process.on('SIGTERM', () => void end('SIGTERM'))
  process.on('SIGINT', () => void end('SIGINT'))
  linger(0)
  await lock.announce(server.uri)
  process.stdout.write(`${server.uri}\n`)
}

process.on('unhandledRejection', (error: unknown) => {
  log(`fault: ${describe(error)}`)
  process.exit(1)
})

run().catch((error: unknown) => {
  log(error instanceof Error ? error.message : String(error))
  process.exit(error instanceof FolderOwnedError ? OWNED_EXIT : 1)
})
