import { randomUUID } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { callsOf, control } from '../../fixtures/test/visitor.ts'

const path = 'externalcontact/send_welcome_msg'

/** A handler for those who come by one channel, of which the handler's key is made. */
function welcomeOf(state: string, welcome: object, more: object = {}): Record<string, unknown> {
  return {
    schemaVersion: 1,
    key: `welcome-${state}`,
    title: state,
    priority: 1,
    after: 'stop',
    trigger: { event: 'customer.added', match: { state: { eq: state } } },
    steps: [{ id: 'welcome', action: 'welcome.send', with: welcome }],
    ...more,
  }
}

/** A handler whose first step is a `stop`. */
function stopping(state: string, how: object, ...steps: object[]): Record<string, unknown> {
  return welcomeOf(state, {}, { steps: [{ id: 'end', action: 'stop', with: how }, ...steps] })
}

const handlers = [
  welcomeOf('plain', { text: '欢迎光临，我是{{ staff.name }}' }),
  welcomeOf('card', { text: '名片来的朋友您好' }, { when: { path: 'follow.addWay', is: 'eq', value: 8 } }),
  welcomeOf('named', { text: '{{ customer.name }}您好', fallback: '您好，稍后联系您' }),
  { ...welcomeOf('dry', { text: '试运行' }, { run: { dryRun: true } }), priority: 0 },
  welcomeOf('news', { text: '您好', materials: ['news'] }),
  stopping('stopped', {}, { id: 'welcome', action: 'welcome.send', with: { text: '不该来' } }),
  { ...stopping('kept-from', { all: true }), key: 'keeps-from', priority: 0, after: 'continue' },
  welcomeOf('kept-from', { text: '不该来' }),
]

describe('the code of a welcome', () => {
  let sidekick: TestSidekick
  let people = 0
  beforeAll(async () => {
    sidekick = await startTestSidekick()
    const { database, app } = sidekick
    const material = { corpId: app.corpId, key: 'news', category: 'x', title: '旧', kind: 'link' } as const
    await database.models.materials.create({ ...material, url: 'https://example.com/old' })
    await publishLive(sidekick, ...handlers)
  })
  afterAll(() => sidekick.stop())
  afterEach(() => control(sidekick, 'DELETE', 'faults'))

  const fault = (how: object) => control(sidekick, 'POST', 'faults', [how])
  const row = (welcomeCode: string | null) =>
    sidekick.database.models.welcomes.findOne({ welcomeCode }).lean()
  const nextName = (): string => {
    people += 1
    return `来客${people}`
  }
  async function settled(): Promise<void> {
    await expect.poll(() => sidekick.database.models.inbox.countDocuments({ state: 'waiting' })).toBe(0)
  }
  /** A figure of /metrics; 0 where it is not there. */
  async function metric(name: string): Promise<number> {
    const text = await (await fetch(`${sidekick.url}/metrics`)).text()
    const line = text.split('\n').find(one => one.startsWith(`${name} `))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  const counted = (state: string) => metric(`sidekick_welcomes_total{state="${state}"}`)

  it('is tried again where the platform does not know the relation yet (84061)', async () => {
    await fault({ path, errcode: 84061, times: 2 })
    const { welcomeCode } = await sidekick.chat.customer(nextName()).adds('lina')
    await sidekick.chat.expectWelcome(/./)
    await settled()
    expect(await row(welcomeCode)).toMatchObject({ state: 'sent', attempts: 3 })
  })

  it('is tried again while another app sends its own (41096)', async () => {
    await fault({ path, errcode: 41096, times: 4 })
    const { welcomeCode } = await sidekick.chat.customer(nextName()).adds('lina')
    await sidekick.chat.expectWelcome(/./)
    await settled()
    expect(await row(welcomeCode)).toMatchObject({ state: 'sent', attempts: 1 })
  })

  it.each([
    { errcode: 41050, state: 'expired' },
    { errcode: 41051, state: 'already' },
    { errcode: 41053, state: 'refused' },
  ])('is of no use any more after $errcode: $state, asked for once and counted once', async outcome => {
    const { errcode, state } = outcome
    const [before, asked] = [await counted(state), await callsOf(sidekick, path)]
    await fault({ path, errcode })
    const { welcomeCode } = await sidekick.chat
      .customer(nextName())
      .adds('lina', { deliveries: 3, gapMs: 20 })
    await sidekick.chat.expectTag('客户状态/新客户')
    await settled()
    expect(await row(welcomeCode)).toMatchObject({ state, errcode, attempts: 1 })
    expect((await row(welcomeCode))?.leaseUntil).toBeUndefined()
    expect(await callsOf(sidekick, path)).toBe(asked + 1)
    expect(await counted(state)).toBe(before + 1)
  })

  it('is counted once with the time that it took, however often its event comes', async () => {
    const [before, timed] = [await counted('sent'), await metric('sidekick_welcome_seconds_count')]
    await sidekick.chat.customer(nextName()).adds('lina', { deliveries: 4, gapMs: 30 })
    await sidekick.chat.expectWelcome(/./)
    await settled()
    expect(await counted('sent')).toBe(before + 1)
    expect(await metric('sidekick_welcome_seconds_count')).toBe(timed + 1)
  })

  it('that comes with the consent to archiving is used where that of the add was refused for want of it', async () => {
    const { chat, app, database } = sidekick
    await fault({ path, errcode: 41053, times: 1 })
    const { externalUserid } = await chat.customer(nextName()).adds('lina')
    await settled()
    // The simulated platform knows no such code: that it is asked with it is what counts.
    const code = randomUUID()
    await control(sidekick, 'POST', 'send', {
      app: 'app',
      xml: `<xml><ToUserName>${app.corpId}</ToUserName><FromUserName>sys</FromUserName><CreateTime>${Math.floor(Date.now() / 1000)}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>msg_audit_approved</ChangeType><UserID>lina</UserID><ExternalUserID>${externalUserid}</ExternalUserID><WelcomeCode>${code}</WelcomeCode></xml>`,
    })
    await settled()
    expect(await row(code)).toMatchObject({ state: 'expired', errcode: 41050 })
    expect(await database.models.welcomes.countDocuments({ externalUserid })).toBe(2)
  })

  it('does not wait longer than a second for the name, which is stored all the same', async () => {
    // Nobody who came before is asked about any more.
    await settled()
    const name = nextName()
    const asked = await callsOf(sidekick, 'externalcontact/get')
    await fault({ path: 'externalcontact/get', delayMs: 3_000 })
    const { externalUserid } = await sidekick.chat.customer(name).adds('lina')
    await sidekick.chat.expectWelcome(/^朋友您好/)
    await settled()
    expect(await sidekick.database.models.customers.findOne({ externalUserid }).lean()).toMatchObject({
      name,
    })
    // One call: the answer that came too late for the welcome is the one that was stored.
    expect(await callsOf(sidekick, 'externalcontact/get')).toBe(asked + 1)
  })

  it('says the fallback where the name was not to be had within a second', async () => {
    await fault({ path: 'externalcontact/get', delayMs: 3_000, times: 1 })
    const { externalUserid } = await sidekick.chat.customer(nextName()).adds('lina', { state: 'named' })
    await sidekick.chat.expectWelcome('您好，稍后联系您')
    await settled()
    const run = await sidekick.database.models.runs
      .findOne({ externalUserid, handler: 'welcome-named' })
      .lean()
    expect(run?.steps[0]?.output).toEqual({ state: 'sent', fallback: true })
    const name = nextName()
    await sidekick.chat.customer(name).adds('lina', { state: 'named' })
    await sidekick.chat.expectWelcome(`${name}您好`)
  })

  it('is not used by a dry run, which stops no other', async () => {
    const { welcomeCode } = await sidekick.chat.customer(nextName()).adds('lina', { state: 'dry' })
    await sidekick.chat.expectWelcome(/木棠家居/)
    await settled()
    expect(await row(welcomeCode)).toMatchObject({ state: 'sent', handler: expect.not.stringMatching('dry') })
  })

  it.each([
    ['in its own handler', 'stopped', { reason: 'skipped', handler: 'welcome-stopped' }],
    ['of all in an earlier one', 'kept-from', { reason: 'no_handler' }],
  ])('is not used where a stop comes before it %s', async (_, state, why) => {
    const { welcomeCode } = await sidekick.chat.customer(nextName()).adds('lina', { state })
    await settled()
    expect(await row(welcomeCode)).toMatchObject({ state: 'unused', ...why })
    expect((await row(welcomeCode))?.sent).toBeUndefined()
  })

  it('goes with conditions on what only the platform knows of a new relation', async () => {
    await sidekick.chat.customer(nextName()).adds('lina', { state: 'card', addWay: 8 })
    await sidekick.chat.expectWelcome('名片来的朋友您好')
    await settled()
    await sidekick.chat.customer(nextName()).adds('lina', { state: 'card', addWay: 1 })
    await sidekick.chat.expectWelcome(/木棠家居/)
  })

  it('is used with a material as it is now, within seconds of its change', async () => {
    const { database } = sidekick
    const linked = async () => {
      await sidekick.chat.customer(nextName()).adds('lina', { state: 'news' })
      const { params } = await sidekick.chat.expectWelcome('您好')
      return (params.attachments as { link: { url: string } }[])[0]?.link.url
    }
    expect(await linked()).toBe('https://example.com/old')
    await database.models.materials.updateOne({ key: 'news' }, { $set: { url: 'https://example.com/new' } })
    await expect.poll(linked, { interval: 100 }).toBe('https://example.com/new')
  })
})
