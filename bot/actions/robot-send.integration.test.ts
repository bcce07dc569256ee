import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { loadDemoCorp } from '../../fixtures/corp/demo.ts'
import type { OutboxEntry } from '../../fixtures/simulator/outbox.ts'
import { actionContext } from '../../fixtures/test/action-context.ts'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { platformApp, startTestPlatform, type TestPlatform } from '../../fixtures/test/start-platform.ts'
import type { Database } from '../../models/connect.ts'
import { createLimitStore } from '../../models/limit-store.ts'
import { robotPlace } from '../../models/robot.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { type Apps, createApps } from '../apps.ts'
import type { Wecom } from '../wecom/client.ts'
import type { CallRecord } from '../wecom/transformers/record.ts'
import { robotSend } from './robot-send.ts'

const { corpId } = platformApp
/** The platform's minute, and ours, which is longer by what a busy machine may take. */
const minuteMs = 1_000
const ourMinuteMs = 3_000
const picture = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 1, 2, 3, 4, 5, 6])
const [demoRobot] = loadDemoCorp().robots ?? []
const key = demoRobot?.key ?? ''

describe('robot.send', () => {
  let database: Database
  let platform: TestPlatform
  const wecoms: Wecom[] = []
  /** Of two instances. */
  let apps: Apps[]
  const recorded: CallRecord[] = []

  beforeAll(async () => {
    database = await openTestDatabase()
    platform = await startTestPlatform(loadDemoCorp)
    const { models } = database
    const secrets = createSecretBox(Buffer.alloc(32, 7))
    apps = [1, 2].map(() => {
      const wecom = platform.connect({
        limits: createLimitStore(models.limits),
        bounds: { robots: [{ ms: ourMinuteMs, most: 20 }] },
        log: entry => void recorded.push(entry),
      })
      wecoms.push(wecom)
      return createApps(models, secrets, wecom)
    })
    const seal = (name: string, given: string) => secrets.seal(robotPlace(corpId, name), given)
    await models.robots.create({ corpId, name: '销售群', key: seal('销售群', key), addedAt: new Date() })
    const gone = '0'.repeat(32)
    await models.robots.create({ corpId, name: '旧群', key: seal('旧群', gone), addedAt: new Date() })
    const other = { corpId: 'ww-other', name: '别家的群', key: 'sealed elsewhere', addedAt: new Date() }
    await models.robots.create(other)
    const files = [
      { sha256: 'a'.repeat(64), contentType: 'image/jpeg', bytes: picture },
      { sha256: 'b'.repeat(64), contentType: 'image/jpeg', bytes: Buffer.alloc(2 * 1_024 * 1_024 + 1, 1) },
    ]
    const gif = { sha256: 'c'.repeat(64), contentType: 'image/gif', bytes: Buffer.from('GIF89a.....') }
    await models.files.create([...files, gif].map(file => ({ ...file, corpId })))
    const material = { corpId, category: 'c', title: '沙发', file: 'a'.repeat(64), fileName: '报价.pdf' }
    await models.materials.collection.insertMany([
      { ...material, key: 'sofa', kind: 'image' },
      { ...material, key: 'huge', kind: 'image', file: 'b'.repeat(64) },
      { ...material, key: 'moving', kind: 'image', file: 'c'.repeat(64) },
      { ...material, key: 'prices', kind: 'file' },
    ])
  })
  afterAll(async () => {
    await platform.close()
    await database.close()
  })
  beforeEach(async () => {
    await control('reset', {})
    await control('limits', { minuteMs })
    await database.models.limits.deleteMany({})
  })

  const control = (path: string, body?: object) =>
    platform.control(body === undefined ? 'GET' : 'POST', path, body)
  const said = async () =>
    ((await control('outbox?since=0')) as OutboxEntry[])
      .filter(one => one.kind === 'robot')
      .map(one => one.params)
  const context = (from = 0, more: object = {}) => {
    // What robots need of the platform asks for no app.
    const client = wecoms[from]?.app(platformApp) as never
    const robot = (name: string) => (apps[from] as Apps).robot(corpId, name)
    return actionContext(database.models, { client }, { robot, ...more })
  }
  const run = (params: object, from = 0, more: object = {}) =>
    robotSend.run(context(from, more), { robot: '销售群', ...params })

  it('says a text, and mentions members by word, userid and mobile', async () => {
    await run({
      text: '来客户了',
      mention: ['staff', 'LINA', 'wangfang', '@all'],
      mentionMobiles: ['13800001234'],
    })
    expect(await said()).toMatchObject([
      {
        robot: '销售群',
        text: {
          content: '来客户了',
          mentioned_list: ['@all', 'lina', 'wangfang'],
          mentioned_mobile_list: ['13800001234'],
        },
      },
    ])
  })

  it.each([
    ['markdown', { markdown: '**好**<@lina>' }],
    ['markdown_v2', { markdown_v2: '| 一 | 二 |' }],
    ['image', { image: 'sofa' }],
    ['news', { news: [{ title: '一', url: 'https://a.example/', picture: 'https://a.example/1.png' }] }],
    ['file', { file: 'prices' }],
    [
      'template_card',
      {
        template_card: {
          card_type: 'text_notice',
          main_title: { title: '一' },
          horizontal_content_list: [{ keyname: '报价', value: '报价.pdf', material: 'prices' }],
          card_action: { url: 'https://a.example/' },
        },
      },
    ],
  ])('says %s', async (msgtype, params) => {
    await run(params)
    expect(await said()).toMatchObject([{ robot: '销售群', msgtype }])
  })

  it('says 25 things of two instances, 20 in a minute and the rest in the next, and loses none', async () => {
    const began = performance.now()
    const texts = Array.from({ length: 25 }, (_, at) => `第${at}条`)
    await Promise.all(texts.map((text, at) => run({ text }, at % 2, { key: `many/${at}` })))
    expect(performance.now() - began).toBeGreaterThan(ourMinuteMs)
    const contents = (await said()).map(one => (one.text as { content: string }).content)
    expect(contents.sort()).toEqual([...texts].sort())
    const calls = (await control('calls')) as Record<string, { errcodes: object }>
    expect(calls['webhook/send']?.errcodes).toEqual({ 0: 25 })
  })

  it('refuses a robot that is not there, or is another corp’s, with a sentence', async () => {
    for (const robot of ['采购群', '别家的群'])
      await expect(run({ robot, text: '好' })).rejects.toMatchObject({
        code: 'robot_unknown',
        answer: `没有叫“${robot}”的群机器人，请让管理员先添加。`,
      })
  })

  it('passes on that a robot was removed from its group, and does not try again', async () => {
    const calls = async () =>
      ((await control('calls')) as Record<string, { count: number }>)['webhook/send']?.count
    await expect(run({ robot: '旧群', text: '好' })).rejects.toMatchObject({
      errcode: 93000,
      reaction: 'give_up',
      hint: '群机器人地址无效或机器人已被移除',
    })
    expect(await calls()).toBe(1)
  })

  it.each([
    ['is too big', 'huge', 'picture_too_big'],
    ['is no JPG or PNG', 'moving', 'picture_unfit'],
  ])('refuses a picture that %s before it is sent', async (_what, image, code) => {
    await expect(run({ image })).rejects.toMatchObject({ code })
    expect(await said()).toEqual([])
  })

  it('shows its key nowhere: not to logs, not in what the platform says of it, not in errors', async () => {
    recorded.length = 0
    await control('faults', [{ path: 'webhook/send', errcode: 93004, times: 1 }])
    const refused = await run({ text: '好' }).then(
      () => new Error('it was sent'),
      (error: Error) => error,
    )
    await control('faults', [{ path: 'webhook/send', drop: true, times: 1 }])
    const silent = await run({ text: '好' }).then(
      () => new Error('it was sent'),
      (error: Error) => error,
    )
    expect(refused).toMatchObject({ errcode: 93004 })
    expect(silent).toMatchObject({ code: 'wecom_network_error' })
    const shown = [refused, silent].map(error => `${error.message} ${error.stack} ${JSON.stringify(error)}`)
    expect(recorded.length).toBeGreaterThanOrEqual(2)
    expect(JSON.stringify([shown, recorded, await said()])).not.toContain(key)
  })

  it('keeps the others talking while one robot has to rest', async () => {
    const other = robotFor('1'.repeat(32))
    await control('faults', [{ path: 'webhook/send', errcode: 45009, times: 1 }])
    const silenced = other.send({ msgtype: 'text', text: { content: '好' } }, { budgetMs: 10_000 })
    await expect(silenced).rejects.toMatchObject({ errcode: 45009 })
    await run({ text: '好' })
    expect(await said()).toHaveLength(1)
  })
  const robotFor = (given: string) => (wecoms[0] as Wecom).robot({ corpId, key: given })

  it('shows in a dry run what it would say, without saying it', async () => {
    const would = await robotSend.preview?.(context(), { robot: '销售群', text: '好', mention: ['staff'] })
    expect(would).toEqual({
      robot: '销售群',
      msgtype: 'text',
      text: { content: '好', mentioned_list: ['lina'] },
    })
    await expect(robotSend.preview?.(context(), { robot: '采购群', text: '好' })).rejects.toMatchObject({
      code: 'robot_unknown',
    })
    expect(await said()).toEqual([])
  })

  it('is cut off with its run, and says nothing then', async () => {
    const signal = AbortSignal.abort(new Error('timed out'))
    await expect(run({ text: '好' }, 0, { signal })).rejects.toThrow('timed out')
    await vi.waitFor(async () => expect(await said()).toEqual([]), 10_000)
  })
})
