import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { createClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { createDirectory } from '../../models/directory.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { createApps } from '../apps.ts'
import { parseEvent } from '../events/parse.ts'
import { createLiveHandlers } from '../handlers/live.ts'
import { createMetrics } from '../metrics.ts'
import { saveCorp } from '../save-corp.ts'
import { createWecom, type Wecom } from '../wecom/client.ts'
import { createMemoryTokenStore } from '../wecom/token-store.ts'
import type { DispatchDeps } from './deps.ts'
import { loadSurroundings } from './load-facts.ts'
import { createReplySlots } from './reply-slots.ts'
import { replyTo } from './reply-to.ts'

const corpId = 'ww0000000000000001'
const keys = { token: 'token', aesKey: 'a'.repeat(43) }

/** What the platform was sent as app messages: with whose token, and as which app. */
interface Sent {
  token: string | null
  agentid: number
  touser: string
}

describe('a late answer of a corp with several apps', () => {
  const sent: Sent[] = []
  let platform: Server
  let database: Database
  let wecom: Wecom
  let deps: DispatchDeps

  beforeAll(async () => {
    database = await openTestDatabase()
    // The simulated platform has one app; this one gives each secret a token of its own.
    platform = createServer((request, response) => {
      const url = new URL(request.url ?? '', 'http://platform')
      const parts: Buffer[] = []
      request.on('data', part => parts.push(part))
      request.on('end', () => {
        const token = url.searchParams.get('access_token')
        if (url.pathname.endsWith('/message/send'))
          sent.push({ token, ...JSON.parse(Buffer.concat(parts).toString()) })
        const secret = url.searchParams.get('corpsecret')
        response.end(
          JSON.stringify({ errcode: 0, errmsg: 'ok', access_token: `of ${secret}`, expires_in: 7_200 }),
        )
      })
    })
    await new Promise<void>(done => platform.listen(0, '127.0.0.1', done))
    const apiBase = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`
    wecom = createWecom({ apiBase, store: createMemoryTokenStore() })
    const { models } = database
    const secrets = createSecretBox(Buffer.alloc(32, 7))
    await saveCorp(models, secrets, {
      corpId,
      name: '两个应用',
      apps: [
        { app: '1000002', secret: 'main', ...keys },
        { app: '1000009', secret: 'other', ...keys },
        { app: '1000011', ...keys },
      ],
    })
    const member = { corpId, userid: 'lina', useridKey: 'lina', name: '李娜', departments: ['1'], leads: [] }
    await models.staff.create({ ...member, position: '', status: 1, contactsCustomers: true })
    deps = {
      models,
      apps: createApps(models, secrets, wecom, { corpId, agentId: '1000002' }),
      live: createLiveHandlers(models, new Map(), () => undefined),
      actions: new Map(),
      directory: createDirectory(models),
      replies: createReplySlots(),
      metrics: createMetrics(),
      log: pino({ level: 'silent' }),
      admins: { corpId, userids: [] },
      retentionMs: 60_000,
      process: 'here',
      clock: createClock(),
      requestSync: async () => undefined,
    }
  })
  afterAll(async () => {
    await wecom.close()
    await new Promise(done => platform.close(done))
    await database.close()
  })
  beforeEach(() => {
    sent.length = 0
  })

  async function answer(agentId: string | undefined): Promise<Sent[]> {
    const app = agentId === undefined ? '' : `<AgentID>${agentId}</AgentID>`
    const event = parseEvent(
      `<xml><ToUserName>${corpId}</ToUserName><FromUserName>lina</FromUserName><CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>帮助</Content><MsgId>1</MsgId>${app}</xml>`,
    )
    const around = await loadSurroundings(deps, event, event.name)
    await replyTo(deps, event, around, '好的')
    // Whatever a step asks of the platform is asked by the corp's own app.
    expect(around.client.agentId).toBe('1000002')
    return sent
  }

  it.each([
    { of: 'the app that was written to', agentId: '1000009', token: 'of other', agentid: 1000009 },
    { of: 'the own app, which was written to', agentId: '1000002', token: 'of main', agentid: 1000002 },
    { of: 'the own app, where the other one only receives', agentId: '1000011', token: 'of main' },
    { of: 'the own app, where the other one is not known', agentId: '1000012', token: 'of main' },
    { of: 'the own app, where the message names none', agentId: undefined, token: 'of main' },
  ])('is sent by $of', async ({ agentId, token, agentid = 1000002 }) => {
    expect(await answer(agentId)).toMatchObject([{ touser: 'lina', token, agentid }])
  })
})
