import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MongoBackend } from '@agendajs/mongo-backend'
import { Agenda } from 'agenda'
import { MongoClient } from 'mongodb'
import mongoose from 'mongoose'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { withDatabase } from './address.ts'
import { type EmbeddedServer, startEmbedded } from './server.ts'

let folder: string
let server: EmbeddedServer

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedded-'))
  server = await startEmbedded({ dir: join(folder, 'data'), socket: join(folder, 's.sock') })
})

afterAll(async () => {
  await server.close()
  await rm(folder, { recursive: true, force: true })
})

it('mongoose creates, populates, counts and updates', async () => {
  const connection = await mongoose.createConnection(withDatabase(server.uri, 'shop')).asPromise()
  try {
    const Staff = connection.model('Staff', new mongoose.Schema({ userid: { type: String, unique: true } }))
    const schema = new mongoose.Schema(
      { name: String, tags: [String], owner: { type: mongoose.Schema.Types.ObjectId, ref: 'Staff' } },
      { timestamps: true, optimisticConcurrency: true },
    )
    const Customer = connection.model('Customer', schema)
    await Promise.all([Staff.init(), Customer.init()])
    const lina = await Staff.create({ userid: 'lina' })
    await Customer.create({ name: '王', tags: ['新'], owner: lina._id }, { name: '李', tags: [] })
    await Customer.updateMany({ tags: '新' }, { $addToSet: { tags: '渠道/春展' } })
    const wang = await Customer.findOne({ tags: '渠道/春展' }).populate<{ owner: { userid: string } }>(
      'owner',
    )
    expect(wang?.owner.userid).toBe('lina')
    if (!wang) throw new Error('not found')
    wang.tags = wang.tags.filter(tag => tag !== '新')
    await wang.save()
    expect(await Customer.distinct('tags')).toEqual(['渠道/春展'])
    expect(await Customer.countDocuments({ name: /^[王李]/ })).toBe(2)
    await expect(Staff.create({ userid: 'lina' })).rejects.toMatchObject({
      code: 11000,
      keyValue: { userid: 'lina' },
    })
  } finally {
    await connection.close()
  }
})

it('two Agenda workers share jobs out and run each one once', async () => {
  const clients = await Promise.all([1, 2].map(() => MongoClient.connect(server.uri)))
  const ran: { job: unknown; worker: number }[] = []
  const workers = clients.map((client, worker) => {
    const agenda = new Agenda({ backend: new MongoBackend({ mongo: client.db('jobs') }), processEvery: 50 })
    agenda.define<{ n: number }>('push', async job => {
      ran.push({ job: job.attrs.data.n, worker })
    })
    agenda.define('tick', async () => {
      ran.push({ job: 'tick', worker })
    })
    return agenda
  })
  const [first] = workers
  if (!first) throw new Error('no worker')
  try {
    for (const agenda of workers) await agenda.start()
    await first.every('1 hour', 'tick')
    for (let n = 0; n < 20; n += 1) await first.now('push', { n })
    await expect.poll(() => ran.length).toBeGreaterThanOrEqual(21)
    const numbers = ran.filter(one => one.job !== 'tick').map(one => Number(one.job))
    expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n))
    expect(ran.filter(one => one.job === 'tick')).toHaveLength(1)
  } finally {
    for (const agenda of workers) await agenda.stop()
    for (const client of clients) await client.close()
  }
})
