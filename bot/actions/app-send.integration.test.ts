import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { appSend } from './app-send.ts'

const { corpId } = platformApp
const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6])

describe('app.send', () => {
  let database: Database
  let platform: TestPlatform
  beforeAll(async () => {
    ;[database, platform] = await Promise.all([openTestDatabase(), startTestPlatform(loadDemoCorp)])
    const { models } = database
    const sales = {
      corpId,
      departmentId: '3',
      name: '销售部',
      parentId: '1',
      order: 1,
      leaders: ['zhouming'],
    }
    await models.departments.create(sales, { ...sales, departmentId: '1', name: '木棠家居', parentId: '0' })
    await models.files.create({ corpId, sha256: 'f'.repeat(64), contentType: 'image/jpeg', bytes: picture })
    const material = { corpId, category: 'c', title: '沙发', file: 'f'.repeat(64), fileName: 'sofa.jpg' }
    await models.materials.create({ ...material, key: 'sofa', kind: 'image' })
    await models.materials.collection.insertOne({ ...material, key: 'prices', kind: 'file' } as never)
    await models.materials.create({ ...material, key: 'words', kind: 'text', text: '你好' })
  })
  afterAll(() => Promise.all([database.close(), platform.close()]))
  beforeEach(() => platform.control('POST', 'reset', {}))

  const context = (more: object = {}) => actionContext(database.models, platform, more)
  const run = (params: object, more: object = {}) => appSend.run(context(more), params)
  const uploaded = async (type: 'file') => {
    const file = { filename: 'prices.pdf', bytes: picture, contentType: 'application/pdf' }
    const { media_id: mediaId } = await platform.client.upload(type, file)
    return { mediaId, expiresAt: new Date(Date.now() + 3_600_000) }
  }
  const sent = async () => {
    const all = (await platform.control('GET', 'outbox?since=0')) as OutboxEntry[]
    return all.filter(one => one.kind === 'app_message').map(one => one.params)
  }

  it('reaches staff, leads and admins by word, nobody twice', async () => {
    await run(
      { to: { users: ['staff', 'LiNa', 'lead', 'admin'] }, text: '好' },
      { admins: ['ZhouMing', 'hemin'] },
    )
    expect(await sent()).toMatchObject([{ touser: 'lina|zhouming|hemin', text: { content: '好' } }])
  })

  it('reaches departments by id and by name, once each', async () => {
    await run({ to: { departments: ['3', 'name:销售部'] }, markdown: '**好**' })
    expect(await sent()).toMatchObject([{ toparty: '3', markdown: { content: '**好**' } }])
  })

  it('tells which recipients were not reached', async () => {
    const output = await run({
      to: { users: ['lina', 'Nobody'], departments: ['99'], tags: ['7'] },
      text: '好',
    })
    expect(output).toMatchObject({
      invalid: { users: ['nobody'], departments: ['99'], tags: ['7'] },
      unlicensed: [],
      msgid: expect.stringMatching(/./),
    })
  })

  it('refuses, with a sentence, when nobody can be reached', async () => {
    await expect(run({ to: { users: ['Nobody'] }, text: '好' })).rejects.toMatchObject({
      code: 'nobody_reached',
      answer: '收件人都无效，或不在应用可见范围内，消息没有发出。',
    })
  })

  it('refuses before anything is sent when there is nobody to send to, or no such department', async () => {
    await expect(run({ to: { users: ['admin'] }, text: '好' })).rejects.toMatchObject({
      code: 'nobody_named',
    })
    const to = { departments: ['name:研发部'] }
    await expect(run({ to, text: '好' })).rejects.toMatchObject({
      code: 'department_unknown',
      answer: '没有叫“研发部”的部门，消息没有发出。',
    })
    expect(await sent()).toEqual([])
  })

  it('takes one recipient of a text that a template brings, and nobody who is none', async () => {
    for (const to of [
      { users: ['lina|chenjie'] },
      { departments: ['3|1'] },
      { departments: ['@all'] },
      { tags: ['7|8'] },
    ])
      await expect(run({ to, text: '好' })).rejects.toMatchObject({ code: 'recipient_unfit' })
    expect(await sent()).toEqual([])
  })

  it('reaches the root department, which is everybody, only where the document names it', async () => {
    const name = 'name:木棠家居'
    for (const departments of [['1'], ['01'], [name]])
      for (const filledIn of [['to.departments.0'], ['to.departments']])
        await expect(run({ to: { departments }, text: '好' }, { filledIn })).rejects.toMatchObject({
          code: 'everybody_unwritten',
        })
    expect(await sent()).toEqual([])
    const filledIn = ['text', 'to.departments.1']
    await run({ to: { departments: [name, '3'] }, text: '好' }, { filledIn })
    expect(await sent()).toMatchObject([{ toparty: '1|3' }])
  })

  it('cuts what templates have made too long where the platform would, and refuses it where the platform would', async () => {
    await run({ to: { users: ['lina'] }, text: '长'.repeat(700) })
    expect(await sent()).toMatchObject([{ text: { content: '长'.repeat(682) } }])
    await expect(run({ to: { users: ['lina'] }, markdown: '长'.repeat(700) })).rejects.toThrow(/2100 bytes/)
  })

  it('writes out a number that a template brought', async () => {
    await run({ to: { users: ['lina'] }, text: 12 })
    expect(await sent()).toMatchObject([{ text: { content: '12' } }])
  })

  it('sends a picture by the key of its material, and again when the platform has lost its copy', async () => {
    const to = { users: ['lina'] }
    await run({ to, image: 'sofa', safe: 1 })
    const lost = { mediaId: 'lost', expiresAt: new Date(Date.now() + 3_600_000) }
    await database.models.materials.updateOne({ corpId, key: 'sofa' }, { media: lost })
    await run({ to, image: 'sofa' })
    expect(await sent()).toMatchObject([
      { msgtype: 'image', safe: 1 },
      { msgtype: 'image', image: { media_id: expect.not.stringMatching(/^lost$/) } },
    ])
    expect(await platform.calls('media/upload')).toBe(2)
  })

  it('sends a file', async () => {
    await database.models.materials.updateOne(
      { corpId, key: 'prices' },
      { $set: { media: await uploaded('file') } },
    )
    await run({ to: { users: ['lina'] }, file: 'prices' })
    expect(await sent()).toMatchObject([{ msgtype: 'file' }])
  })

  it('refuses a material that is not there, or is of another kind', async () => {
    const to = { users: ['lina'] }
    await expect(run({ to, image: 'chair' })).rejects.toMatchObject({
      answer: '没有叫“chair”的素材，请检查处理器。',
    })
    await expect(run({ to, image: 'words' })).rejects.toMatchObject({
      answer: '素材“words”不是图片，请检查处理器。',
    })
  })

  it('gives a card with buttons a task of the step, so that the platform takes it once, and its code for an update', async () => {
    const template_card = {
      card_type: 'button_interaction',
      main_title: { title: '办好了吗' },
      horizontal_content_list: [{ keyname: '人', userid: 'lina' }],
      button_list: [
        { text: '好了', key: '今日' },
        { text: '看看', url: 'https://a.example/' },
      ],
    }
    const params = { to: { users: ['lina'] }, template_card }
    expect(await run(params)).toMatchObject({ responseCode: expect.stringMatching(/./) })
    const [first] = await sent()
    expect(first?.template_card).toMatchObject({
      task_id: expect.stringMatching(/^[\w-]{43}$/),
      horizontal_content_list: [{ type: 3 }],
      button_list: [{ type: 0 }, { type: 1 }],
    })
    await expect(run(params)).rejects.toMatchObject({ errcode: 42014 })
    await run(params, { key: 'another/step' })
    expect(await sent()).toHaveLength(2)
  })

  it('gives a card that nobody can click no task', async () => {
    const template_card = {
      card_type: 'text_notice',
      sub_title_text: '一',
      card_action: { url: 'https://a.example/' },
    }
    expect(await run({ to: { users: ['lina'] }, template_card })).not.toHaveProperty('responseCode')
    const [card] = await sent()
    expect(card?.template_card).not.toHaveProperty('task_id')
    expect(card?.template_card).toMatchObject({ card_action: { type: 1 } })
  })

  it('passes the platform’s refusal on', async () => {
    const content = { appid: 'wx1', title: '订单提醒' }
    await expect(run({ to: { users: ['lina'] }, miniprogram_notice: content })).rejects.toMatchObject({
      errcode: 48002,
    })
  })

  it('is cut off with its run, and sends nothing then', async () => {
    const signal = AbortSignal.abort(new Error('timed out'))
    await expect(run({ to: { users: ['lina'] }, text: '好' }, { signal })).rejects.toThrow('timed out')
    expect(await sent()).toEqual([])
  })

  it('shows in a dry run what it would send, and to whom, without sending or uploading anything', async () => {
    const would = await appSend.preview?.(context(), { to: { users: ['lead'] }, image: 'sofa' })
    expect(would).toMatchObject({ touser: 'zhouming', image: { media_id: 'material:sofa' } })
    await expect(
      appSend.preview?.(context(), { to: { users: ['lina'] }, image: 'chair' }),
    ).rejects.toMatchObject({
      code: 'material_unknown',
    })
    expect(await sent()).toEqual([])
    expect(await platform.calls('media/upload')).toBe(0)
  })
})
