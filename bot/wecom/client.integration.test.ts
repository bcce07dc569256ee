import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { newCall } from './call.ts'
import { createCancel } from './cancel.ts'
import { type AppClient, createWecom, type Wecom } from './client.ts'
import { createSender } from './http.ts'
import { createMemoryTokenStore, type TokenStore } from './token-store.ts'
import type { CallRecord } from './transformers/record.ts'

interface Received {
  method: string
  path: string
  query: Record<string, string>
  headers: IncomingMessage['headers']
  body: string
}

type Reply = object | ((response: ServerResponse) => void)

/** A platform of the test: answers each path with its replies in turn, the last one for ever. */
function createPlatform() {
  const received: Received[] = []
  const replies = new Map<string, Reply[]>()
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://platform')
    const path = url.pathname.replace('/cgi-bin/', '')
    let body = ''
    for await (const chunk of request) body += chunk
    const { method = '', headers } = request
    received.push({ method, path, query: Object.fromEntries(url.searchParams), headers, body })
    const queue = replies.get(path) ?? [{ errcode: 0 }]
    const reply = (queue.length > 1 ? queue.shift() : queue[0]) ?? {}
    if (typeof reply === 'function') reply(response)
    else response.end(JSON.stringify(reply))
  })
  return {
    received,
    to: (path: string) => received.filter(request => request.path === path),
    answers: (path: string, ...list: Reply[]) => void replies.set(path, list),
    async listen() {
      await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    async close() {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const credentials = { corpId: 'wwcorp', agentId: '1000002', secret: 'the-app-secret' }
const welcome = { welcome_code: 'CODE', text: { content: '你好' } }
const message = { touser: 'lina', agentid: 1000002, msgtype: 'text', text: { content: '你好' } } as const

const tooOften = { errcode: 45009, errmsg: 'api freq out of limit' }

let platform: ReturnType<typeof createPlatform>
let base: string
let log: CallRecord[]
let store: TokenStore
let wecom: Wecom
let app: AppClient

beforeEach(async () => {
  platform = createPlatform()
  platform.answers('gettoken', { errcode: 0, access_token: 'token-1', expires_in: 7200 })
  base = await platform.listen()
  log = []
  store = createMemoryTokenStore()
  wecom = createWecom({ apiBase: `${base}/`, store, retryBaseMs: 1, log: entry => log.push(entry) })
  app = wecom.app(credentials)
})

afterEach(async () => {
  await wecom.close()
  await platform.close()
})

describe('a call', () => {
  it('fetches the token with the credentials and sends it in the query, never in the body', async () => {
    await app.call('externalcontact/send_welcome_msg', welcome)
    expect(platform.to('gettoken')[0]).toMatchObject({
      method: 'GET',
      query: { corpid: 'wwcorp', corpsecret: 'the-app-secret' },
    })
    expect(platform.to('externalcontact/send_welcome_msg')[0]).toMatchObject({
      method: 'POST',
      query: { access_token: 'token-1' },
      body: JSON.stringify(welcome),
    })
  })

  it('sends the parameters of a GET in the query, and gives the answer as it came', async () => {
    platform.answers('user/get', {
      errcode: 0,
      errmsg: 'ok',
      userid: 'lina',
      name: '李娜',
      department: [1],
      status: 1,
    })
    const member = await app.call('user/get', { userid: 'li na&x' })
    expect(member.name).toBe('李娜')
    expect(platform.to('user/get')[0]).toMatchObject({
      method: 'GET',
      query: { userid: 'li na&x' },
      body: '',
    })
  })

  it('puts what belongs into the query of a POST there', async () => {
    const button = [{ type: 'click' as const, name: '今日', key: 'today' }]
    await app.call('menu/create', { agentid: 1000002, button })
    expect(platform.to('menu/create')[0]).toMatchObject({
      query: { access_token: 'token-1', agentid: '1000002' },
      body: JSON.stringify({ button }),
    })
  })

  it('never sends what the platform refuses as \\uxxxx, and keeps a backslash that was written', async () => {
    const content = 'a\u0001b\ud83d \\u0041 \n 😀'
    await app.call('message/send', { ...message, text: { content } })
    const { body = '' } = platform.to('message/send')[0] ?? {}
    expect(JSON.parse(body).text.content).toBe('ab \\u0041 \n 😀')
  })

  it('takes only parameters of its endpoint, and no endpoint that is not in the table', async () => {
    const typed = () => {
      // @ts-expect-error a userid is text
      void app.call('user/get', { userid: 1 })
      // @ts-expect-error tokens are fetched by the client
      void app.call('gettoken', { corpid: '', corpsecret: '' })
    }
    expect(typed).toBeTypeOf('function')
  })

  it('fails with code, endpoint, reaction and a hint when the platform refuses', async () => {
    platform.answers('externalcontact/get', { errcode: 84061, errmsg: 'not external contact' })
    await expect(app.call('externalcontact/get', { external_userid: 'wm1' })).rejects.toMatchObject({
      code: 'wecom_error',
      errcode: 84061,
      path: 'externalcontact/get',
      reaction: 'give_up',
      hint: expect.stringContaining('好友关系'),
    })
    expect(platform.to('externalcontact/get')).toHaveLength(1)
  })

  it('ends when the caller gives it up', async () => {
    platform.answers('user/get', () => {})
    const giveUp = new AbortController()
    const call = app.call('user/get', { userid: 'lina' }, { signal: giveUp.signal })
    await expect.poll(() => platform.to('user/get').length).toBe(1)
    giveUp.abort(new Error('not wanted any more'))
    await expect(call).rejects.toThrow('not wanted any more')
  })
})

describe('a call whose time is over', () => {
  it('waits no longer for the token, which comes for the next one', async () => {
    const { lease } = store
    store.lease = async () => undefined
    const late = app.call('user/get', { userid: 'lina' }, { budgetMs: 80 })
    await expect(late).rejects.toMatchObject({ failure: 'queue', path: 'user/get' })
    store.lease = lease
    await app.call('user/get', { userid: 'lina' })
    expect(platform.to('user/get')).toHaveLength(1)
  })

  it('is not sent any more', async () => {
    const sender = createSender({ apiBase: base, backoffMs: 1 })
    const given = { budgetMs: 0 }
    const late = newCall(credentials, 'user/get', { userid: 'lina' }, given, createCancel(), undefined)
    await expect(sender.send(late)).rejects.toMatchObject({ failure: 'queue' })
    await sender.close()
    expect(platform.received).toEqual([])
  })
})

describe('a refused token', () => {
  it('is replaced once, and the call repeated once', async () => {
    platform.answers(
      'gettoken',
      { access_token: 'token-1', expires_in: 7200 },
      { access_token: 'token-2', expires_in: 7200 },
    )
    platform.answers('agent/get', { errcode: 42001, errmsg: 'expired' }, { errcode: 0, agentid: 1000002 })
    await app.call('agent/get', { agentid: 1000002 })
    expect(platform.to('agent/get').map(request => request.query.access_token)).toEqual([
      'token-1',
      'token-2',
    ])
  })

  it('fails the call when the next one is refused too', async () => {
    platform.answers('agent/get', { errcode: 40014, errmsg: 'invalid access_token token-1' })
    await expect(app.call('agent/get', { agentid: 1000002 })).rejects.toMatchObject({
      errcode: 40014,
      errmsg: 'invalid access_token ***',
    })
    expect(platform.to('agent/get')).toHaveLength(2)
  })

  it('for a wrong secret stops the app from asking, until an operator resumes', async () => {
    platform.answers('gettoken', { errcode: 40001, errmsg: 'invalid credential the-app-secret' })
    await expect(app.call('agent/get', { agentid: 1 })).rejects.toMatchObject({
      errcode: 40001,
      path: 'gettoken',
    })
    await expect(app.call('agent/get', { agentid: 1 })).rejects.toMatchObject({
      errmsg: 'invalid credential ***',
    })
    expect(platform.received).toHaveLength(1)
    expect(await app.tokenStop()).toMatchObject({ errcode: 40001 })
    await app.resume()
    await expect(app.call('agent/get', { agentid: 1 })).rejects.toThrow()
    expect(platform.received).toHaveLength(2)
  })
})

describe('repeating', () => {
  it.each([-1, 45033, 45035])('happens for %d, until it succeeds', async errcode => {
    platform.answers(
      'message/send',
      { errcode, errmsg: '' },
      { errcode, errmsg: '' },
      { errcode: 0, msgid: 'm1' },
    )
    expect(await app.call('message/send', message)).toMatchObject({ msgid: 'm1' })
    expect(log.filter(entry => entry.path === 'message/send').map(entry => entry.attempt)).toEqual([1, 2, 3])
  })

  it('ends after three tries', async () => {
    platform.answers('message/send', { errcode: -1, errmsg: 'busy' })
    await expect(app.call('message/send', message)).rejects.toMatchObject({ errcode: -1 })
    expect(platform.to('message/send')).toHaveLength(3)
  })

  it('goes on as long as the budget for a welcome that another app is sending', async () => {
    const busy = { errcode: 41096, errmsg: '' }
    platform.answers('externalcontact/send_welcome_msg', busy, busy, busy, busy, busy, { errcode: 0 })
    await app.call('externalcontact/send_welcome_msg', welcome)
    expect(platform.to('externalcontact/send_welcome_msg')).toHaveLength(6)

    platform.answers('externalcontact/send_welcome_msg', busy)
    // Time for at least one answer on a busy machine.
    const call = app.call('externalcontact/send_welcome_msg', welcome, { budgetMs: 2_000 })
    await expect(call).rejects.toMatchObject({ errcode: 41096 })
  })

  it('happens for an answer that is none', async () => {
    const gateway = (response: ServerResponse) => void response.writeHead(502).end('<html>')
    const garbage = (response: ServerResponse) => void response.end('<html>')
    platform.answers('user/get', gateway, garbage, { errcode: 0, userid: 'lina' })
    expect(await app.call('user/get', { userid: 'lina' })).toMatchObject({ userid: 'lina' })
    expect(log.filter(entry => entry.path === 'user/get').map(entry => entry.failure)).toEqual([
      'http',
      'body',
      undefined,
    ])
  })

  it('never happens for a message that may have arrived', async () => {
    platform.answers('message/send', response => void response.destroy(), { errcode: 0 })
    await expect(app.call('message/send', message)).rejects.toMatchObject({
      code: 'wecom_network_error',
      failure: 'socket',
    })
    expect(platform.to('message/send')).toHaveLength(1)
  })

  it('ends with the silence of a message that may have arrived, also after an answer', async () => {
    platform.answers('message/send', { errcode: -1, errmsg: '' }, response => response.socket?.destroy())
    await expect(app.call('message/send', message)).rejects.toMatchObject({ failure: 'socket' })
    expect(platform.to('message/send')).toHaveLength(2)
  })

  it('happens for a message that the platform itself delivers once', async () => {
    platform.answers('message/send', response => void response.destroy(), { errcode: 0, msgid: 'm1' })
    await app.call('message/send', { ...message, enable_duplicate_check: 1 })
    expect(platform.to('message/send')).toHaveLength(2)
  })

  it('happens after a time-out, which ends a try that hangs', async () => {
    platform.answers('user/get', () => {}, { errcode: 0, userid: 'lina' })
    // In as much time the second try is answered on a busy machine too.
    await app.call('user/get', { userid: 'lina' }, { timeoutMs: 2_000 })
    expect(log.map(entry => [entry.path, entry.failure])).toEqual([
      ['gettoken', undefined],
      ['user/get', 'timeout'],
      ['user/get', undefined],
    ])
  })
})

describe('many calls at once', () => {
  it('all succeed, within the burst, with one token', async () => {
    const signal = new AbortController().signal
    const calls = Array.from({ length: 100 }, () => app.call('user/get', { userid: 'lina' }, { signal }))
    await Promise.all(calls)
    expect(platform.to('user/get')).toHaveLength(100)
    expect(platform.to('gettoken')).toHaveLength(1)
  })
})

describe('a frequency limit', () => {
  it('wait for their turn no longer than their budget lasts, and nothing is sent for those that gave up', async () => {
    const bounds = { rate: { perSecond: 40, burst: 150 } }
    const small = createWecom({ apiBase: base, store, bounds })
    const limited = small.app(credentials)
    const code = { code: 'x' }
    const burst = Array.from({ length: 150 }, () => limited.call('auth/getuserinfo', code))
    const behind = Array.from({ length: 250 }, () =>
      limited.call('auth/getuserinfo', code, { budgetMs: 4_000 }).then(
        () => 'sent',
        (error: { failure?: string }) => error.failure,
      ),
    )
    await Promise.all(burst)
    const outcomes = await Promise.all(behind)
    const given = outcomes.filter(one => one === 'queue').length
    expect(given).toBeGreaterThan(20)
    expect(outcomes).toContain('sent')
    expect(platform.to('auth/getuserinfo').length).toBeLessThanOrEqual(400 - given)
    await small.close()
  })

  it('fails at once the calls that cannot wait, and no more requests reach the endpoint', async () => {
    platform.answers('user/get', tooOften)
    await expect(app.call('user/get', { userid: 'a' })).rejects.toMatchObject({ reaction: 'backoff' })
    await expect(app.call('user/get', { userid: 'b' })).rejects.toMatchObject({ retryAfterMs: 60_000 })
    expect(platform.to('user/get')).toHaveLength(1)
    await app.call('agent/get', { agentid: 1 })
  })

  it('is waited out by calls whose budget covers it', async () => {
    const short = createWecom({ apiBase: base, store: createMemoryTokenStore(), backoffMs: 30 })
    platform.answers('user/list', tooOften, { errcode: 0, userlist: [] })
    await short.app(credentials).call('user/list', { department_id: 1 })
    expect(platform.to('user/list')).toHaveLength(2)
    await short.close()
  })
})

describe('a message that was not sent', () => {
  /** Only the first one to a member is sent within the test's time. */
  const messages = [{ ms: 60_000, most: 1 }]
  const sparing = () => createWecom({ apiBase: base, store, backoffMs: 3_500, bounds: { messages } })
  const once = { retries: 0, budgetMs: 15_000 }

  it('for want of a token does not count', async () => {
    platform.answers('gettoken', { errcode: 40001, errmsg: '' })
    const limited = sparing()
    const client = limited.app(credentials)
    await expect(client.call('message/send', message, once)).rejects.toMatchObject({ errcode: 40001 })
    platform.answers('gettoken', { access_token: 'token-1', expires_in: 7200 })
    await client.resume()
    platform.answers('message/send', { errcode: 42001, errmsg: 'expired' }, { errcode: 0 })
    await client.call('message/send', message, once)
    expect(platform.to('message/send')).toHaveLength(2)
    await limited.close()
  })

  it('because the endpoint rests does not count', async () => {
    const limited = sparing()
    const client = limited.app(credentials)
    // Time for an answer on a busy machine, and less than is left of the rest when the second one comes.
    const now = { retries: 0, budgetMs: 1_500 }
    platform.answers('message/send', tooOften, { errcode: 0 })
    for (let turn = 0; turn < 2; turn += 1)
      await expect(client.call('message/send', message, now)).rejects.toMatchObject({ errcode: 45009 })
    await client.call('message/send', message, once)
    expect(platform.to('message/send')).toHaveLength(2)
    await limited.close()
  })
})

describe('changes of one follow', () => {
  it('reach the platform one after the other, retries included', async () => {
    let running = 0
    let most = 0
    let refused = false
    platform.answers('externalcontact/mark_tag', response => {
      running += 1
      most = Math.max(most, running)
      setImmediate(() => {
        running -= 1
        response.end(JSON.stringify({ errcode: refused ? 0 : 45035, errmsg: '' }))
        refused = true
      })
    })
    const follow = { userid: 'lina', external_userid: 'wm1' }
    await Promise.all(
      ['t1', 't2', 't3'].map(tag => app.call('externalcontact/mark_tag', { ...follow, add_tag: [tag] })),
    )
    const tags = platform.to('externalcontact/mark_tag').map(request => JSON.parse(request.body).add_tag[0])
    expect(most).toBe(1)
    expect(tags).toEqual(['t1', 't1', 't2', 't3'])
  })
})

describe('an upload', () => {
  it('sends the file as the form field media, its type in the query', async () => {
    platform.answers('media/upload', { errcode: 0, type: 'file', media_id: 'm1', created_at: '1700000000' })
    const file = { filename: '报价单.txt', bytes: Buffer.from('一二三'), contentType: 'text/plain' }
    expect(await app.upload('file', file)).toMatchObject({ media_id: 'm1' })
    const [request] = platform.to('media/upload')
    expect(request?.query).toEqual({ access_token: 'token-1', type: 'file' })
    expect(request?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/)
    expect(request?.body).toContain('name="media"; filename="报价单.txt"; filelength=9')
  })

  it('that the platform would refuse is not sent', async () => {
    const file = { filename: 'a.png', bytes: Buffer.alloc(3), contentType: 'image/png' }
    await expect(app.upload('image', file)).rejects.toMatchObject({ code: 'media_refused' })
    expect(platform.received).toEqual([])
  })
})

describe('the record', () => {
  it('holds endpoint, outcome, time and cause, and nothing that is secret or said', async () => {
    platform.answers('message/send', { errcode: 0, errmsg: 'ok. Warning: wrong json format. ', msgid: 'm' })
    await app.call('message/send', message, { cause: 'event-1' })
    expect(log[1]).toEqual({
      at: expect.any(Date),
      corpId: 'wwcorp',
      agentId: '1000002',
      path: 'message/send',
      attempt: 1,
      ms: expect.any(Number),
      errcode: 0,
      cause: 'event-1',
      warning: 'ok. Warning: wrong json format. ',
    })
    expect(JSON.stringify(log)).not.toMatch(/the-app-secret|token-1|你好|lina/)
  })
})

describe('a platform that is not there', () => {
  it('fails as not connected, which even a message survives by another try', async () => {
    await app.call('agent/get', { agentid: 1 })
    await platform.close()
    const later = createWecom({ apiBase: base, store, retryBaseMs: 1, log: entry => log.push(entry) })
    await expect(later.app(credentials).call('message/send', message)).rejects.toMatchObject({
      code: 'wecom_network_error',
      failure: 'connect',
      hint: expect.stringContaining('网络'),
    })
    expect(log.filter(entry => entry.path === 'message/send')).toHaveLength(3)
    await later.close()
  })
})

describe('a try that ends before anything is written', () => {
  const silent = createTcpServer(socket => void sockets.add(socket.on('error', () => undefined)))
  const sockets = new Set<Socket>()
  beforeEach(() => new Promise<void>(resolve => silent.listen(0, '127.0.0.1', resolve)))
  afterEach(async () => {
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => silent.close(resolve))
  })

  it('is one that was not connected, so that even a message is tried again', async () => {
    await app.call('agent/get', { agentid: 1 })
    log = []
    const apiBase = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const later = createWecom({ apiBase, store, retryBaseMs: 1, log: entry => log.push(entry) })
    const sent = later.app(credentials).call('message/send', message, { timeoutMs: 50 })
    await expect(sent).rejects.toMatchObject({ failure: 'connect' })
    expect(log.map(entry => entry.failure)).toEqual(['connect', 'connect', 'connect'])
    await later.close()
  })
})

describe('closing', () => {
  it('gives the lease of a token back that was being fetched', async () => {
    const { lease } = store
    let released = false
    // A database takes its time.
    store.lease = async (key, ms) => {
      const release = await lease(key, ms)
      return async () => {
        await new Promise(resolve => setTimeout(resolve, 100))
        await release?.()
        released = true
      }
    }
    platform.answers('gettoken', () => {})
    const outcome = expect(app.call('agent/get', { agentid: 1 })).rejects.toMatchObject({
      code: 'wecom_closed',
    })
    await expect.poll(() => platform.to('gettoken').length).toBe(1)
    await wecom.close()
    await outcome
    expect(released).toBe(true)
  })

  it('ends calls under way, and refuses further ones', async () => {
    platform.answers('user/get', () => {})
    const call = app.call('user/get', { userid: 'lina' })
    const outcome = expect(call).rejects.toMatchObject({ code: 'wecom_closed' })
    await expect.poll(() => platform.to('user/get').length).toBe(1)
    await Promise.all([wecom.close(), wecom.close()])
    await outcome
    await expect(app.call('user/get', { userid: 'lina' })).rejects.toMatchObject({ code: 'wecom_closed' })
  })
})
