import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control, openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import { createSecretBox } from '../../models/secrets.ts'
import type { Boot, Signature } from '../api.ts'
import { signatureOf } from './jssdk.ts'

let sidekick: TestSidekick
let lina: Visitor

beforeAll(async () => {
  sidekick = await startTestSidekick()
  lina = await openVisitor(sidekick).login('lina')
})
afterAll(() => sidekick.stop())

function bootOf(html: string): Boot {
  const [, json = ''] = /<script type="application\/json" id="boot">(.*?)<\/script>/.exec(html) ?? []
  return JSON.parse(json)
}
const code = (answer: { json<T>(): T }) => answer.json<{ error: { code: string } }>().error.code
const sign = (url: string, headers = {}, kind = 'agent') =>
  lina.post('/sidebar/api/signature', { url, kind }, headers)

describe('the page', () => {
  it('is born with who asks and a signature for its address', async () => {
    // Afterwards the ticket is at hand, for which the page waits only so long.
    expect((await sign(`${sidekick.url}/sidebar/`)).status).toBe(200)
    const began = Math.floor(Date.now() / 1000)
    const boot = bootOf((await lina.get('/sidebar/?code=x&y=1')).text)
    const answered = Math.floor(Date.now() / 1000)
    expect(boot).toMatchObject({
      corpId: sidekick.app.corpId,
      agentId: '1000002',
      me: { userid: 'lina', name: '李娜' },
      url: `${sidekick.url}/sidebar/?code=x&y=1`,
    })
    const { timestamp = 0, nonceStr = '', signature } = boot.agentConfig ?? {}
    const held = await sidekick.database.models.tokens.findOne({ _id: /:ticket-agent$/ }).lean()
    const box = createSecretBox(Buffer.from('0f'.repeat(32), 'hex'))
    const ticket = box.open(`token:${held?._id}`, held?.value ?? '')
    expect(signature).toBe(signatureOf({ ticket, nonceStr, timestamp, url: boot.url }))
    expect(timestamp).toBeGreaterThanOrEqual(began)
    expect(timestamp).toBeLessThanOrEqual(answered)
  })

  it('may load nothing from elsewhere, be framed by nobody, and is not kept', async () => {
    const { headers, text } = await lina.get('/sidebar/')
    const [, start = ''] = /<script id="start">([\s\S]*?)<\/script>/.exec(text) ?? []
    const hash = createHash('sha256').update(start).digest('base64')
    expect(headers.get('content-security-policy')).toBe(
      `default-src 'none'; script-src 'self' 'sha256-${hash}'; style-src 'self'; img-src 'self' https: data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('referrer-policy')).toBe('same-origin')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  it('holds a name as text, whatever it is', async () => {
    const { staff } = sidekick.database.models
    await staff.updateOne({ useridKey: 'lina' }, { $set: { name: '</script><b>$&' } })
    const { text } = await lina.get('/sidebar/')
    await staff.updateOne({ useridKey: 'lina' }, { $set: { name: '李娜' } })
    expect(text).not.toContain('</script><b>')
    expect(bootOf(text).me.name).toBe('</script><b>$&')
  })

  it('has its files sent packed, and kept for a year', async () => {
    const { text } = await lina.get('/sidebar/')
    const [, script = ''] = /src="(\/sidebar\/assets\/[^"]+\.js)"/.exec(text) ?? []
    const packed = await lina.get(script, { 'accept-encoding': 'gzip, br' })
    expect(packed.headers.get('content-encoding')).toBe('br')
    expect(packed.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
    expect(packed.headers.get('vary')).toBe('Accept-Encoding')
    expect(packed.headers.get('content-type')).toMatch(/^text\/javascript/)
    const plain = await lina.get(script, { 'accept-encoding': 'identity' })
    expect(plain.headers.get('content-encoding')).toBeNull()
    expect(plain.text).toBe(packed.text)
  })

  it.each([
    '/sidebar/assets/..%2findex.html',
    '/sidebar/assets/..%2f..%2f..%2fpackage.json',
    '/sidebar/assets/nothing.js',
    '/sidebar/index.html',
    '/sidebar/api/nothing',
    '/SIDEBAR/api/tags',
  ])('has nothing at %s', async path => {
    expect((await lina.get(path)).status).toBe(404)
  })

  it('comes without a signature, and soon, while the platform gives no ticket', async () => {
    // Longer than the client of the platform waits, which gives up after five seconds.
    await control(sidekick, 'POST', 'faults', [{ path: 'ticket/get', delayMs: 6_000, drop: true }])
    const other = await sidekick.another()
    try {
      await sidekick.database.models.tokens.deleteMany({ _id: /ticket/ })
      const there = openVisitor(sidekick, other.url)
      there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
      const began = performance.now()
      const { status, text } = await there.get('/sidebar/')
      expect(status).toBe(200)
      expect(bootOf(text).agentConfig).toBeNull()
      expect(performance.now() - began).toBeLessThan(4_800)
    } finally {
      await control(sidekick, 'DELETE', 'faults')
      await other.stop()
    }
  })
})

describe('a ticket that is refused', () => {
  it('is named by the readiness and by one warning, and the page comes without', async () => {
    await control(sidekick, 'POST', 'faults', [{ path: 'ticket/get', errcode: 40001 }])
    const other = await sidekick.another()
    try {
      await sidekick.database.models.tokens.deleteMany({ _id: /ticket/ })
      const there = openVisitor(sidekick, other.url)
      there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
      const warnings = () =>
        sidekick.logged.filter(line => String(line.msg).includes('no JS-SDK ticket')).length
      const before = warnings()
      for (let turn = 0; turn < 3; turn += 1)
        expect(bootOf((await there.get('/sidebar/')).text).agentConfig).toBeNull()
      // The page does not wait for a platform that takes its time to refuse.
      await expect
        .poll(async () => (await there.get('/readyz')).json())
        .toMatchObject({
          status: 'degraded',
          tokens: { state: 'ok' },
          tickets: { state: 'stopped', errcode: 40001 },
        })
      expect(warnings() - before).toBe(1)
    } finally {
      await control(sidekick, 'DELETE', 'faults')
      await other.stop()
    }
  })
})

describe('a signature', () => {
  it('is for the page without its hash, of either kind', async () => {
    for (const kind of ['agent', 'corp']) {
      const answer = await sign(`${sidekick.url}/sidebar/?a=1#/notes`, {}, kind)
      expect(answer.json<Signature>()).toEqual({
        timestamp: expect.any(Number),
        nonceStr: expect.stringMatching(/^[0-9a-f]{24}$/),
        signature: expect.stringMatching(/^[0-9a-f]{40}$/),
      })
    }
  })

  it('is given to nobody for another place', async () => {
    for (const url of [
      'https://evil.example/sidebar/',
      `${sidekick.url}.evil.example/sidebar/`,
      `${sidekick.url}/console/`,
      `${sidekick.url}/sidebar/../console/`,
      `${sidekick.url}@evil.example/sidebar/`,
      '/sidebar/',
      '',
    ]) {
      const answer = await sign(url)
      expect([url, answer.status, code(answer)]).toEqual([url, 403, 'foreign_origin'])
    }
  })

  it('is made from tickets that two instances fetch once', async () => {
    const other = await sidekick.another()
    const there = openVisitor(sidekick, other.url)
    there.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
    await sidekick.database.models.tokens.deleteMany({ _id: /ticket/ })
    const before = await callsOf(sidekick, 'ticket/get')
    const third = await sidekick.another()
    const elsewhere = openVisitor(sidekick, third.url)
    elsewhere.cookies.set('sidekick', lina.cookies.get('sidekick') ?? '')
    const pages = await Promise.all(
      [there, elsewhere].flatMap(one => [one.get('/sidebar/'), one.get('/sidebar/')]),
    )
    expect(pages.map(page => page.status)).toEqual([200, 200, 200, 200])
    // A page that comes before its ticket goes without, and the next one has it.
    for (const one of [there, elsewhere])
      await expect.poll(async () => bootOf((await one.get('/sidebar/')).text).agentConfig).not.toBeNull()
    expect((await callsOf(sidekick, 'ticket/get')) - before).toBe(1)
    await other.stop()
    await third.stop()
  })
})

describe('a write', () => {
  it.each([
    ['from another origin', { origin: 'https://evil.example' }],
    ['from the same host at another port', { origin: 'http://127.0.0.1:1' }],
    ['from a page that hides its origin', { origin: 'null' }],
    ['without an origin', { origin: '' }],
  ])('%s is refused', async (_what, headers) => {
    const answer = await sign(`${sidekick.url}/sidebar/`, headers)
    expect([answer.status, code(answer)]).toEqual([403, 'foreign_origin'])
  })

  it.each([
    ['as a form', 'url=x', { 'content-type': 'application/x-www-form-urlencoded' }, 400],
    ['as plain text', '{}', { 'content-type': 'text/plain' }, 400],
    ['that is no JSON', '{"url":', {}, 400],
    ['that is empty', '', {}, 400],
    ['of another shape', '[]', {}, 400],
    ['that is too large', JSON.stringify({ url: 'x'.repeat(65 * 1024), kind: 'agent' }), {}, 413],
  ])('%s is refused', async (_what, body, headers, status) => {
    const answer = await lina.post('/sidebar/api/signature', body, headers)
    expect([answer.status, code(answer)]).toEqual([status, status === 413 ? 'too_large' : 'bad_request'])
  })

  it('needs a session', async () => {
    const answer = await openVisitor(sidekick).post('/sidebar/api/signature', {})
    expect([answer.status, code(answer)]).toEqual([401, 'not_logged_in'])
  })
})
