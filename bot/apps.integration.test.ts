import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { openTestDatabase } from '../fixtures/test/open-database.ts'
import type { Database } from '../models/connect.ts'
import { createSecretBox, SealError } from '../models/secrets.ts'
import { createTokenStore } from '../models/token-store.ts'
import { type Apps, createApps, UnknownApp } from './apps.ts'
import { saveCorp } from './save-corp.ts'
import type { PlainApp } from './sealed-apps.ts'
import { createWecom, type Wecom } from './wecom/client.ts'

const secrets = createSecretBox(Buffer.alloc(32, 1))
const app: PlainApp = { app: '1000002', secret: 'app-secret', token: 'tok', aesKey: 'a'.repeat(43) }
const contact: PlainApp = { app: 'contact', token: 'tok2', aesKey: 'b'.repeat(43) }

describe('the corps of the database', () => {
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

  const save = (apps: PlainApp[], name = '木棠家居') =>
    saveCorp(database.models, secrets, { corpId, name, apps })
  const open = (box = secrets) => createApps(database.models, box, wecom)
  const tokens = async (apps: Apps, name = '1000002') =>
    (await apps.callbackKeys(corpId, name)).pairs.map(pair => pair.token)
  const stored = async () =>
    (await database.models.corps.findOne({ corpId }).lean()) ?? expect.fail('no corp')

  it('have the time zone and office hours of China until somebody says otherwise', async () => {
    await save([app])
    expect(await open().corp(corpId)).toMatchObject({
      name: '木棠家居',
      timeZone: 'Asia/Shanghai',
      office: { from: 540, to: 1080, days: [1, 2, 3, 4, 5, 6, 7] },
    })
    expect(await open().corpIds()).toContain(corpId)
  })

  it('have the usual time zone where there is none of the stored name, which is told once', async () => {
    await save([app])
    await database.models.corps.updateOne({ corpId }, { $set: { timeZone: 'Mars/Base' } })
    const told: object[] = []
    const log = { warn: (about: object) => void told.push(about) } as Pick<Logger, 'warn'>
    const apps = createApps(database.models, secrets, wecom, undefined, log)
    for (let reads = 0; reads < 3; reads += 1) {
      expect((await apps.corp(corpId)).timeZone).toBe('Asia/Shanghai')
      vi.advanceTimersByTime(6_000)
    }
    expect(told).toEqual([{ corpId, timeZone: 'Mars/Base', used: 'Asia/Shanghai' }])
  })

  it('keep what operators changed when they are written again at a start', async () => {
    await save([app])
    await database.models.corps.updateOne({ corpId }, { $set: { name: '新名', timeZone: 'Asia/Tokyo' } })
    await save([app])
    expect(await stored()).toMatchObject({ name: '新名', timeZone: 'Asia/Tokyo' })
  })

  it('lie sealed, and open as they were', async () => {
    await save([app, contact])
    const text = JSON.stringify(await stored())
    for (const secret of ['app-secret', 'tok', 'a'.repeat(43), 'b'.repeat(43)])
      expect(text).not.toContain(`"${secret}"`)
    const pairs = [{ token: 'tok', aesKey: 'a'.repeat(43) }]
    expect(await open().callbackKeys(corpId, '1000002')).toEqual({ corpId, app: '1000002', pairs })
    expect(await tokens(open(), 'contact')).toEqual(['tok2'])
  })

  it('keep the sealed form of secrets that have not changed, and only of those', async () => {
    await save([app])
    const [first] = (await stored()).apps
    await save([{ ...app, token: 'new' }])
    const [second] = (await stored()).apps
    expect(second?.secret).toBe(first?.secret)
    expect(second?.callback.aesKey).toBe(first?.callback.aesKey)
    expect(second?.callback.token).not.toBe(first?.callback.token)
    expect(await tokens(open())).toEqual(['new', 'tok'])
  })

  it('keep their other apps when one is written', async () => {
    await save([app, contact])
    await save([{ ...app, token: 'new' }])
    expect(await tokens(open(), 'contact')).toEqual(['tok2'])
  })

  it('are sealed anew where the key was lost, and cannot be read before that', async () => {
    await saveCorp(database.models, createSecretBox(Buffer.alloc(32, 2)), { corpId, name: '', apps: [app] })
    await expect(open().callbackKeys(corpId, '1000002')).rejects.toThrow(SealError)
    await expect(open().client(corpId)).rejects.toThrow(SealError)
    await save([app])
    expect(await tokens(open())).toEqual(['tok'])
  })

  it('are spoken for by the app of the environment, else by the one that was first, or by the one that is named', async () => {
    await save([app])
    await save([{ ...app, app: '1000009', secret: 'another' }])
    const own = createApps(database.models, secrets, wecom, { corpId, agentId: '1000009' })
    expect((await open().client(corpId)).agentId).toBe('1000002')
    expect((await own.client(corpId)).agentId).toBe('1000009')
    expect((await own.client(corpId, '1000002')).agentId).toBe('1000002')
    await expect(own.client(corpId, '1000003')).rejects.toThrow(UnknownApp)
  })

  it('have a client that stays the same until its secret changes', async () => {
    await save([app, contact])
    const apps = open()
    const first = await apps.client(corpId)
    expect(first).toMatchObject({ corpId, agentId: '1000002' })
    await save([{ ...app, token: 'new' }])
    vi.advanceTimersByTime(5_000)
    expect(await apps.client(corpId)).toBe(first)
    await save([{ ...app, secret: 'rotated' }])
    vi.advanceTimersByTime(5_000)
    expect(await apps.client(corpId)).not.toBe(first)
  })

  it('are read again after five seconds', async () => {
    await save([app])
    const apps = open()
    await apps.callbackKeys(corpId, '1000002')
    await save([{ ...app, token: 'new' }])
    vi.advanceTimersByTime(4_999)
    expect(await tokens(apps)).toEqual(['tok'])
    vi.advanceTimersByTime(1)
    expect(await tokens(apps)).toEqual(['new', 'tok'])
  })

  it('are what they were while the database is away, which is asked for them once a second', async () => {
    const other = await openTestDatabase()
    await saveCorp(other.models, secrets, { corpId, name: '木棠家居', apps: [app] })
    const apps = createApps(other.models, secrets, wecom)
    await apps.callbackKeys(corpId, '1000002')
    await other.close()
    vi.advanceTimersByTime(5_000)
    const asked = vi.spyOn(other.models.corps, 'findOne')
    for (let i = 0; i < 10; i += 1) expect(await tokens(apps)).toEqual(['tok'])
    expect(asked).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(1_000)
    expect(await tokens(apps)).toEqual(['tok'])
    expect(asked).toHaveBeenCalledTimes(2)
    await expect(apps.corp(`${corpId}-other`)).rejects.not.toThrow(UnknownApp)
  })

  it('are found two seconds after they are there, and cost no look each while they are not', async () => {
    const apps = open()
    const asked: string[] = []
    database.connection.set('debug', (_collection: string, method: string) => void asked.push(method))
    for (let i = 0; i < 100; i += 1)
      await expect(apps.callbackKeys(`${corpId}-${i}`, '1000002')).rejects.toThrow(UnknownApp)
    database.connection.set('debug', false)
    expect(asked).toEqual(['find'])
    await save([app])
    vi.advanceTimersByTime(2_000)
    expect((await apps.corp(corpId)).corpId).toBe(corpId)
  })

  it('have no app that nobody wrote, and no client where they only receive', async () => {
    await save([contact])
    for (const name of ['1000002', '', '__proto__'])
      await expect(open().callbackKeys(corpId, name)).rejects.toMatchObject({ code: 'unknown_app' })
    await expect(open().client(corpId)).rejects.toThrow(UnknownApp)
    await expect(open().callbackKeys('ww-nobody', 'contact')).rejects.toThrow(UnknownApp)
  })
})
