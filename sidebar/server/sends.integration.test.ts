import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import type { PreparedSend, Profile } from '../api.ts'

const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
/** Followed by lina as well. */
const another = 'wmMTjJCgAA8UoEV79hWgp7KNXHpOB5vA'
const tony = 'wmMTjJCgAAw7vT4E2DK6Be8ORDPaGiCy'
const binjiang = 'wrMTjJCgAAMfexUdN4Fkx3CpEkndArJR'
const online = 'wrMTjJCgAA13T1VUN0PvOhF26mnnjjJK'

let sidekick: TestSidekick
let lina: Visitor

beforeAll(async () => {
  sidekick = await startTestSidekick()
  lina = await openVisitor(sidekick).login('lina')
})
afterAll(() => sidekick.stop())

const ask = (body: object, who = lina) =>
  who.post('/sidebar/api/sends', { key: randomUUID(), to: { externalUserid: zhangsan }, ...body })
const prepare = async (body: object) => (await ask(body)).json<PreparedSend>()
const report = (id: string, part: number, ok = true, who = lina) =>
  who.post(`/sidebar/api/sends/${id}`, { part, ok, errMsg: ok ? 'sendChatMessage:ok' : 'cancel' })
const sentRows = async () =>
  (await lina.get(`/sidebar/api/customers/${zhangsan}`))
    .json<Profile>()
    .timeline.filter(row => row.kind === 'sent')
    .map(row => row.text)

describe('what is sent', () => {
  it('is made ready in order, and pictures whose media id has run out are uploaded anew', async () => {
    const { materials } = sidekick.database.models
    const filter = { corpId: sidekick.app.corpId, key: 'showroom-map' }
    await materials.updateOne(filter, { $set: { media: { mediaId: 'old', expiresAt: new Date(0) } } })
    const { messages } = await prepare({ script: 'opening-store-visit' })
    const media = (await materials.findOne(filter).lean())?.media
    expect(media?.expiresAt.getTime()).toBeGreaterThan(Date.now())
    expect(messages).toEqual([
      { msgtype: 'text', text: { content: expect.stringMatching(/^这周您哪天方便/) } },
      { msgtype: 'image', image: { mediaid: media?.mediaId } },
      { msgtype: 'text', text: { content: expect.stringMatching(/^开车来直接停地下/) } },
    ])
    expect((await prepare({ material: 'showroom-map' })).messages).toEqual([
      { msgtype: 'image', image: { mediaid: media?.mediaId } },
    ])
  })

  it('may be one part of a script, with the customer’s name in it', async () => {
    const { messages } = await prepare({ script: 'opening-first-hello', part: 0 })
    expect(messages).toEqual([{ msgtype: 'text', text: { content: expect.stringMatching(/^张三您好呀/) } }])
    expect((await ask({ script: 'opening-first-hello', part: 7 })).status).toBe(404)
  })

  it('may be a link, without a picture that only we can load', async () => {
    const link = await sidekick.database.models.materials.findOne({ kind: 'link' }).lean()
    const { messages } = await prepare({ material: link?.key })
    expect(messages).toEqual([
      {
        msgtype: 'news',
        news: { link: link?.url, title: link?.title, desc: link?.description ?? '', imgUrl: '' },
      },
    ])
  })

  it('with one key is made ready once', async () => {
    const key = randomUUID()
    const [first, second] = [
      await prepare({ key, material: 'sofa' }),
      await prepare({ key, material: 'sofa' }),
    ]
    expect(second).toEqual(first)
    const together = randomUUID()
    const many = await Promise.all(
      Array.from({ length: 4 }, () => prepare({ key: together, material: 'bed' })),
    )
    expect(new Set(many.map(one => one.id)).size).toBe(1)
  })

  it('is bound to its key', async () => {
    const key = randomUUID()
    const script = 'opening-store-visit'
    const { id } = await prepare({ key, script, part: 0 })
    expect((await prepare({ key, script, part: 0 })).id).toBe(id)
    for (const other of [
      { script },
      { script, part: 1 },
      { material: 'sofa' },
      { script, part: 0, to: { chatId: binjiang } },
      { script, part: 0, to: { externalUserid: another } },
    ]) {
      const answer = await ask({ key, ...other })
      expect([answer.status, answer.text.includes(id)]).toEqual([400, false])
    }
  })

  it('is in the trajectory once all of it went, once', async () => {
    const before = (await sentRows()).length
    const { id } = await prepare({ script: 'opening-store-visit' })
    await report(id, 0, false)
    await report(id, 0)
    await report(id, 1)
    expect(await sentRows()).toHaveLength(before)
    for (let turn = 0; turn < 2; turn += 1) await report(id, 2)
    await report(id, 1, false)
    expect((await sentRows()).slice(0, 1)).toEqual(['话术《约到店》'])
    expect(await sentRows()).toHaveLength(before + 1)
  })

  it('is in the trajectory with how much of it went when it gets stuck, and again when the rest has gone', async () => {
    const before = (await sentRows()).length
    const { id } = await prepare({ script: 'opening-store-visit' })
    await report(id, 0)
    await report(id, 1)
    for (let turn = 0; turn < 2; turn += 1) await report(id, 2, false)
    expect((await sentRows()).slice(0, 1)).toEqual(['话术《约到店》（2/3）'])
    for (let turn = 0; turn < 2; turn += 1) await report(id, 2)
    await report(id, 2, false)
    expect((await sentRows()).slice(0, 1)).toEqual(['话术《约到店》（已补发完）'])
    expect(await sentRows()).toHaveLength(before + 2)
    const send = await sidekick.database.models.sends.findOne({ sendId: id }).lean()
    expect(send?.outcomes.map(({ part, ok }) => [part, ok]).sort()).toEqual([
      [0, true],
      [1, true],
      [2, true],
    ])
    expect(send?.finishedAt).toBeInstanceOf(Date)
  })

  it('that is a picture which the platform never takes is refused with the reason', async () => {
    const { corpId } = sidekick.app
    const { files, materials } = sidekick.database.models
    const sha256 = 'cd'.repeat(32)
    await files.create({ corpId, sha256, contentType: 'image/png', bytes: Buffer.from('tiny') })
    const made = {
      corpId,
      key: 'tiny',
      category: 'products',
      title: '小图',
      kind: 'image',
      file: sha256,
    } as const
    await materials.create(made)
    const answer = await ask({ material: 'tiny' })
    expect(answer.status).toBe(422)
    expect(answer.json()).toEqual({
      error: { code: 'platform_refused', message: expect.stringContaining('不超过 10 MB') },
    })
  })

  it('names a material as such', async () => {
    const { id } = await prepare({ material: 'sofa' })
    await report(id, 0)
    expect((await sentRows())[0]).toBe('素材《云朵三人沙发》')
  })

  it('may go to a group that the asker is in, in which nobody is called by name', async () => {
    const { messages } = await prepare({ to: { chatId: binjiang }, script: 'opening-first-hello' })
    expect(messages).toEqual([{ msgtype: 'text', text: { content: expect.stringMatching(/^您好呀/) } }])
  })
})

describe('a send is refused', () => {
  it.each([
    ['to somebody else’s customer', { to: { externalUserid: tony }, material: 'sofa' }, 403],
    ['to a group that the asker is not in', { to: { chatId: online }, material: 'sofa' }, 403],
    ['to nobody', { to: {}, material: 'sofa' }, 400],
    ['to two', { to: { externalUserid: zhangsan, chatId: binjiang }, material: 'sofa' }, 400],
    ['of nothing', {}, 400],
    ['of two things', { material: 'sofa', script: 'opening-first-hello' }, 400],
    ['of a part of a material', { material: 'sofa', part: 0 }, 400],
    ['of a script that is not there', { script: 'nothing' }, 404],
    ['of a material that is not there', { material: 'nothing' }, 404],
    ['with a key of another form', { material: 'sofa', key: '../x' }, 400],
  ])('%s', async (_what, body, status) => {
    expect((await ask(body)).status).toBe(status)
  })

  it('for a lead who only looks at the group', async () => {
    const zhouming = await openVisitor(sidekick).login('zhouming')
    const answer = await ask({ to: { chatId: online }, material: 'sofa' }, zhouming)
    expect(answer.status).toBe(403)
  })

  it('as a report about somebody else’s send, or about a part that is not there', async () => {
    const { id } = await prepare({ material: 'sofa' })
    const wangfang = await openVisitor(sidekick).login('wangfang')
    expect((await report(id, 0, true, wangfang)).status).toBe(404)
    expect((await report(randomUUID(), 0)).status).toBe(404)
    expect((await report(id, 1)).status).toBe(400)
    const send = await sidekick.database.models.sends.findOne({ sendId: id }).lean()
    expect(send?.outcomes).toEqual([])
  })
})
