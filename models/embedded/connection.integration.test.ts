import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Document } from 'bson'
import fc from 'fast-check'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type EmbeddedServer, startEmbedded } from './server.ts'
import { createFramer, encodeMessage } from './wire.ts'

let folder: string
let socketAt: string
let server: EmbeddedServer
let client: MongoClient

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-connection-'))
  socketAt = join(folder, 's.sock')
  server = await startEmbedded({ dir: join(folder, 'data'), socket: socketAt })
  client = await MongoClient.connect(server.uri)
})

afterAll(async () => {
  await client.close()
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

async function connect(): Promise<Socket> {
  const socket = createConnection(socketAt)
  await once(socket, 'connect')
  return socket
}

let lastId = 100

/** A command in OP_MSG; `silent` wants no answer. */
function request(body: Document, silent = false): { id: number; bytes: Buffer } {
  lastId += 1
  const bytes = encodeMessage({ id: 0, legacy: false }, { ...body, $db: 'test' })
  bytes.writeInt32LE(lastId, 4)
  bytes.writeUInt32LE(silent ? 2 : 0, 16)
  return { id: lastId, bytes }
}

/** Reads until `count` replies have come, and returns the ids of the requests they are to. */
async function answered(socket: Socket, count: number): Promise<number[]> {
  const messagesIn = createFramer()
  const ids: number[] = []
  for await (const chunk of socket) {
    for (const message of messagesIn(chunk)) ids.push(message.readInt32LE(8))
    if (ids.length >= count) return ids
  }
  return ids
}

it('answers in the order of the requests, however they are cut, and not those that want no answer', async () => {
  const socket = await connect()
  const requests = Array.from({ length: 60 }, (_, n) => request({ ping: 1 }, n % 3 === 1))
  const bytes = Buffer.concat(requests.map(one => one.bytes))
  for (let at = 0; at < bytes.length; at += 37) socket.write(bytes.subarray(at, at + 37))
  const expected = requests.filter((_, n) => n % 3 !== 1).map(one => one.id)
  expect(await answered(socket, expected.length)).toEqual(expected)
})

it('takes up no request of a client that does not read, and goes on when it does', async () => {
  const things = client.db('test').collection('things')
  await things.insertOne({ text: 'x'.repeat(8_000_000) })
  const socket = await connect()
  const requests = [
    request({ find: 'things' }),
    request({ insert: 'marks', documents: [{ a: 1 }] }),
    ...Array.from({ length: 200 }, () => request({ find: 'things' })),
  ]
  socket.pause().write(Buffer.concat(requests.map(one => one.bytes)))
  for (let n = 0; n < 300; n += 1) await client.db('test').command({ ping: 1 })
  expect(await client.db('test').collection('marks').countDocuments()).toBe(0)
  await answered(socket, 2)
  expect(await client.db('test').collection('marks').countDocuments()).toBe(1)
})

it('keeps the replies that a client has left without reading in nobody’s way', async () => {
  const socket = await connect()
  socket.pause().write(request({ find: 'things' }).bytes)
  await once(socket, 'readable')
  socket.destroy()
  await expect.poll(() => server.clients()).toBeLessThan(4)
})

it('answers a command above 16 MB with an error', async () => {
  const command = client.db('test').command({ count: 'things', query: { text: 'x'.repeat(17_000_000) } })
  await expect(command).rejects.toMatchObject({ code: 10334 })
})

it('ends the connection of bytes that make no sense, and nothing else', async () => {
  const seeds = [
    request({ insert: 'fuzz', documents: [{ a: 1 }] }).bytes,
    request({ find: 'fuzz', filter: { a: { $gt: 1, $in: [1, 'x', null] } }, sort: { a: 1 } }).bytes,
    request({ update: 'fuzz', updates: [{ q: { a: 1 }, u: { $set: { 'b.c': 2 } }, upsert: true }] }).bytes,
    request({ aggregate: 'fuzz', pipeline: [{ $match: { a: 1 } }], cursor: {} }).bytes,
    encodeMessage({ id: 1, legacy: true }, { hello: 1 }),
  ]
  const change = fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 }))
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...seeds),
      fc.array(change, { maxLength: 6 }),
      fc.boolean(),
      async (seed, changes, keepLength) => {
        const bytes = Buffer.from(seed)
        for (const [at, byte] of changes) bytes[at % bytes.length] = byte
        if (keepLength) bytes.writeInt32LE(bytes.length, 0)
        const socket = createConnection(socketAt)
        // The server may have ended it before all is written.
        socket.on('error', () => undefined)
        const closed = once(socket, 'close')
        socket.end(bytes)
        socket.resume()
        await closed
      },
    ),
    { numRuns: 500 },
  )
  expect(await client.db('test').command({ ping: 1 })).toEqual({ ok: 1 })
})

it('holds no more of a message that never ends than has come of it', async () => {
  const before = process.memoryUsage().arrayBuffers
  const sockets = await Promise.all(Array.from({ length: 200 }, connect))
  const start = Buffer.alloc(16)
  start.writeInt32LE(48_000_000, 0)
  await Promise.all(sockets.map(socket => new Promise<void>(resolve => socket.write(start, () => resolve()))))
  expect(await client.db('test').command({ ping: 1 })).toEqual({ ok: 1 })
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(200_000_000)
  for (const socket of sockets) socket.destroy()
})

it('refuses to listen where somebody answers', async () => {
  await expect(startEmbedded({ socket: socketAt })).rejects.toMatchObject({ code: 'EADDRINUSE' })
  expect(await client.db('test').command({ ping: 1 })).toEqual({ ok: 1 })
})
