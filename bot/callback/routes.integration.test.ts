import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import supertest from 'supertest'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encrypt, getSignature } from 'wecom-crypto'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'

describe('the callback address', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick({ ROLES: 'web', REPLY_BUDGET_MS: '1' })
  })
  afterAll(() => sidekick.stop())

  const now = (): string => String(Math.floor(Date.now() / 1000))
  function seal(xml: string, receiver = sidekick.app.corpId): string {
    return encrypt(sidekick.app.callbackAesKey, xml, receiver)
  }
  function message(inner = '<Content><![CDATA[帮助]]></Content>', corpId = sidekick.app.corpId): string {
    const msgId = randomBytes(6).readUIntBE(0, 6)
    return `<xml><ToUserName><![CDATA[${corpId}]]></ToUserName><FromUserName><![CDATA[lina]]></FromUserName><CreateTime>${now()}</CreateTime><MsgType><![CDATA[text]]></MsgType>${inner}<MsgId>${msgId}</MsgId></xml>`
  }
  interface Sent {
    encrypted: string
    path?: string
    timestamp?: string
    signature?: string
    body?: string
  }
  function send({ encrypted, path = '/callback/app', timestamp = now(), signature, body }: Sent) {
    const nonce = 'n1'
    const msg_signature = signature ?? getSignature(sidekick.app.callbackToken, timestamp, nonce, encrypted)
    return supertest(sidekick.url)
      .post(path)
      .query({ msg_signature, timestamp, nonce })
      .type('text/xml')
      .send(
        body ??
          `<xml><ToUserName><![CDATA[x]]></ToUserName><Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`,
      )
  }
  const inbox = () => sidekick.database.models.inbox.countDocuments()

  it('answers a verification with the bare text', async () => {
    const echostr = seal('1616140317555161061')
    const timestamp = now()
    const msg_signature = getSignature(sidekick.app.callbackToken, timestamp, 'n', echostr)
    const answer = await supertest(sidekick.url)
      .get('/callback/app')
      .query({ msg_signature, timestamp, nonce: 'n', echostr })
    expect(answer.status).toBe(200)
    expect(answer.text).toBe('1616140317555161061')
    expect(answer.headers['content-type']).toMatch('text/plain')
  })

  it('stores a message and answers 200 with nothing where there is nothing to say in time', async () => {
    const before = await inbox()
    const answer = await send({ encrypted: seal(message()) })
    expect([answer.status, answer.text]).toEqual([200, ''])
    expect(await inbox()).toBe(before + 1)
  })

  it('stores what it does not know, and acknowledges it', async () => {
    const answer = await send({
      encrypted: seal(message('<Sticker>1</Sticker>').replace('text]]', 'sticker]]')),
    })
    expect(answer.status).toBe(200)
    await expect.poll(() => sidekick.database.models.inbox.countDocuments({ name: 'unknown' })).toBe(1)
  })

  it('takes the same events at the address of the customer-contact server', async () => {
    expect((await send({ encrypted: seal(message()), path: '/callback/contact' })).status).toBe(200)
    const { corpId, agentId } = sidekick.app
    expect((await send({ encrypted: seal(message()), path: `/callback/${corpId}/${agentId}` })).status).toBe(
      200,
    )
  })

  const bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
  it.each<[string, number, string, () => Sent]>([
    [
      'a wrong signature',
      401,
      'bad_signature',
      () => ({ encrypted: seal(message()), signature: 'f'.repeat(40) }),
    ],
    [
      'a signature of another length',
      401,
      'bad_signature',
      () => ({ encrypted: seal(message()), signature: 'f' }),
    ],
    [
      'a time of yesterday',
      401,
      'out_of_time',
      () => ({ encrypted: seal(message()), timestamp: String(Number(now()) - 90_000) }),
    ],
    [
      'broken XML around it',
      400,
      'malformed',
      () => ({ encrypted: seal(message()), body: '<xml><Encrypt>' }),
    ],
    [
      'two ciphertexts',
      400,
      'malformed',
      () => ({
        encrypted: seal(message()),
        body: '<xml><Encrypt>YQ==</Encrypt><Encrypt>YQ==</Encrypt></xml>',
      }),
    ],
    ['broken XML inside', 400, 'malformed', () => ({ encrypted: seal('<xml><ToUserName>') })],
    ['an entity bomb inside', 400, 'malformed', () => ({ encrypted: seal(`${bomb}<xml>&b;</xml>`) })],
    [
      'an entity bomb around it',
      400,
      'malformed',
      () => ({ encrypted: seal(message()), body: `${bomb}<xml><Encrypt>&b;</Encrypt></xml>` }),
    ],
    ['a truncated ciphertext', 400, 'undecipherable', () => ({ encrypted: seal(message()).slice(0, -24) })],
    [
      'a ciphertext of another key',
      400,
      'undecipherable',
      () => ({ encrypted: encrypt('a'.repeat(43), message(), sidekick.app.corpId) }),
    ],
    ['another receiver', 403, 'wrong_receiver', () => ({ encrypted: seal(message(), 'ww0000000000000000') })],
    [
      'another corp inside',
      403,
      'wrong_receiver',
      () => ({ encrypted: seal(message(undefined, 'ww0000000000000000')) }),
    ],
    [
      'an unknown app',
      404,
      'unknown_app',
      () => ({ encrypted: seal(message()), path: '/callback/ww0000000000000000/1' }),
    ],
    [
      'a body over 1 MiB',
      413,
      'too_large',
      () => ({ encrypted: seal(message()), body: 'x'.repeat(1024 * 1024 + 1) }),
    ],
  ])('refuses %s with %i %s, and stores nothing', async (_what, status, code, make) => {
    const before = await inbox()
    const logged = sidekick.logged.length
    const answer = await send(make())
    expect([answer.status, answer.text]).toEqual([status, code])
    expect(await inbox()).toBe(before)
    // What else a process has to say may stand beside it.
    const refused = sidekick.logged.slice(logged).filter(line => line.msg === 'callback refused')
    expect(refused).toMatchObject([{ code }])
  })

  it('refuses an endless body without a length before it is read whole', async () => {
    const refusals = () => sidekick.logged.filter(line => line.code === 'too_large').length
    const before = refusals()
    const answer = await new Promise<number | undefined>(resolve => {
      const { port } = new URL(sidekick.url)
      const query = `msg_signature=x&timestamp=${now()}&nonce=n`
      const request = httpRequest({ port, method: 'POST', path: `/callback/app?${query}` }, response => {
        clearInterval(pour)
        resolve(response.statusCode)
        request.destroy()
      })
      const pour = setInterval(() => request.write('x'.repeat(100_000)), 1)
      // Whoever goes on pouring may run into the closed connection before the answer has been read.
      request.once('error', () => {
        clearInterval(pour)
        resolve(undefined)
      })
    })
    expect([413, undefined]).toContain(answer)
    // Where the connection broke off, the line may be still to come.
    await expect.poll(refusals).toBe(before + 1)
  })

  it.each([
    ['no query at all', {}],
    ['a parameter given twice', { msg_signature: ['a', 'b'], timestamp: '1', nonce: 'n' }],
    ['a time that is none', { msg_signature: 'a', timestamp: '1e9', nonce: 'n' }],
  ])('refuses %s as malformed', async (_what, query) => {
    const answer = await supertest(sidekick.url).post('/callback/app').query(query).send('<xml></xml>')
    expect([answer.status, answer.text]).toEqual([400, 'malformed'])
  })

  it.each(['put', 'delete', 'patch', 'options'] as const)(
    'refuses the method %s as malformed',
    async method => {
      const answer = await supertest(sidekick.url)[method]('/callback/app').query({ msg_signature: 'a' })
      expect([answer.status, answer.text]).toEqual([400, 'malformed'])
    },
  )

  it('looks for the app before the method', async () => {
    const answer = await supertest(sidekick.url).put('/callback/wwnobody/1')
    expect([answer.status, answer.text]).toEqual([404, 'unknown_app'])
  })

  it('refuses a compressed body as malformed', async () => {
    const before = await inbox()
    const answer = await send({ encrypted: seal(message()) }).set('Content-Encoding', 'gzip')
    expect([answer.status, answer.text]).toEqual([400, 'malformed'])
    expect(await inbox()).toBe(before)
  })

  it.each([
    [
      'a broken percent-encoding',
      '/callback/app?msg_signature=%zz&timestamp=1&nonce=%E0%A4',
      401,
      'bad_signature',
    ],
    [
      'a query of 10 kB',
      `/callback/app?msg_signature=a&timestamp=1&nonce=${'n'.repeat(10_000)}`,
      401,
      'bad_signature',
    ],
    ['a thousand parameters', `/callback/app?${'a=1&'.repeat(1_000)}msg_signature=a`, 400, 'malformed'],
    ['a broken percent-encoding in the path', '/callback/%E0%A4%A/1?msg_signature=a', 404, 'unknown_app'],
  ])('refuses %s', async (_what, path, status, code) => {
    const body = '<xml><Encrypt>YQ==</Encrypt></xml>'
    const answer = await supertest(sidekick.url).post(path).type('text/xml').send(body)
    expect([answer.status, answer.text]).toEqual([status, code])
  })

  /** Sends bytes as they are and waits until the server closes the connection. */
  async function untilClosed(bytes: string): Promise<{ answer: string; ms: number }> {
    const began = performance.now()
    const socket = connect({ port: Number(new URL(sidekick.url).port), host: '127.0.0.1' })
    let answer = ''
    socket.on('data', chunk => {
      answer += chunk
    })
    socket.on('error', () => undefined)
    socket.write(bytes)
    await once(socket, 'close')
    return { answer, ms: performance.now() - began }
  }
  const head = (...lines: string[]): string =>
    [`POST /callback/app?msg_signature=a&timestamp=1&nonce=n HTTP/1.1`, 'Host: x', ...lines, '', ''].join(
      '\r\n',
    )

  it('closes the connection of a body that says it is too large, without reading it', async () => {
    const { answer, ms } = await untilClosed(head('Content-Length: 4000000000'))
    expect(answer).toMatch(/^HTTP\/1\.1 413 [\s\S]*too_large$/)
    expect(ms).toBeLessThan(4_000)
  })

  it('closes the connection of a refused request whose body is still to come', async () => {
    const unknown = head('Content-Length: 1000').replace('/callback/app', '/callback/wwnobody/1')
    const { answer, ms } = await untilClosed(unknown)
    expect(answer).toMatch(/^HTTP\/1\.1 404 [\s\S]*unknown_app$/)
    expect(ms).toBeLessThan(4_000)
  })

  it('lets the server itself refuse a head of more than 16 kB', async () => {
    const { answer } = await untilClosed(head(`X: ${'x'.repeat(20_000)}`))
    expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  })

  it('cuts off whoever sends head or body slowly', async () => {
    const slow = await Promise.all([
      untilClosed('POST /callback/app?msg_signature=a HTTP/1.1\r\nHost: x\r\nX-Slow: '),
      untilClosed(`${head('Content-Length: 1000')}<xml>`),
    ])
    for (const { answer } of slow) expect(answer).toMatch(/^HTTP\/1\.1 408 /)
    expect(slow[0].ms).toBeLessThan(9_000)
    expect(slow[1].ms).toBeLessThan(14_000)
  })

  it('writes no secret and no message text into the log', async () => {
    await send({ encrypted: seal(message('<Content>秘密内容</Content>')), signature: 'f'.repeat(40) })
    const log = JSON.stringify(sidekick.logged)
    const { secret, callbackToken, callbackAesKey } = sidekick.app
    for (const hidden of [secret, callbackToken, callbackAesKey, '秘密内容'])
      expect(log).not.toContain(hidden)
  })

  it('counts what it refused', async () => {
    const { text } = await supertest(sidekick.url).get('/metrics')
    expect(text).toMatch(/sidekick_callbacks_total\{result="bad_signature"\} [1-9]/)
  })
})
