import Koa from 'koa'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AppClient, createWecom } from '../../bot/wecom/client.ts'
import { createMemoryTokenStore } from '../../bot/wecom/token-store.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control, loginCode, openVisitor } from '../../fixtures/test/visitor.ts'
import { createClock } from '../../models/clock.ts'
import { createDirectory } from '../../models/directory.ts'
import { useSidebar } from './routes.ts'

const hourMs = 60 * 60 * 1000
let sidekick: TestSidekick
const visitor = () => openVisitor(sidekick)

beforeAll(async () => {
  sidekick = await startTestSidekick()
})
afterAll(() => sidekick.stop())

describe('a login', () => {
  it('goes to the login page of WeCom and back to where it began', async () => {
    const browser = visitor()
    const page = await browser.get('/sidebar/?from=chat')
    expect(page.status).toBe(302)
    expect(page.headers.get('location')).toBe('/oauth/login?return=%2Fsidebar%2F%3Ffrom%3Dchat')

    const { state, address } = await browser.beginLogin(page.headers.get('location') ?? '')
    expect(state).toMatch(/^[0-9a-f]{64}$/)
    expect(`${address.origin}${address.pathname}`).toBe('https://login.work.weixin.qq.com/wwlogin/sso/login')
    expect(Object.fromEntries(address.searchParams)).toEqual({
      login_type: 'CorpApp',
      appid: sidekick.app.corpId,
      agentid: '1000002',
      redirect_uri: `${sidekick.url}/oauth/callback`,
      state,
      lang: 'zh',
    })

    const code = await loginCode(sidekick, 'lina')
    const back = await browser.get(`/oauth/callback?code=${code}&state=${state}`)
    expect(back.status).toBe(302)
    expect(back.headers.get('location')).toBe('/sidebar/?from=chat')
    expect(back.headers.getSetCookie().find(line => line.startsWith('sidekick='))).toMatch(
      /; path=\/; expires=[^;]+; samesite=lax; httponly$/i,
    )
    const html = await browser.get('/sidebar/?from=chat')
    expect(html.status).toBe(200)
    expect(html.text).toContain('"me":{"userid":"lina","name":"李娜"}')
  })

  it('is silent inside a WeCom client, with the parameters in the documented order', async () => {
    const { address, state } = await visitor().beginLogin('/oauth/login', {
      'user-agent': 'Mozilla/5.0 (Linux; Android 14) wxwork/4.1.36 MicroMessenger/7.0.1',
    })
    const callback = encodeURIComponent(`${sidekick.url}/oauth/callback`)
    expect(address.href).toBe(
      `https://open.weixin.qq.com/connect/oauth2/authorize?appid=${sidekick.app.corpId}&redirect_uri=${callback}&response_type=code&scope=snsapi_base&state=${state}&agentid=1000002#wechat_redirect`,
    )
  })

  it('is refused with a state that nobody gave out', async () => {
    const browser = visitor()
    await browser.beginLogin()
    const code = await loginCode(sidekick, 'lina')
    const answer = await browser.get(`/oauth/callback?code=${code}&state=${'ab'.repeat(32)}`)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('重新登录')
    expect(browser.cookies.has('sidekick')).toBe(false)
  })

  it('is refused with the state of another browser', async () => {
    const { state } = await visitor().beginLogin()
    const code = await loginCode(sidekick, 'lina')
    const other = visitor()
    await other.beginLogin()
    expect((await other.get(`/oauth/callback?code=${code}&state=${state}`)).status).toBe(403)
    expect(other.cookies.has('sidekick')).toBe(false)
  })

  it('is refused with a state of which only the beginning was given out', async () => {
    const browser = visitor()
    const { state } = await browser.beginLogin()
    const forged = `${state.slice(0, 32)}${'0'.repeat(32)}`
    const code = await loginCode(sidekick, 'lina')
    expect((await browser.get(`/oauth/callback?code=${code}&state=${forged}`)).status).toBe(403)
  })

  it('may take ten minutes', async () => {
    const later = await startAt(11 * 60_000)
    try {
      const browser = visitor()
      const { state } = await browser.beginLogin()
      const there = openVisitor(sidekick, later.url)
      for (const [name, value] of browser.cookies) there.cookies.set(name, value)
      const code = await loginCode(sidekick, 'lina')
      expect((await there.get(`/oauth/callback?code=${code}&state=${state}`)).status).toBe(403)
      expect((await browser.get(`/oauth/callback?code=${code}&state=${state}`)).status).toBe(302)
    } finally {
      await later.close()
    }
  })

  it('can be made once with one state', async () => {
    const browser = visitor()
    const { state } = await browser.beginLogin()
    const [first, second] = [await loginCode(sidekick, 'lina'), await loginCode(sidekick, 'hemin')]
    expect((await browser.get(`/oauth/callback?code=${first}&state=${state}`)).status).toBe(302)
    expect((await browser.get(`/oauth/callback?code=${second}&state=${state}`)).status).toBe(403)
  })

  it('may be under way several times in one browser, of which the oldest are forgotten', async () => {
    const browser = visitor()
    const states: string[] = []
    for (let turn = 0; turn < 7; turn += 1) states.push((await browser.beginLogin()).state)
    expect(browser.cookies.size).toBe(5)
    const code = await loginCode(sidekick, 'lina')
    expect((await browser.get(`/oauth/callback?code=${code}&state=${states[3]}`)).status).toBe(302)
    expect((await browser.get(`/oauth/callback?code=${code}&state=${states[0]}`)).status).toBe(403)
  })

  it('says in words that a code was used up, and what to do', async () => {
    const browser = visitor()
    const { state } = await browser.beginLogin('/oauth/login?return=/sidebar/?a=1')
    const answer = await browser.get(`/oauth/callback?code=unknown&state=${state}`)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('登录凭证已经用过或过期了')
    expect(answer.text).toContain('/oauth/login?return=%2Fsidebar%2F%3Fa%3D1')
  })

  it('is refused to somebody who has left', async () => {
    const { staff } = sidekick.database.models
    await staff.updateOne({ useridKey: 'sunyue' }, { $set: { status: 5 } })
    const browser = visitor()
    const { state } = await browser.beginLogin()
    const code = await loginCode(sidekick, 'sunyue')
    const answer = await browser.get(`/oauth/callback?code=${code}&state=${state}`)
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('已停用或已离职')
  })

  it('is refused to somebody of whom the platform knows nothing', async () => {
    const { staff } = sidekick.database.models
    const before = await staff.findOneAndDelete({ useridKey: 'hemin' }).lean()
    await control(sidekick, 'POST', 'faults', [{ path: 'user/get', errcode: 60111 }])
    const browser = visitor()
    const { state } = await browser.beginLogin()
    const answer = await browser.get(
      `/oauth/callback?code=${await loginCode(sidekick, 'hemin')}&state=${state}`,
    )
    await control(sidekick, 'DELETE', 'faults')
    expect(answer.status).toBe(403)
    expect(answer.text).toContain('已停用或已离职')
    await visitor().login('hemin')
    expect(await staff.findOne({ useridKey: 'hemin' }).lean()).toMatchObject({ name: before?.name })
  })

  it('lets somebody in who had gone and is back', async () => {
    const { staff } = sidekick.database.models
    await staff.updateOne({ useridKey: 'hemin' }, { $set: { removedAt: new Date(), name: '旧名' } })
    const browser = await visitor().login('hemin')
    expect((await browser.get('/sidebar/api/tags')).status).toBe(200)
    expect((await staff.findOne({ useridKey: 'hemin' }).lean())?.name).toBe('何敏')
  })

  it('of somebody who had gone needs the platform’s word', async () => {
    const { staff } = sidekick.database.models
    await staff.updateOne({ useridKey: 'hemin' }, { $set: { removedAt: new Date() } })
    for (const [fault, status] of [
      [{ http: 502 }, 502],
      [{ errcode: 48002 }, 403],
    ] as const) {
      await control(sidekick, 'POST', 'faults', [{ path: 'user/get', ...fault }])
      const browser = visitor()
      const { state } = await browser.beginLogin()
      const code = await loginCode(sidekick, 'hemin')
      expect((await browser.get(`/oauth/callback?code=${code}&state=${state}`)).status).toBe(status)
      await control(sidekick, 'DELETE', 'faults')
    }
    await staff.updateOne({ useridKey: 'hemin' }, { $unset: { removedAt: 1 } })
  })

  it('has one exchange for each state, also for a copy of the cookie', async () => {
    const browser = visitor()
    const { state } = await browser.beginLogin()
    const copy = [...browser.cookies]
    const before = await callsOf(sidekick, 'auth/getuserinfo')
    const tries = await Promise.all(
      Array.from({ length: 5 }, (_, at) => {
        const thief = visitor()
        for (const [name, value] of copy) thief.cookies.set(name, value)
        return thief.get(`/oauth/callback?code=bogus${at}&state=${state}`)
      }),
    )
    expect(tries.map(one => one.status)).toEqual([403, 403, 403, 403, 403])
    expect((await callsOf(sidekick, 'auth/getuserinfo')) - before).toBe(1)
  })

  it('is put off where too many are under way, and possible again a moment later', async () => {
    let answer = () => {}
    const answering = new Promise<void>(resolve => {
      answer = resolve
    })
    let asked = 0
    // A platform that answers when the test says so.
    const there = await startAt(0, sidekick.url, client => ({
      ...client,
      async call(path, params, options) {
        asked += 1
        await answering
        return client.call(path, params, options)
      },
    }))
    try {
      const begun = await Promise.all(
        Array.from({ length: 60 }, async () => {
          const browser = openVisitor(sidekick, there.url)
          return { browser, state: (await browser.beginLogin()).state }
        }),
      )
      const statuses: number[] = []
      const answers = begun.map(async ({ browser, state }, at) => {
        const answered = await browser.get(`/oauth/callback?code=bogus${at}&state=${state}`)
        statuses.push(answered.status)
        return answered
      })
      await expect.poll(() => statuses).toEqual(Array(40).fill(503))
      await expect.poll(() => asked).toBe(20)
      answer()
      const busy = (await Promise.all(answers)).filter(one => one.status === 503)
      expect(busy).toHaveLength(40)
      expect(busy[0]?.text).toContain('登录的人有点多，请稍后再试')
      expect(asked).toBe(20)
      await openVisitor(sidekick, there.url).login('lina')
    } finally {
      answer()
      await there.close()
    }
  })

  it('is that of the app in the environment, whichever of the corp’s was stored first', async () => {
    const { corps } = sidekick.database.models
    const filter = { corpId: sidekick.app.corpId }
    const apps = (await corps.findOne(filter).lean())?.apps ?? []
    const [own] = apps
    if (own === undefined) throw new Error('the corp has no app')
    await corps.updateOne(filter, { $set: { apps: [{ ...own, app: '1000009' }, own] } })
    const other = await sidekick.another()
    expect((await corps.findOne(filter).lean())?.apps.map(one => one.app)).toEqual(['1000009', '1000002'])
    const there = await openVisitor(sidekick, other.url).login('lina')
    expect((await there.get('/sidebar/api/tags')).status).toBe(200)
    await other.stop()
    await corps.updateOne(filter, { $set: { apps } })
  })

  it.each([
    'https://evil.example/',
    '//evil.example/',
    '/\\evil.example/',
    '/\n/evil.example',
    '/\t/evil.example',
    'sidebar/',
    '/oauth/login',
    'javascript:alert(1)',
  ])('leads to the sidebar instead of %j', async target => {
    const browser = visitor()
    const { state } = await browser.beginLogin(`/oauth/login?return=${encodeURIComponent(target)}`)
    const code = await loginCode(sidekick, 'lina')
    const { headers } = await browser.get(`/oauth/callback?code=${code}&state=${state}`)
    expect(headers.get('location')).toBe('/sidebar/')
  })
})

describe('a session', () => {
  it('is not there without a login', async () => {
    const answer = await visitor().get('/sidebar/api/tags')
    expect(answer.status).toBe(401)
    expect(answer.json()).toEqual({
      error: { code: 'not_logged_in', message: '登录已过期，请重新登录' },
    })
  })

  it('is not there with a changed cookie', async () => {
    const browser = await visitor().login('lina')
    const cookie = browser.cookies.get('sidekick') ?? ''
    const [body = '', mac = ''] = cookie.split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    const forged = Buffer.from(JSON.stringify({ ...claims, userid: 'zhouming' })).toString('base64url')
    const last = mac.endsWith('A') ? 'B' : 'A'
    for (const changed of [`${forged}.${mac}`, `${body}.${mac.slice(0, -1)}${last}`, body, `${cookie}.x`]) {
      browser.cookies.set('sidekick', changed)
      expect((await browser.get('/sidebar/api/tags')).status).toBe(401)
    }
  })

  it('is not there with the value of a login that is under way', async () => {
    const browser = visitor()
    await browser.beginLogin()
    const [pending = ''] = browser.cookies.values()
    browser.cookies.set('sidekick', pending)
    expect((await browser.get('/sidebar/api/tags')).status).toBe(401)
  })

  it('holds the corp, the person and its times, and nothing else', async () => {
    const browser = await visitor().login('lina')
    const [body = ''] = (browser.cookies.get('sidekick') ?? '').split('.')
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString())
    expect(claims).toEqual({
      corpId: sidekick.app.corpId,
      userid: 'lina',
      issuedAt: expect.any(Number),
      expiresAt: claims.issuedAt + 12 * hourMs,
    })
  })

  it('ends for somebody who leaves, at the next request', async () => {
    const { staff } = sidekick.database.models
    const browser = await visitor().login('liuyang')
    expect((await browser.get('/sidebar/api/tags')).status).toBe(200)
    for (const gone of [{ status: 2 }, { status: 5 }, { status: 1, removedAt: new Date() }]) {
      await staff.updateOne({ useridKey: 'liuyang' }, { $set: gone })
      expect((await browser.get('/sidebar/api/tags')).status).toBe(401)
    }
    await staff.updateOne({ useridKey: 'liuyang' }, { $unset: { removedAt: 1 } })
    expect((await browser.get('/sidebar/api/tags')).status).toBe(200)
  })

  it('ends after twelve hours', async () => {
    const browser = await visitor().login('lina')
    const later = await startAt(11.9 * hourMs)
    const muchLater = await startAt(12.1 * hourMs)
    try {
      for (const [base, status] of [
        [later.url, 200],
        [muchLater.url, 401],
      ] as const) {
        const there = openVisitor(sidekick, base)
        there.cookies.set('sidekick', browser.cookies.get('sidekick') ?? '')
        expect((await there.get('/sidebar/api/tags')).status).toBe(status)
      }
    } finally {
      await later.close()
      await muchLater.close()
    }
  })

  it('ends by logging out, which another site cannot do', async () => {
    const browser = await visitor().login('lina')
    expect((await browser.post('/oauth/logout', {}, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await browser.get('/sidebar/api/tags')).status).toBe(200)
    expect((await browser.post('/oauth/logout')).status).toBe(200)
    expect((await browser.get('/sidebar/api/tags')).status).toBe(401)
  })

  it('that was ended is of no use to whoever kept its cookie', async () => {
    const browser = await visitor().login('lina')
    const thief = visitor()
    thief.cookies.set('sidekick', browser.cookies.get('sidekick') ?? '')
    await browser.post('/oauth/logout')
    expect((await thief.get('/sidebar/api/tags')).status).toBe(401)
    const again = await visitor().login('lina')
    await thief.post('/oauth/logout')
    expect((await again.get('/sidebar/api/tags')).status).toBe(200)
  })
})

describe('behind https', () => {
  it('cookies are bound to it and to the host', async () => {
    const secure = await startAt(0, 'https://sidekick.example.com')
    try {
      const browser = openVisitor(sidekick, secure.url)
      const begun = await browser.get('/oauth/login')
      expect(begun.headers.getSetCookie()[0]).toMatch(
        /^__Host-sidekick_login_[0-9a-f]{16}=.*; path=\/; expires=[^;]+; samesite=lax; secure; httponly$/i,
      )
      const { state } = await browser.beginLogin()
      const code = await loginCode(sidekick, 'lina')
      const { headers } = await browser.get(`/oauth/callback?code=${code}&state=${state}`)
      expect(headers.getSetCookie().find(line => line.startsWith('__Host-sidekick='))).toMatch(
        /; path=\/; expires=[^;]+; samesite=lax; secure; httponly$/i,
      )
    } finally {
      await secure.close()
    }
  })
})

/** The same sidebar with its clock ahead, under another origin, or with something between it and the platform. */
async function startAt(
  aheadMs: number,
  origin = sidekick.url,
  between = (client: AppClient): AppClient => client,
) {
  const { database, app, simulator } = sidekick
  const wecom = createWecom({ apiBase: simulator.url, store: createMemoryTokenStore() })
  const koa = new Koa()
  useSidebar(koa, {
    corpId: app.corpId,
    agentId: app.agentId,
    models: database.models,
    directory: createDirectory(database.models),
    admins: { corpId: app.corpId, userids: [] },
    log: pino({ level: 'silent' }),
    sessionSecret: '0f'.repeat(32),
    client: async () => between(wecom.app(app)),
    origin,
    now: () => new Date(Date.now() + aheadMs),
    clock: createClock(),
  })
  const http = koa.listen(0, '127.0.0.1')
  await new Promise(done => http.once('listening', done))
  const address = http.address() as { port: number }
  return {
    url: `http://127.0.0.1:${address.port}`,
    async close() {
      await new Promise(done => http.close(done))
      await wecom.close()
    },
  }
}
