import { randomUUID } from 'node:crypto'
import { createConnection } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import { openStallingProxy } from '../fixtures/test/stalling-proxy.ts'
import type { Database } from './connect.ts'
import { createLimitStore } from './limit-store.ts'
import { createModels } from './models.ts'
import { createSecretBox } from './secrets.ts'
import { createTokenStore } from './token-store.ts'

const secrets = createSecretBox(Buffer.alloc(32, 1))

describe('the tokens that instances share', () => {
  let database: Database
  let key = ''
  beforeAll(async () => {
    database = await openTestDatabase()
  })
  afterAll(() => database.close())
  beforeEach(() => {
    key = `ww1:1000002:${randomUUID()}`
  })
  const store = (box = secrets) => createTokenStore(database.models.tokens, box)
  const token = {
    value: 'access-token',
    expiresAt: new Date('2026-03-01T12:00:00Z'),
    refreshAt: new Date('2026-03-01T11:55:00Z'),
    fetchId: 'f1',
  }
  const refusal = { errcode: 40001, errmsg: 'invalid credential', since: new Date('2026-03-01T10:00:00Z') }

  it('are read by another instance as they were written', async () => {
    expect(await store().read(key)).toEqual({})
    await store().write(key, token)
    expect(await store().read(key)).toEqual({ token })
  })

  it('are replaced by newer ones', async () => {
    await store().write(key, token)
    await store().write(key, { ...token, value: 'newer' })
    expect((await store().read(key)).token?.value).toBe('newer')
  })

  it('lie sealed in the database', async () => {
    await store().write(key, token)
    expect(JSON.stringify(await database.models.tokens.findById(key).lean())).not.toContain(token.value)
  })

  it('are as good as not there where they were sealed with another key, or for another place', async () => {
    await store().write(key, token)
    expect(await store(createSecretBox(Buffer.alloc(32, 2))).read(key)).toEqual({})
    const row = await database.models.tokens.findById(key).lean()
    await database.models.tokens.create({ ...row, _id: `${key}:moved` })
    expect(await store().read(`${key}:moved`)).toEqual({})
    expect(await store().read(key)).toEqual({ token })
  })

  it('stay beside a refusal, which the next token or an operator ends', async () => {
    await store().refuse(key, refusal)
    expect(await store().read(key)).toEqual({ refusal })
    await store().write(key, token)
    expect(await store().read(key)).toEqual({ token })
    await store().refuse(key, { ...refusal, until: new Date('2026-03-01T10:01:00Z') })
    expect(await store().read(key)).toMatchObject({ token, refusal })
    await store().refuse(key, undefined)
    expect(await store().read(key)).toEqual({ token })
    await store().refuse(`${key}:unknown`, undefined)
    expect(await store().read(`${key}:unknown`)).toEqual({})
  })

  it('are fetched by one process at a time', async () => {
    const leases = await Promise.all(Array.from({ length: 12 }, () => store().lease(key, 60_000)))
    const held = leases.filter(lease => lease !== undefined)
    expect(held).toHaveLength(1)
    await held[0]?.()
    expect(await store().lease(key, 60_000)).toBeDefined()
  })

  it('are not there while only a lease stands, and a lease takes none away', async () => {
    await store().lease(key, 60_000)
    expect(await store().read(key)).toEqual({})
    await store().write(key, token)
    expect(await store().lease(key, 60_000)).toBeUndefined()
    expect(await store().read(key)).toEqual({ token })
  })

  it('are fetched by the next process when the first one did not come back', async () => {
    await store().lease(key, 0)
    expect(await store().lease(key, 60_000)).toBeDefined()
  })

  it('are not fetched twice because a late process gives back a lease that is no longer its own', async () => {
    const late = await store().lease(key, 0)
    await store().lease(key, 60_000)
    await late?.()
    expect(await store().lease(key, 60_000)).toBeUndefined()
  })

  it('are waited for no longer than two seconds where the database stalls', async () => {
    const proxy = await openStallingProxy(inject('mongodbUri'))
    const connection = await createConnection(`mongodb://127.0.0.1:${proxy.port}/?directConnection=true`, {
      dbName: database.connection.name,
      bufferCommands: false,
      autoIndex: false,
      autoCreate: false,
    }).asPromise()
    try {
      const models = createModels(connection)
      const stalled = createTokenStore(models.tokens, secrets)
      const limits = createLimitStore(models.limits)
      const release = await stalled.lease(key, 60_000)
      proxy.stall()
      const asked = [
        stalled.read(key),
        stalled.lease(key, 1),
        stalled.write(key, token),
        release?.(),
        limits.hold(key, 1),
      ]
      // Of how long each waited, and not of how busy this machine was.
      const message = 'the database did not answer within 2000 ms'
      const late = { status: 'rejected', reason: { code: 'database_slow', message } }
      expect(await Promise.allSettled(asked)).toMatchObject(asked.map(() => late))
    } finally {
      proxy.goOn()
      await connection.close(true)
      await proxy.close()
    }
  })
})
