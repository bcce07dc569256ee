import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from '../models/connect.ts'
import { createSecretBox } from '../models/secrets.ts'
import { createTokenStore } from '../models/token-store.ts'
import { createApps, type OwnApp, UnknownApp } from './apps.ts'
import { AppExists, addApp, isSealedWith, rotateCallback, rotateSecret, saveCorp } from './save-corp.ts'
import type { PlainApp } from './sealed-apps.ts'
import { createWecom, type Wecom } from './wecom/client.ts'
import { credentialsKey } from './wecom/tokens.ts'

const secrets = createSecretBox(Buffer.alloc(32, 1))
const agentId = '1000002'
const app: PlainApp = { app: agentId, secret: 'first', token: 'old', aesKey: 'a'.repeat(43) }
const renewed: PlainApp = { ...app, token: 'new', aesKey: 'b'.repeat(43) }
const hourMs = 3_600_000

let database: Database
let wecom: Wecom
let corpId = ''
beforeAll(async () => {
  database = await openTestDatabase()
  wecom = createWecom({ store: createTokenStore(database.models.tokens, secrets) })
})
afterAll(async () => {
  await wecom.close()
  await database.close()
})
beforeEach(() => {
  corpId = `ww${randomUUID()}`
  vi.useFakeTimers({ toFake: ['Date'] })
})
afterEach(() => vi.useRealTimers())

/** An instance that starts with this in its environment. */
async function start(given: PlainApp) {
  const behind = await saveCorp(database.models, secrets, { corpId, name: '木棠', apps: [given] })
  const own: OwnApp = {
    corpId,
    agentId,
    callbacks: { [agentId]: { token: given.token, aesKey: given.aesKey } },
  }
  return { behind: behind.map(one => one.what), apps: createApps(database.models, secrets, wecom, own) }
}
const takes = async ({ apps }: { apps: ReturnType<typeof createApps> }) =>
  (await apps.callbackKeys(corpId, agentId)).pairs.map(pair => pair.token)
const stored = async () => (await database.models.corps.findOne({ corpId }).orFail().lean()).apps[0]
const secretNow = async () => {
  const sealed = (await stored())?.secret ?? ''
  return secrets.open(`corp:${corpId}:${agentId}:secret`, sealed)
}
/** The platform has given a token for this secret. */
const gaveToken = (secret: string) =>
  createTokenStore(database.models.tokens, secrets).write(credentialsKey({ corpId, agentId, secret }), {
    value: 'token',
    expiresAt: new Date(Date.now() + hourMs),
    refreshAt: new Date(Date.now() + hourMs),
    fetchId: 'given',
  })

describe('callback keys that change in the environment', () => {
  it('are taken beside the former ones for a day, by instances that restart one after the other', async () => {
    const one = await start(app)
    const other = await start(renewed)
    vi.advanceTimersByTime(5_000)
    for (const instance of [one, other]) expect(await takes(instance)).toEqual(['new', 'old'])
    vi.advanceTimersByTime(24 * hourMs)
    expect(await takes(other)).toEqual(['new'])
    // It was started with them, and nobody has told it otherwise.
    expect(await takes(one)).toEqual(['new', 'old'])
  })

  it('do not go back and forth when an instance restarts with the former ones, even days later', async () => {
    await start(app)
    await start(renewed)
    const before = await stored()
    for (const hours of [1, 72, 72]) {
      vi.advanceTimersByTime(hours * hourMs)
      const late = await start(app)
      expect(late.behind).toEqual(['callback keys'])
      expect(await takes(late)).toEqual(['new', 'old'])
      expect((await start(renewed)).behind).toEqual([])
    }
    expect(await stored()).toEqual(before)
  })

  it('may be the former ones again: whoever has them takes them, and those that were between as well', async () => {
    await start(app)
    await start(renewed)
    const again = await start(app)
    vi.advanceTimersByTime(48 * hourMs)
    expect(await takes(again)).toEqual(['new', 'old'])
  })

  it('may change three times in a day', async () => {
    await start(app)
    for (const token of ['t1', 't2', 't3', 't4']) await start({ ...app, token })
    expect(await takes(await start({ ...app, token: 't4' }))).toEqual(['t4', 't3', 't2', 't1'])
    expect((await stored())?.previous).toHaveLength(3)
  })

  it('are written by two starts at the same moment without loss', async () => {
    const contact = { app: 'contact', token: 'c', aesKey: 'c'.repeat(43) }
    const save = (apps: PlainApp[]) => saveCorp(database.models, secrets, { corpId, name: '木棠', apps })
    await Promise.all([save([app]), save([contact]), save([{ ...app, app: '1000009' }])])
    const { apps } = await database.models.corps.findOne({ corpId }).orFail().lean()
    expect(apps.map(one => one.app).sort()).toEqual(['1000002', '1000009', 'contact'])
  })
})

describe('a secret that changes in the environment', () => {
  it('is stored, and not brought back by an instance with the former one once it has proved good', async () => {
    await start(app)
    await gaveToken('first')
    await start({ ...app, secret: 'second' })
    await gaveToken('second')
    expect((await start(app)).behind).toEqual(['secret'])
    expect(await secretNow()).toBe('second')
  })

  it('can be taken back where it was a mistake', async () => {
    await start(app)
    await gaveToken('first')
    await start({ ...app, secret: 'mistyped' })
    expect((await start(app)).behind).toEqual([])
    expect(await secretNow()).toBe('first')
  })
})

describe('the operator', () => {
  const which = () => ({ corpId, app: agentId })
  const day = () => new Date(Date.now() + 24 * hourMs)

  it('adds an app once', async () => {
    const add = () => addApp(database.models, secrets, { corpId, name: '木棠', app })
    expect(await add()).toBe(true)
    await expect(add()).rejects.toThrow(AppExists)
    const contact = { ...app, app: 'contact' }
    expect(await addApp(database.models, secrets, { corpId, name: '', app: contact })).toBe(false)
  })

  it('rotates callback keys; the former ones are taken as long as was said', async () => {
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    const apps = createApps(database.models, secrets, wecom)
    expect(await takes({ apps })).toEqual(['old'])
    await rotateCallback(database.models, secrets, which(), renewed, new Date(Date.now() + hourMs))
    vi.advanceTimersByTime(5_000)
    expect(await takes({ apps })).toEqual(['new', 'old'])
    vi.advanceTimersByTime(hourMs)
    expect(await takes({ apps })).toEqual(['new'])
  })

  it('rotates them back and has both as they are then', async () => {
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    await rotateCallback(database.models, secrets, which(), renewed, day())
    await rotateCallback(database.models, secrets, which(), app, day())
    expect(await takes({ apps: createApps(database.models, secrets, wecom) })).toEqual(['old', 'new'])
  })

  it('gives a secret once more, and what is kept of its tokens is forgotten', async () => {
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    const apps = createApps(database.models, secrets, wecom)
    const client = await apps.client(corpId)
    await gaveToken('first')
    const expiresAt = new Date(Date.now() + hourMs)
    await database.models.tokens.create({ _id: `${corpId}:10000021:other`, value: 'x', expiresAt })
    await rotateSecret(database.models, secrets, which(), 'first')
    vi.advanceTimersByTime(5_000)
    expect(await apps.client(corpId)).not.toBe(client)
    const isGood = { _id: { $gte: corpId, $lt: `${corpId};` }, expiresAt: { $gt: new Date() } }
    const left = await database.models.tokens.find(isGood).lean()
    expect(left.map(one => one._id)).toEqual([`${corpId}:10000021:other`])
  })

  it('gives another secret, which an instance that restarts with the former one leaves as it is', async () => {
    await start(app)
    await gaveToken('first')
    await rotateSecret(database.models, secrets, which(), 'second')
    await gaveToken('second')
    expect((await start(app)).behind).toEqual(['secret'])
    expect(await secretNow()).toBe('second')
  })

  it('rotates without overlap what has leaked, also where it was the pair before the last', async () => {
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    await rotateCallback(database.models, secrets, which(), renewed, day())
    await rotateCallback(database.models, secrets, which(), { ...renewed, token: 'last' }, new Date())
    expect(await takes({ apps: createApps(database.models, secrets, wecom) })).toEqual(['last'])
  })

  it('has a secret asked with again that the platform had refused, by an instance that runs', async () => {
    const server = createServer((_request, response) =>
      response.end(JSON.stringify({ errcode: 40001, errmsg: 'invalid credential' })),
    ).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const apiBase = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const refused = createWecom({ apiBase, store: createTokenStore(database.models.tokens, secrets) })
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    const apps = createApps(database.models, secrets, refused)
    await expect((await apps.client(corpId)).call('getcallbackip', {})).rejects.toThrow()
    expect(await (await apps.client(corpId)).tokenStop()).toMatchObject({ errcode: 40001 })
    await rotateSecret(database.models, secrets, which(), 'first')
    vi.advanceTimersByTime(5_000)
    expect(await (await apps.client(corpId)).tokenStop()).toBeUndefined()
    await refused.close()
    server.close()
  })

  it('is told what there is not', async () => {
    await expect(rotateCallback(database.models, secrets, which(), app, day())).rejects.toThrow(UnknownApp)
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    const other = { corpId, app: 'contact' }
    await expect(rotateSecret(database.models, secrets, other, 'x')).rejects.toThrow(UnknownApp)
    expect(await database.models.corps.countDocuments({ corpId })).toBe(1)
  })

  it('finds out before writing that the key is another one', async () => {
    await database.models.corps.deleteMany({})
    const wrong = createSecretBox(Buffer.alloc(32, 2))
    expect(await isSealedWith(database.models, wrong)).toBe(true)
    await addApp(database.models, secrets, { corpId, name: '木棠', app })
    expect(await isSealedWith(database.models, wrong)).toBe(false)
    expect(await isSealedWith(database.models, secrets)).toBe(true)
  })
})
