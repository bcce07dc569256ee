import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '../../config.ts'
import { ensureEmbedded, smallMemory } from '../../models/embedded/ensure.ts'
import { defineVerb, UsageError } from './verb.ts'

export const dbServe = defineVerb(
  'Run the embedded database alone and print its URI, for mongosh, Compass or a test suite',
  {
    dir: { type: 'string', description: "Folder of the data; Sidekick's own by default" },
    port: { type: 'string', description: 'Port on 127.0.0.1 instead of a socket' },
  },
  async ({ dir = join(loadConfig().dataDir, 'db'), port, json: asJson }) => {
    if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError(`--port "${port}" is not a port`)
    const tell = (uri: string): void =>
      void process.stdout.write(`${asJson ? JSON.stringify({ uri }) : uri}\n`)
    return serveDatabase(dir, port, tell)
  },
)

const foreverMs = 2 ** 31 - 1
const ownedExit = 3

/** Runs the database's process until it or this one is ended. Of a folder that is served already the URI is told. */
async function serveDatabase(dir: string, port: string | undefined, tell: (uri: string) => void) {
  const main = fileURLToPath(new URL('../../models/embedded/main.js', import.meta.url))
  const options = ['--dir', dir, '--linger-ms', String(foreverMs), ...(port ? ['--port', port] : [])]
  const child = spawn(process.execPath, [...smallMemory, main, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.setEncoding('utf8').once('data', (line: string) => tell(line.trim()))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === ownedExit) tell((await ensureEmbedded({ dir })).uri)
  return { data: undefined, failed: code !== 0 && code !== ownedExit }
}
