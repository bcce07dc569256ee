import { fork, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoClient, ObjectId } from 'mongodb'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Ensured, ensureEmbedded } from './ensure.ts'
import { ownerFile, readOwner, sightOf, takings } from './lock.ts'

let dir: string
const started = new Set<number>()
const clients = new Set<MongoClient>()

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'embedded-process-'))
})

afterEach(async () => {
  for (const client of clients) await client.close()
  clients.clear()
  for (const pid of started) await kill(pid)
  started.clear()
  await rm(dir, { recursive: true, force: true })
})

async function ensure(lingerMs = 60_000): Promise<Ensured> {
  const ensured = await ensureEmbedded({ dir, lingerMs })
  started.add(ensured.pid)
  return ensured
}

/** A client whose writes fail at once when the process ends, and that waits for one that is slow. */
async function connect(uri: string): Promise<MongoClient> {
  const client = await MongoClient.connect(uri, { maxPoolSize: 16, retryWrites: false })
  clients.add(client)
  return client
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function kill(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (!exists(pid)) return
  process.kill(pid, signal)
  await expect.poll(() => exists(pid), { interval: 10 }).toBe(false)
}

describe('the database process', () => {
  it('is one for all who ask at the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => ensure()))
    expect(new Set(all.map(one => one.pid)).size).toBe(1)
    expect(all.filter(one => one.started)).toHaveLength(1)
  })

  it('loses nothing it has acknowledged when it is killed while 16 clients write', async () => {
    const acknowledged: string[] = []
    for (let round = 0; round < 3; round += 1) {
      const { uri, pid } = await ensure()
      const client = await connect(uri)
      const things = client.db('test').collection('things')
      await things.createIndex({ n: 1 }, { unique: true })
      const enough = acknowledged.length + 300
      let killed: Promise<void> | undefined
      const write = async () => {
        while (!killed) {
          const _id = new ObjectId()
          await things.insertOne({ _id, n: _id.toHexString() })
          acknowledged.push(_id.toHexString())
          if (acknowledged.length >= enough) killed ??= kill(pid)
        }
      }
      await Promise.allSettled(Array.from({ length: 16 }, write))
      await killed
    }
    const { uri } = await ensure()
    const things = (await connect(uri)).db('test').collection('things')
    const stored = new Set((await things.find().toArray()).map(doc => doc._id.toHexString()))
    expect(acknowledged.length).toBeGreaterThanOrEqual(900)
    expect(acknowledged.filter(id => !stored.has(id))).toEqual([])
    const indexed = await things
      .find({ n: { $gte: '' } })
      .hint('n_1')
      .toArray()
    expect(indexed).toHaveLength(stored.size)
  })

  it('ends itself some time after its last client, and leaves no lock', async () => {
    // It must not be over before the client comes.
    const { uri, pid } = await ensure(2_000)
    const client = await connect(uri)
    await client.close()
    await expect.poll(() => exists(pid)).toBe(false)
    expect(readOwner(dir)).toBeUndefined()
  })

  it('finishes what it has begun when it is asked to end', async () => {
    const { uri, pid } = await ensure()
    const client = await connect(uri)
    const things = client.db('test').collection('things')
    const writes = Array.from({ length: 50 }, (_, n) => things.insertOne({ n }))
    await writes[0]
    process.kill(pid, 'SIGTERM')
    const written = (await Promise.allSettled(writes)).filter(one => one.status === 'fulfilled').length
    await expect.poll(() => exists(pid)).toBe(false)
    const again = await connect((await ensure()).uri)
    expect(await again.db('test').collection('things').countDocuments()).toBeGreaterThanOrEqual(written)
  })

  it('is replaced at once when it was killed, also where it had not listened yet', async () => {
    const { pid } = await ensure()
    const owner = readOwner(dir)
    await kill(pid)
    await writeFile(
      ownerFile(dir, Math.max(...takings(dir))),
      JSON.stringify({ ...owner, pid: process.pid, uri: undefined }),
    )
    const again = await ensure()
    expect(again).toMatchObject({ started: true })
    expect(again.pid).not.toBe(process.pid)
  })

  it('serves a port where one is asked for, and is found there', async () => {
    const main = join(import.meta.dirname, '../../dist/models/embedded/main.js')
    const child = spawn(process.execPath, [main, '--dir', dir, '--port', '0'])
    await new Promise(resolve => child.stdout.once('data', resolve))
    const found = await ensure()
    expect(found).toMatchObject({
      pid: child.pid,
      started: false,
      uri: expect.stringMatching(/127\.0\.0\.1:\d+/),
    })
    expect(await (await connect(found.uri)).db('test').command({ ping: 1 })).toEqual({ ok: 1 })
  })

  it('refuses a folder that was written by a newer version, and says so', async () => {
    const { pid, uri } = await ensure()
    await connect(uri)
    await kill(pid)
    await pretendNewerFormat(dir)
    await expect(ensure()).rejects.toThrow(/format 99/)
  })
})

/** Marks the data as written by a later version, in a process of its own as two must not open them from one. */
async function pretendNewerFormat(folder: string): Promise<void> {
  const script = join(folder, 'newer.mjs')
  const lmdb = import.meta.resolve('lmdb')
  const bson = import.meta.resolve('bson')
  await writeFile(
    script,
    `import { open } from '${lmdb}'
import { serialize } from '${bson}'
const db = open({ path: process.argv[2], noSubdir: false, encoding: 'binary', keyEncoding: 'binary', overlappingSync: false })
await db.put(Buffer.from([0]), serialize({ format: 99, nextId: 1 }))
await db.close()`,
  )
  const child = fork(script, [folder])
  expect(await new Promise(resolve => child.once('exit', resolve))).toBe(0)
}

describe('a lock', () => {
  it('names a running process until that is killed', async () => {
    const { pid } = await ensure()
    const owner = readOwner(dir)
    expect(owner?.pid).toBe(pid)
    expect(owner && (await sightOf(owner))).toBe('running')
    expect(await readFile(join(dir, 'db.log'), 'utf8')).toContain('mongodb://')
    await kill(pid)
    expect(owner && (await sightOf(owner))).toBe('ended')
  })
})
