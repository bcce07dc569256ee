import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'

describe('a customer who adds a staff member', () => {
  let sidekick: TestSidekick
  let people = 0
  let name = ''
  beforeAll(async () => {
    sidekick = await startTestSidekick()
  })
  afterAll(() => sidekick.stop())
  beforeEach(() => {
    people += 1
    name = `新客${people}`
  })

  /** Everything of the inbox is handled, for better or worse. */
  async function settled(): Promise<void> {
    await expect.poll(() => sidekick.database.models.inbox.countDocuments({ state: 'waiting' })).toBe(0)
  }
  async function kindsSinceLastAct(): Promise<string[]> {
    await settled()
    return (await sidekick.chat.sinceLastAct()).map(entry => entry.kind).filter(kind => kind !== 'media')
  }
  const follow = (externalUserid: string) =>
    sidekick.database.models.follows.findOne({ externalUserid }).lean()

  it('is welcomed by name with the picture, tagged, and the staff member is told', async () => {
    const { chat, database } = sidekick
    const { externalUserid } = await chat.customer(name).adds('lina', { state: 'fair-2026-spring' })
    const welcome = await chat.expectWelcome(new RegExp(`^${name}您好.*李娜`))
    expect(welcome.params.attachments).toMatchObject([{ msgtype: 'image' }])
    await chat.expectTag('渠道/春展')
    await chat.expectTag('客户状态/新客户')
    await chat.expectAppMessage('lina', name)
    expect(await kindsSinceLastAct()).toEqual(['welcome', 'mark_tag', 'app_message'])

    expect(await database.models.customers.findOne({ externalUserid }).lean()).toMatchObject({ name })
    expect(await follow(externalUserid)).toMatchObject({
      state: 'fair-2026-spring',
      stage: '待跟进',
      status: 'active',
    })
    expect((await follow(externalUserid))?.tags).toHaveLength(2)
    const story = await database.models.trajectories.find({ externalUserid }).sort({ at: 1 }).lean()
    expect(story.map(row => row.kind).sort()).toEqual(['added', 'tagged', 'welcomed'])
    expect(await database.models.welcomes.find({ externalUserid }).lean()).toMatchObject([
      { state: 'sent', handler: 'welcome-spring-fair', attempts: 1 },
    ])
  })

  it('is welcomed and tagged once, however often the platform delivers it', async () => {
    await sidekick.chat.customer(name).adds('lina', { deliveries: 5 })
    await sidekick.chat.expectWelcome(name)
    expect(await kindsSinceLastAct()).toEqual(['welcome', 'mark_tag'])
  })

  it('is welcomed while the request waits, and tagged once it is confirmed', async () => {
    const { chat } = sidekick
    const { externalUserid } = await chat.customer(name).adds('lina', { half: true })
    await chat.expectWelcome(/./)
    expect(await kindsSinceLastAct()).toEqual(['welcome'])
    expect(await sidekick.database.models.runs.findOne({ externalUserid }).lean()).toMatchObject({
      state: 'waiting',
    })

    await chat.customer(externalUserid).adds('lina')
    await chat.expectTag('客户状态/新客户')
    expect(await kindsSinceLastAct()).toEqual(['mark_tag'])
    expect(await sidekick.database.models.runs.findOne({ externalUserid }).lean()).toMatchObject({
      state: 'done',
    })
    expect(await follow(externalUserid)).toMatchObject({ customerName: name })
  })

  it('is welcomed with the code of the confirmation where the request brought none', async () => {
    const { chat } = sidekick
    const { externalUserid } = await chat.customer(name).adds('lina', { half: true, noCode: true })
    expect(await kindsSinceLastAct()).toEqual([])
    await chat.customer(externalUserid).adds('lina')
    await chat.expectWelcome(name)
    expect((await kindsSinceLastAct()).sort()).toEqual(['mark_tag', 'welcome'])
  })

  it('is tagged without a welcome where the platform gives no code', async () => {
    const { externalUserid } = await sidekick.chat.customer(name).adds('lina', { noCode: true })
    expect(await kindsSinceLastAct()).toEqual(['mark_tag'])
    expect(await sidekick.database.models.welcomes.find({ externalUserid }).lean()).toMatchObject([
      { state: 'no_code', causes: [] },
    ])
  })

  it('is welcomed again after the relation had ended', async () => {
    const { chat } = sidekick
    const { externalUserid } = await chat.customer(name).adds('lina')
    await chat.expectWelcome(name)
    await settled()
    await chat.customer(externalUserid).deletes('lina')
    await settled()
    expect(await follow(externalUserid)).toMatchObject({ status: 'lost', stage: '已流失' })
    await chat.customer(externalUserid).adds('lina')
    await chat.expectWelcome(name)
    await settled()
    expect(await follow(externalUserid)).toMatchObject({ status: 'active', stage: '待跟进' })
  })

  it('gets the welcome without its picture rather than none, where the platform has lost the picture', async () => {
    const { chat, database, app } = sidekick
    await database.models.materials.updateMany(
      { corpId: app.corpId },
      { $set: { media: { mediaId: 'gone', expiresAt: new Date(Date.now() + 86_400_000) } } },
    )
    await chat.customer(name).adds('lina', { state: 'fair-2026-spring' })
    // Uploaded anew, because the platform said that the old one is gone.
    const welcome = await chat.expectWelcome(name)
    expect(welcome.params.attachments).toMatchObject([{ msgtype: 'image' }])
  })

  it('is welcomed although the tag cannot be marked, and the run says why', async () => {
    const { chat, database } = sidekick
    await publishLive(sidekick, {
      schemaVersion: 1,
      key: 'welcome-broken-tag',
      title: '标签不存在',
      priority: 1,
      after: 'stop',
      trigger: { event: 'customer.added', match: { state: { eq: 'broken' } } },
      steps: [
        { id: 'tag', action: 'customer.tag', with: { add: ['{{ event.state }}'] }, onError: 'continue' },
        { id: 'welcome', action: 'welcome.send', with: { text: '欢迎 {{ customer.name }}' } },
        {
          id: 'tell',
          action: 'staff.notify',
          with: { to: ['staff'], text: '标签没打上' },
          if: { path: 'steps.tag.ok', is: 'eq', value: false },
        },
      ],
    })
    const { externalUserid } = await chat.customer(name).adds('lina', { state: 'broken' })
    await chat.expectWelcome(`欢迎 ${name}`)
    await chat.expectAppMessage('lina', '标签没打上')
    await settled()
    expect(
      await database.models.runs.findOne({ externalUserid, handler: 'welcome-broken-tag' }).lean(),
    ).toMatchObject({
      steps: [{ state: 'failed', error: { code: 'tag_unknown' } }, { state: 'done' }, { state: 'done' }],
    })
  })

  it('is not welcomed while the corp is paused, and the ledger says so', async () => {
    const { chat, database, app } = sidekick
    const { corps, welcomes } = database.models
    await corps.updateOne({ corpId: app.corpId }, { paused: { at: new Date(), by: 'zhouming' } })
    const handled = async () => {
      people += 1
      const { externalUserid } = await chat.customer(`新客${people}`).adds('lina')
      await settled()
      return welcomes.findOne({ externalUserid }, { _id: 0 }).lean()
    }
    const unwelcomed = { state: 'unused', reason: 'paused', attempts: 0 }
    await expect.poll(handled).toMatchObject(unwelcomed)
    expect((await chat.sinceLastAct()).map(({ kind }) => kind)).toEqual([])
    await corps.updateOne({ corpId: app.corpId }, { $unset: { paused: 1 } })
    await expect.poll(handled).toMatchObject({ state: 'sent' })
  })

  it('tags those whose confirmation brings a code that has run out', async () => {
    const { chat, database } = sidekick
    const { externalUserid } = await chat.customer(name).adds('lina', { half: true, noCode: true })
    await settled()
    await fetch(`${sidekick.simulator.url}/__sim/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ path: 'externalcontact/send_welcome_msg', errcode: 41050, times: 1 }]),
    })
    await chat.customer(externalUserid).adds('lina')
    await chat.expectTag('客户状态/新客户')
    await settled()
    const rows = await database.models.welcomes.find({ externalUserid }).sort({ state: 1 }).lean()
    expect(rows).toMatchObject([{ state: 'expired' }, { state: 'no_code' }])
    expect(await database.models.inbox.countDocuments({ state: 'dead' })).toBe(0)
  })

  it('is told of once, where the platform never answers the notice', async () => {
    const { chat, database, simulator } = sidekick
    await fetch(`${simulator.url}/__sim/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify([{ path: 'message/send', drop: true, times: 3 }]),
    })
    const { externalUserid } = await chat.customer(name).adds('lina', { state: 'fair-2026-spring' })
    await chat.expectWelcome(name)
    await settled()
    await fetch(`${simulator.url}/__sim/faults`, { method: 'DELETE' })
    const run = await database.models.runs.findOne({ externalUserid }).lean()
    expect(run?.steps.at(-1)).toMatchObject({ id: 'tell', state: 'failed', attempts: 1, uncertain: true })
  })

  it('is welcomed once by two instances that get the same event', async () => {
    const { chat, simulator, app, url } = sidekick
    const other = await sidekick.another()
    const point = (callbackBase: string) =>
      fetch(`${simulator.url}/__sim/hold-check`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ corpId: app.corpId, secret: app.secret, callbackBase }),
      })
    const adding = chat.customer(name).adds('lina', { deliveries: 6, gapMs: 15 })
    for (const base of [other.url, url, other.url, url]) await point(base)
    await adding
    await chat.expectWelcome(name)
    expect(await kindsSinceLastAct()).toEqual(['welcome', 'mark_tag'])
  })
})
