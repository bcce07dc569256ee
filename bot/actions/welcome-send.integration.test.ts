import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import type { Material } from '../../models/material.ts'
import { parseEvent } from '../events/parse.ts'
import { compileHandler, HandlerInvalid } from '../handlers/compile.ts'
import type { ActionContext } from './define.ts'
import { actions } from './registry.ts'
import { welcomeSend } from './welcome-send.ts'

const { corpId } = platformApp
const path = 'externalcontact/send_welcome_msg'
const png = Buffer.from('89504e470d0a1a0a00000000', 'hex')
const mp4 = Buffer.from('000000186674797069736f6d', 'hex')

describe('welcome.send', () => {
  let database: Database
  let platform: TestPlatform
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    const file = (sha256: string, contentType: string, bytes: Buffer) => ({
      ...{ corpId, sha256, contentType, bytes },
    })
    await database.models.files.insertMany([
      file('png', 'image/png', png),
      file('mp4', 'video/mp4', mp4),
      file('pdf', 'application/pdf', Buffer.from('%PDF-1.7')),
    ])
    const material = (key: string, kind: Material['kind'], more: object = {}) => ({
      ...{ corpId, key, kind, category: 'c', title: key },
      ...more,
    })
    const shop = { url: 'https://shop.example/a' }
    await database.models.materials.insertMany([
      material('picture', 'image', { file: 'png', fileName: 'a.png' }),
      material('link', 'link', { ...shop, title: '链'.repeat(50), pictureUrl: 'https://p.example/p' }),
      material('mini', 'miniprogram', { appid: 'wx1', page: 'pages/a', file: 'png', title: '商'.repeat(30) }),
      material('film', 'video', { file: 'mp4', fileName: 'a.mp4' }),
      material('paper', 'file', { file: 'pdf', fileName: '报价.pdf' }),
      material('words', 'text', { text: '店里周一休息。' }),
      material('voice', 'voice', { file: 'png' }),
      material('mini-without-page', 'miniprogram', { appid: 'wx1', file: 'png' }),
      material('link-nowhere', 'link', { url: 'shop' }),
      material('file-gone', 'image', { file: 'not stored' }),
      material('no-film', 'video', { file: 'pdf' }),
    ])
    await database.models.materials.create({ ...material('theirs', 'link', shop), corpId: 'ww-another' })
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))

  let customer = ''
  beforeEach(() => {
    customer = `wm${randomUUID()}`
  })
  /** A step of an add's handler, with a code of the platform's. */
  async function added(): Promise<ActionContext & { code: string }> {
    // Nobody hears the callback; the code lives all the same.
    const answer = await platform.control('POST', 'customers/add', {
      staff: 'lina',
      externalUserid: customer,
    })
    const { welcomeCode } = answer as { welcomeCode: string }
    return { ...contextFor(welcomeCode), code: welcomeCode }
  }
  function contextFor(code: string): ActionContext {
    const seconds = Math.floor(Date.now() / 1000)
    const xml = `<xml><ToUserName>${corpId}</ToUserName><FromUserName>sys</FromUserName><CreateTime>${seconds}</CreateTime><MsgType>event</MsgType><Event>change_external_contact</Event><ChangeType>add_external_contact</ChangeType><UserID>lina</UserID><ExternalUserID>${customer}</ExternalUserID>${code && `<WelcomeCode>${code}</WelcomeCode>`}</xml>`
    const event = { ...parseEvent(xml), id: `${corpId}:${customer}` }
    return actionContext(database.models, platform, {
      event,
      key: `${event.id}/test/welcome`,
      relation: event.id,
    })
  }
  const begin = () =>
    database.models.follows.create({
      ...{ corpId, userid: 'lina', useridKey: 'lina', externalUserid: customer, status: 'active' },
      relation: { first: `${corpId}:${customer}`, at: new Date() },
    })
  const outbox = async () =>
    ((await platform.control('GET', 'outbox')) as { kind: string; params: Record<string, unknown> }[])
      .filter(entry => entry.kind === 'welcome')
      .at(-1)?.params
  const preview = (params: object) => welcomeSend.preview?.(contextFor('a code'), params)

  it('sends the text and materials of every kind that the platform takes, and the ledger has it', async () => {
    const context = await added()
    await begin()
    const materials = ['picture', 'link', 'mini', 'film', 'paper', 'words']
    expect(await welcomeSend.run(context, { text: '您好', materials })).toEqual({ state: 'sent' })
    expect(await outbox()).toMatchObject({
      text: { content: '您好\n\n店里周一休息。' },
      attachments: [
        { msgtype: 'image', image: { media_id: expect.any(String) } },
        { msgtype: 'link', link: { title: '链'.repeat(42), picurl: 'https://p.example/p' } },
        { msgtype: 'miniprogram', miniprogram: { title: '商'.repeat(21), appid: 'wx1', page: 'pages/a' } },
        { msgtype: 'video', video: { media_id: expect.any(String) } },
        { msgtype: 'file', file: { media_id: expect.any(String) } },
      ],
    })
    expect(await database.models.welcomes.findOne({ welcomeCode: context.code }).lean()).toMatchObject({
      ...{ state: 'sent', handler: 'test', revision: 1 },
      sent: {
        text: '您好\n\n店里周一休息。',
        attachments: [
          { kind: 'image', title: 'picture' },
          { kind: 'link' },
          { kind: 'miniprogram' },
          { kind: 'video' },
          { kind: 'file', title: 'paper' },
        ],
      },
    })
  })

  it('goes without what cannot be had, and says what that was', async () => {
    const context = await added()
    await begin()
    const missing = [
      'voice',
      'mini-without-page',
      'link-nowhere',
      'file-gone',
      'no-film',
      'nothing',
      'theirs',
    ]
    const output = await welcomeSend.run(context, { text: '您好', materials: [...missing, 'picture'] })
    expect(output).toEqual({ state: 'sent', missing })
    expect(await outbox()).toMatchObject({ attachments: [{ msgtype: 'image' }] })
  })

  it('says that the end of a text was left out, in the ledger and in an answer that is given again', async () => {
    const context = await added()
    await begin()
    const text = '好'.repeat(1_334)
    for (const _attempt of ['first', 'again'])
      expect(await welcomeSend.run(context, { text, materials: [] })).toEqual({ state: 'sent', cut: true })
    expect(await outbox()).toMatchObject({ text: { content: '好'.repeat(1_333) } })
    const row = await database.models.welcomes.findOne({ welcomeCode: context.code }).lean()
    expect(row?.sent).toMatchObject({ cut: true })
  })

  it('tells in its first words that it would be cut, because a line shows no more', async () => {
    expect(JSON.stringify(await preview({ text: '好'.repeat(1_400) }))).toMatch(
      /^\{"state":"sent","cut":true,/,
    )
  })

  it.each([
    [
      'the fallback for an empty text',
      { text: ' ', fallback: '朋友您好' },
      { text: '朋友您好', fallback: true },
    ],
    [
      'the fallback with a text material behind it',
      { text: '', fallback: '朋友您好', materials: ['words'] },
      { text: '朋友您好\n\n店里周一休息。', fallback: true },
    ],
    [
      'a plain welcome where nothing could be had',
      { materials: ['nothing'] },
      { text: '您好，很高兴认识您！', fallback: true },
    ],
    ['materials alone', { text: '', materials: ['link'] }, { text: '', attachments: [{ kind: 'link' }] }],
    ['cut at 4,000 bytes', { text: '好'.repeat(1_400) }, { cut: true, text: '好'.repeat(1_333) }],
  ])('says %s', async (_what, params, sent) => {
    expect(await preview(params)).toMatchObject({ state: 'sent', ...sent })
  })

  it('does not say that it fell back where it has not', async () => {
    expect(await preview({ text: '您好', fallback: '朋友您好' })).toEqual({
      state: 'sent',
      text: '您好',
      attachments: [],
    })
  })

  it('previews without a call and without a row', async () => {
    const calls = async () => JSON.stringify(await platform.control('GET', 'calls'))
    await database.models.materials.updateMany({ corpId }, { $unset: { media: 1 } })
    const before = await calls()
    expect(await preview({ text: '您好', materials: ['picture', 'paper'] })).toMatchObject({
      attachments: [{ kind: 'image' }, { kind: 'file' }],
    })
    expect(await calls()).toBe(before)
    expect(await database.models.welcomes.countDocuments({ welcomeCode: 'a code' })).toBe(0)
    expect(await welcomeSend.preview?.(contextFor(''), { text: '您好' })).toMatchObject({ state: 'no_code' })
  })

  it('does nothing where the event brought no code', async () => {
    const before = await platform.calls(path)
    expect(await welcomeSend.run(contextFor(''), { text: '您好' })).toEqual({ state: 'no_code' })
    expect(await platform.calls(path)).toBe(before)
  })

  it('sends nothing twice when it is run again with the same key', async () => {
    const context = await added()
    await begin()
    await welcomeSend.run(context, { text: '您好' })
    const before = await platform.calls(path)
    expect(await welcomeSend.run(context, { text: '您好' })).toEqual({ state: 'sent' })
    expect(await welcomeSend.run({ ...context, handler: 'another' }, { text: '您好' })).toEqual({
      state: 'already',
    })
    expect(await platform.calls(path)).toBe(before)
  })

  it.each([
    ['neither text nor materials', {}, 'steps.0.with has neither text nor materials'],
    ['an empty text', { text: '' }, 'steps.0.with.text is empty'],
    [
      'a text that is too long',
      { text: '好'.repeat(1_334) },
      'steps.0.with.text has 4002 bytes; at most 4000 fit',
    ],
    [
      'a text that is too long whatever branch is taken',
      { text: `{% if customer.name %}您好{% else %}你好{% endif %}${'好'.repeat(1_334)}` },
      'steps.0.with.text has 4002 bytes; at most 4000 fit',
    ],
    ['ten materials', { materials: Array.from({ length: 10 }, () => 'a') }, 'steps.0.with.materials has 10'],
    [
      'a fallback alone',
      { materials: ['a'], fallback: '您好' },
      'steps.0.with.fallback stands in for a text, and there is none',
    ],
    ['a parameter that it has not', { text: '您好', material: 'a' }, 'material'],
  ])('refuses %s when it is published', (_what, params, sentence) => {
    const document = {
      ...{ schemaVersion: 1, key: 'welcome', title: '欢迎', trigger: { event: 'customer.added' } },
      steps: [{ id: 'welcome', action: 'welcome.send', with: params }],
    }
    expect(() => compileHandler(document, 1, actions)).toThrow(HandlerInvalid)
    expect(() => compileHandler(document, 1, actions)).toThrow(sentence)
  })
})
