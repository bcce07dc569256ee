import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchText } from '../../bot/actions/search-text.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { openVisitor, type Visitor } from '../../fixtures/test/visitor.ts'
import type { MaterialPage, ScriptPage } from '../api.ts'

const zhangsan = 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY'
const tony = 'wmMTjJCgAAw7vT4E2DK6Be8ORDPaGiCy'
let sidekick: TestSidekick
let lina: Visitor

beforeAll(async () => {
  sidekick = await startTestSidekick()
  lina = await openVisitor(sidekick).login('lina')
})
afterAll(() => sidekick.stop())

async function scripts(query: Record<string, string>): Promise<ScriptPage> {
  return (await lina.get(`/sidebar/api/scripts?${new URLSearchParams(query)}`)).json()
}
async function materials(query: Record<string, string>): Promise<MaterialPage> {
  return (await lina.get(`/sidebar/api/materials?${new URLSearchParams(query)}`)).json()
}
const titles = ({ scripts }: ScriptPage) => scripts.map(script => script.title)

describe('talk scripts', () => {
  it('are listed in their order, with how many there are in each category', async () => {
    const page = await scripts({})
    expect(page.total).toBe(30)
    expect(page.categories).toEqual([
      { key: 'opening', name: '开场问候', count: 5 },
      { key: 'products-intro', name: '产品介绍', count: 5 },
      { key: 'pricing', name: '报价与优惠', count: 5 },
      { key: 'objections', name: '异议处理', count: 5 },
      { key: 'delivery', name: '配送安装', count: 5 },
      { key: 'after-sales', name: '售后退换', count: 5 },
    ])
    expect(titles(page)[0]).toBe('刚加好友打招呼')
    expect(page.next).toBeNull()
  })

  it.each([
    ['退款', '退款多久到账'],
    ['tuikuan', '退款多久到账'],
    ['tk', '退款多久到账'],
    ['TKDJDZ', '退款多久到账'],
    ['退款 到账', '退款多久到账'],
    ['德清', '没听过你们牌子'],
    ['enf', '板材环保等级'],
  ])('are found by %s', async (q, best) => {
    expect(titles(await scripts({ q }))[0]).toBe(best)
  })

  it('are found by the title before keywords before texts', async () => {
    const found = titles(await scripts({ q: '安装' }))
    expect(found[0]).toBe('配送安装怎么安排')
    expect(found).toContain('网上更便宜')
    expect(found.indexOf('网上更便宜')).toBeGreaterThan(0)
    expect(titles(await scripts({ q: '退' }))[0]).toBe('退款多久到账')
  })

  it('of one category keep the counts of the others', async () => {
    const page = await scripts({ q: '退', category: 'after-sales' })
    expect(page.scripts.every(script => script.category === 'after-sales')).toBe(true)
    expect(page.total).toBe(page.categories.find(one => one.key === 'after-sales')?.count)
    expect(page.categories.find(one => one.key === 'pricing')?.count).toBeGreaterThan(0)
  })

  it('call the customer by the nickname, never by the remark', async () => {
    const [first] = (await scripts({ q: '打招呼', externalUserid: zhangsan })).scripts
    expect(first?.parts[0]).toEqual({ text: expect.stringMatching(/^张三您好呀，我是木棠家居的李娜。/) })
  })

  it.each([
    ['nobody in particular', ''],
    ['somebody else’s customer', tony],
    ['an unknown one', 'wmUnknown'],
  ])('read well for %s', async (_who, externalUserid) => {
    const [first] = (await scripts({ q: '打招呼', externalUserid })).scripts
    expect(first?.parts[0]).toEqual({ text: expect.stringMatching(/^您好呀，我是木棠家居的李娜。/) })
  })

  it('show their materials with thumbnails', async () => {
    const [first] = (await scripts({ q: '约到店' })).scripts
    expect(first?.parts[1]).toEqual({
      material: expect.objectContaining({
        key: 'showroom-map',
        thumb: expect.stringMatching(/^\/sidebar\/api\/files\/[0-9a-f]{64}\/thumb$/),
      }),
    })
  })

  it.each(['q=a&q=b', 'cursor=x', 'cursor=-1', 'limit=5', `q=${'x'.repeat(101)}`])(
    'are not listed for %s',
    async query => {
      expect((await lina.get(`/sidebar/api/scripts?${query}`)).status).toBe(400)
    },
  )

  it('that are new or changed are found a moment later', async () => {
    const { models } = sidekick.database
    const { corpId } = sidekick.app
    await scripts({})
    await models.scripts.updateOne(
      { corpId, key: 'objections-pets' },
      { $set: { search: searchText('狗也没问题', []) } },
    )
    await expect.poll(async () => titles(await scripts({ q: '狗也' }))).toEqual(['家里有猫会抓坏吗'])
  })

  it('come 30 at a time', async () => {
    const { models } = sidekick.database
    const { corpId } = sidekick.app
    await models.scripts.insertMany(
      Array.from({ length: 5_000 }, (_, at) => ({
        corpId,
        key: `many-${at}`,
        category: 'pricing',
        title: `批量话术第${at}条`,
        keywords: ['批量'],
        parts: [{ text: `关于第${at}条，您放心，我马上帮您确认，稍等两分钟给您回复。` }],
        search: searchText(`批量话术第${at}条`, ['批量'], [`关于第${at}条`]),
        order: 1_000 + at,
      })),
    )
    await expect.poll(async () => (await scripts({ q: '批量' })).total).toBe(5_000)
    const first = await scripts({ q: 'piliang' })
    expect([first.scripts.length, first.next]).toEqual([30, '30'])
    const second = await scripts({ q: 'piliang', cursor: first.next ?? '' })
    expect(titles(second)[0]).toBe('批量话术第30条')
    const last = await scripts({ q: 'piliang', cursor: '4980' })
    expect([last.scripts.length, last.next]).toEqual([20, null])
  })
})

describe('materials', () => {
  it('are listed and found like scripts', async () => {
    const all = await materials({})
    expect(all.categories.map(one => one.name)).toEqual(['产品图片', '尺寸与保养', '门店与活动'])
    expect(all.total).toBe(all.materials.length)
    const found = await materials({ q: 'yunduo' })
    expect(found.materials[0]).toMatchObject({ key: 'sofa', title: '云朵三人沙发', kind: 'image' })
    expect((await materials({ q: '科技布' })).materials.map(one => one.key)).toContain('sofa')
  })

  it('are found by what is stored with them, and by their words where nothing is', async () => {
    const { models } = sidekick.database
    const filter = { corpId: sidekick.app.corpId, key: 'sofa' }
    const stored = await models.materials.findOne(filter).lean()
    expect(stored?.search).toContain('yunduosanrenshafa')
    await models.materials.updateOne(filter, { $unset: { search: 1 } })
    await expect.poll(async () => (await materials({ q: 'yunduo' })).total).toBe(1)
    await models.materials.updateOne(filter, { $set: { search: '换了个说法' } })
    await expect.poll(async () => (await materials({ q: '换了个' })).total).toBe(1)
    await models.materials.updateOne(filter, { $set: { search: stored?.search ?? '' } })
    await expect.poll(async () => (await materials({ q: 'yunduo' })).total).toBe(1)
  })

  it('are not changed by what is uploaded for them', async () => {
    const { models } = sidekick.database
    const filter = { corpId: sidekick.app.corpId, key: 'sofa' }
    await models.materials.updateOne(filter, { $unset: { media: 1 } })
    const before = await models.materials.findOne(filter).lean()
    const customer = { externalUserid: 'wmMTjJCgAA1ghM7FNI4wQtsj5XlrcjjY' }
    await lina.post('/sidebar/api/sends', { key: crypto.randomUUID(), to: customer, material: 'sofa' })
    const after = await models.materials.findOne(filter).lean()
    expect(after?.media?.mediaId).toBeDefined()
    expect(after?.updatedAt).toEqual(before?.updatedAt)
  })

  it('have a thumbnail that is made once, for those who are logged in', async () => {
    const { materials: found } = await materials({ q: 'yunduo' })
    const path = found[0]?.thumb ?? ''
    expect((await openVisitor(sidekick).get(path)).status).toBe(401)
    const cookie = `sidekick=${lina.cookies.get('sidekick')}`
    const load = async () => fetch(`${sidekick.url}${path}`, { headers: { cookie } })
    const [first, second] = await Promise.all([load(), load()])
    expect(first.headers.get('content-type')).toBe('image/webp')
    expect(first.headers.get('cache-control')).toBe('private, max-age=31536000, immutable')
    const bytes = Buffer.from(await first.arrayBuffer())
    expect((await sharp(bytes).metadata()).width).toBe(240)
    expect(Buffer.from(await second.arrayBuffer())).toEqual(bytes)
    expect(Buffer.from(await (await load()).arrayBuffer())).toEqual(bytes)
    expect((await lina.get(`/sidebar/api/files/${'0'.repeat(64)}/thumb`)).status).toBe(404)
    expect((await lina.get('/sidebar/api/files/x/thumb')).status).toBe(404)
  })

  it('whose picture is broken are a fault of the house, of which nothing is told', async () => {
    const sha256 = 'ab'.repeat(32)
    await sidekick.database.models.files.create({
      corpId: sidekick.app.corpId,
      sha256,
      contentType: 'image/png',
      bytes: Buffer.from('no picture at all'),
    })
    const answer = await lina.get(`/sidebar/api/files/${sha256}/thumb`)
    expect(answer.status).toBe(500)
    expect(answer.json()).toEqual({
      error: { code: 'failed', message: '刚才出了点问题，没有办成，请稍后再试' },
    })
    expect(answer.headers.get('cache-control')).toBe('no-store')
    expect(sidekick.logged.filter(line => line.msg === 'a sidebar request failed')).toHaveLength(1)
  })
})
