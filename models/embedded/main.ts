import { mkdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { socketPath } from './address.ts'
import { FolderOwnedError, lockFolder, OWNED_EXIT } from './lock.ts'
import { startEmbedded } from './server.ts'

/** How long the process stays after its last client unless told otherwise. */
const LINGER_MS = 10_000

const text = { type: 'string' } as const
const options = { dir: text, port: text, 'linger-ms': text, 'reserve-bytes': text } as const
const { values } = parseArgs({ options: { ...options, 'test-commands': { type: 'boolean' } } })

function log(line: string): void {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`)
}

function fail(reason: string, code = 1): never {
  log(reason)
  process.exit(code)
}

function numberOption(name: 'port' | 'linger-ms' | 'reserve-bytes'): number | undefined {
  if (values[name] === undefined) return undefined
  const number = Number(values[name])
  if (Number.isInteger(number) && number >= 0) return number
  throw new Error(`--${name} must be a whole number, for example --${name} 27017; got ${values[name]}`)
}

async function run(): Promise<void> {
  const dir = values.dir
  if (dir === undefined) throw new Error('--dir <folder of the data> is required')
  const port = numberOption('port') ?? (process.platform === 'win32' ? 0 : undefined)
  const lingerMs = numberOption('linger-ms') ?? LINGER_MS
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const address = port === undefined ? { socket: await socketPath(dir) } : { port }
  const lock = await lockFolder(dir, () => fail(`${dir} is another process's by now, or gone`))
  let lingering: NodeJS.Timeout | undefined
  let ending = false
  const server = await startEmbedded({
    ...address,
    dir,
    reserveBytes: numberOption('reserve-bytes'),
    testCommands: values['test-commands'],
    admit: lock.ensure,
    onClients: linger,
    onFailure: failure => log(failure ? `READ-ONLY: ${failure.message}` : 'writable again'),
  }).catch((error: unknown) => {
    lock.release()
    throw error
  })

  function linger(clients: number): void {
    clearTimeout(lingering)
    if (clients === 0) lingering = setTimeout(() => void end('no clients'), lingerMs)
  }
  async function end(reason: string): Promise<void> {
    if (ending) return
    ending = true
    log(`ending: ${reason}`)
    await server.close()
    lock.release()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, end)
  linger(0)
  lock.announce(server.uri)
  process.stdout.write(`${server.uri}\n`)
}

process.on('unhandledRejection', (error: Error) => fail(`fault: ${error.stack}`))
run().catch((error: Error) => fail(error.message, error instanceof FolderOwnedError ? OWNED_EXIT : 1))
