import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, it } from 'vitest'
import { packageRoot } from '../../fixtures/root.ts'
import { freshDatabaseUri } from '../../fixtures/test/open-database.ts'
import { openDatabase } from '../../models/connect.ts'

const key = '0f'.repeat(32)
const script = join(packageRoot(), 'dist/server.js')
const mongodbUri = freshDatabaseUri()
const children: ChildProcess[] = []
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL')
  const database = await openDatabase({ mongodbUri, dataDir: inject('dataDir'), log: () => undefined })
  await database.connection.dropDatabase()
  await database.close()
})

/** A process of an installation that has settings and a database, and does not reach the platform. */
function start(settings: Record<string, string> = {}, command = [process.execPath, script]) {
  const env = {
    PATH: process.env.PATH,
    HOST: '127.0.0.1',
    PORT: '0',
    PUBLIC_URL: 'https://sidekick.example.com',
    DATA_DIR: inject('dataDir'),
    MONGODB_URI: mongodbUri,
    SESSION_SECRET: key,
    ENCRYPTION_KEY: key,
    WECOM_API_BASE: 'http://127.0.0.1:1',
    WECOM_CORP_ID: 'ww0123456789abcdef',
    WECOM_AGENT_ID: '1000002',
    WECOM_AGENT_SECRET: 'app-secret',
    WECOM_CALLBACK_TOKEN: 'QDG6eK',
    WECOM_CALLBACK_AES_KEY: 'a'.repeat(43),
    ...settings,
  }
  const [program = '', ...words] = command
  const child = spawn(program, words, { cwd: inject('dataDir'), env, stdio: 'pipe' })
  children.push(child)
  let out = ''
  let errors = ''
  const ready = new Promise<void>(resolve => {
    child.stdout.on('data', chunk => {
      out += chunk
      if (out.includes('is ready')) resolve()
    })
  })
  child.stderr.on('data', chunk => {
    errors += chunk
  })
  const closed = once(child, 'close')
  return {
    child,
    ready: Promise.race([ready, closed.then(([code]) => Promise.reject(new Error(`${code}: ${errors}`)))]),
    async end() {
      const [code] = await closed
      return { code, out, errors }
    },
  }
}

// Whole processes: a busy machine takes its time.
describe.concurrent('the process', { timeout: 60_000 }, () => {
  it('says what there is to open, and ends in order with 0 when it is told to', async () => {
    const { child, ready, end } = start()
    await ready
    child.kill('SIGTERM')
    const { code, out, errors } = await end()
    expect(code).toBe(0)
    expect(out).toMatch(
      /^WeCom Sidekick is ready: callback URL https:\/\/sidekick\.example\.com\/callback\/app\b.*\n$/,
    )
    expect(errors).toContain('"signal":"SIGTERM","msg":"stopping"')
  })

  it('ends with 1 when it is told twice', async () => {
    const { child, ready, end } = start()
    await ready
    // It hears of both at once: the end in order takes less time than this process may be kept from saying the second.
    for (const signal of ['SIGSTOP', 'SIGTERM', 'SIGINT', 'SIGCONT'] as const) child.kill(signal)
    const { code, errors } = await end()
    expect(code).toBe(1)
    expect(errors.match(/"stopping"/g)).toHaveLength(1)
  })

  it.skipIf(process.platform === 'win32')('ends in order where only npm’s shell is told to', async () => {
    const shell = ['/bin/sh', '-c', `"${process.execPath}" "${script}"; exit $?`]
    const { child, ready, end } = start({ npm_lifecycle_event: 'start' }, shell)
    await ready
    child.kill('SIGTERM')
    expect((await end()).errors).toContain('"signal":"none: the shell of npm has gone","msg":"stopping"')
  })

  it('ends with 1 and one line where its port is another program’s', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    const { ready, end } = start({ PORT: String(port) })
    ready.catch(() => undefined)
    expect(await end()).toEqual({
      code: 1,
      out: '',
      errors: `PORT ${port} is used by another program; example: HOST=127.0.0.1 PORT=3100\n`,
    })
    other.close()
  })

  it('ends with 1 and one line where no database is at the address, which is not repeated', async () => {
    const { ready, end } = start({ MONGODB_URI: 'mongodb://someone:hidden@127.0.0.1:1/sidekick' })
    ready.catch(() => undefined)
    const { code, errors } = await end()
    expect(code).toBe(1)
    expect(errors).toMatch(/^MONGODB_URI cannot be reached \(Mongo\w+\); example: MONGODB_URI=\S+\n$/)
    expect(errors).not.toContain('hidden')
  })
})
