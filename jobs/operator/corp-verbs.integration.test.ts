import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encrypt, getSignature } from 'wecom-crypto'
import { builtInHandlers } from '../../bot/commands/builtin.ts'
import { openOperator, type TestOperator } from '../../fixtures/test/operator.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { corpAdd, corpList, corpRotate, corpSet } from './corp-verbs.ts'

const key = Buffer.from('0f'.repeat(32), 'hex')
const second = { corpId: 'ww-second', app: '1000007' }
const pair = { token: 'TokenOfTheSecond', aesKey: 'k'.repeat(43) }
interface Pair {
  token: string
  aesKey: string
}

let sidekick: TestSidekick
let operator: TestOperator
let folder: string
beforeAll(async () => {
  sidekick = await startTestSidekick()
  const config = { publicUrl: 'https://sidekick.example.com/' }
  operator = openOperator(sidekick.database, { config, key })
  folder = await mkdtemp(join(tmpdir(), 'sidekick-corp-'))
})
afterAll(async () => {
  await operator?.close()
  await sidekick?.stop()
  await rm(folder, { recursive: true })
})

/** A message of the corp, sealed with these keys. @returns what the callback address answers */
async function send({ corpId, app }: typeof second, { token, aesKey }: Pair): Promise<string> {
  const seconds = String(Math.floor(Date.now() / 1000))
  const xml = `<xml><ToUserName>${corpId}</ToUserName><FromUserName>lina</FromUserName><CreateTime>${seconds}</CreateTime><MsgType>image</MsgType><MsgId>${randomBytes(6).readUIntBE(0, 6)}</MsgId></xml>`
  const sealed = encrypt(aesKey, xml, corpId)
  const query = new URLSearchParams({
    msg_signature: getSignature(token, seconds, 'n', sealed),
    timestamp: seconds,
    nonce: 'n',
  })
  const body = `<xml><Encrypt><![CDATA[${sealed}]]></Encrypt></xml>`
  const answer = await fetch(`${sidekick.url}/callback/${corpId}/${app}?${query}`, { method: 'POST', body })
  return `${answer.status} ${await answer.text()}`.trim()
}

describe('sidekick corp add', () => {
  it('makes a second corp that a running instance takes callbacks for, with handlers and syncs', async () => {
    const { models } = sidekick.database
    expect(await send(second, pair)).toBe('404 unknown_app')
    Object.assign(operator.secrets, { Secret: 'its-secret', Token: pair.token, EncodingAESKey: pair.aesKey })
    const { data, text } = await operator.run(corpAdd, { ...second, name: '第二家' })
    const url = 'https://sidekick.example.com/callback/ww-second/1000007'
    expect(data).toEqual({ ...second, url })
    expect(text).toBe(`URL             ${url}`)
    await expect.poll(() => send(second, pair)).toBe('200')
    expect(await models.inbox.countDocuments({ corpId: second.corpId, app: second.app })).toBe(1)
    expect(await models.handlers.distinct('key', { corpId: second.corpId, enabled: true })).toEqual(
      builtInHandlers.flatMap(({ key, enabled }) => (enabled === false ? [] : [key])).sort(),
    )
    const jobs = await operator.opened.jobs.list()
    const names = jobs.filter(job => job.corpId === second.corpId).map(job => job.name)
    expect(names.sort()).toEqual(['sync.customers', 'sync.staff', 'sync.tags'])
    const { rows } = await operator.run(corpList)
    expect(rows).toContainEqual(
      expect.objectContaining({ corp: second.corpId, name: '第二家', sends: 'yes' }),
    )
  })

  it('takes secrets from files, makes keys, and shows only those that it made', async () => {
    const file = join(folder, 'secret')
    await writeFile(file, 'another-secret\n')
    const given = { corpId: second.corpId, app: '1000008', 'secret-file': file, generate: true }
    const { data, text } = await operator.run(corpAdd, given)
    const { token, aesKey } = data as Pair
    expect(token).toMatch(/^[A-Za-z0-9]{32}$/)
    expect(aesKey).toMatch(/^[A-Za-z0-9]{43}$/)
    for (const shown of [token, aesKey]) expect(text).toContain(shown)
    expect(JSON.stringify({ data, text })).not.toContain('another-secret')
    await expect.poll(() => send({ ...second, app: '1000008' }, { token, aesKey })).toBe('200')
  })

  it.each([
    [{ corpId: 'no corp' }, /is not a corp id/],
    [{ app: 'main' }, /is no app/],
    [{ Secret: 'has space' }, /^Secret holds white space$/],
    [{ Token: 'x'.repeat(33) }, /^Token is not 1 to 32 letters and digits$/],
    [{ EncodingAESKey: 'short' }, /^EncodingAESKey is not 43 letters and digits$/],
    [{ 'secret-file': '/nowhere' }, /nowhere cannot be read/],
    [{ app: second.app }, /has an app 1000007 already; corp rotate/],
  ])('refuses %o', async (change, message) => {
    const well = { Secret: 'good', Token: 'good', EncodingAESKey: 'k'.repeat(43) }
    const names = Object.keys(change)
    Object.assign(operator.secrets, well, names.some(name => name in well) ? change : {})
    await expect(operator.run(corpAdd, { ...second, app: '1000010', ...change })).rejects.toThrow(message)
    expect(await sidekick.database.models.corps.countDocuments({ 'apps.app': '1000010' })).toBe(0)
  })

  it('refuses another key than the one that secrets are sealed with', async () => {
    const other = openOperator(sidekick.database, { key: Buffer.alloc(32, 7) })
    await expect(other.run(corpAdd, { ...second, app: '1000010' })).rejects.toThrow('ENCRYPTION_KEY is not')
    await expect(other.run(corpRotate, second)).rejects.toThrow('ENCRYPTION_KEY is not')
    await other.close()
  })
})

describe('sidekick corp set', () => {
  const corpId = 'ww-second'

  it('stores time zone and office hours, which the list shows and running instances go by', async () => {
    const set = { corpId, 'time-zone': 'Asia/Tokyo', office: '8:30-17:00 1-5' }
    const { text, notes } = await operator.run(corpSet, set)
    expect(text).toBe('ww-second: 08:30-17:00 1,2,3,4,5 in Asia/Tokyo')
    expect(notes).toEqual(['running instances follow within 5 s'])
    const { rows } = await operator.run(corpList)
    const told = { corp: corpId, zone: 'Asia/Tokyo', office: '08:30-17:00 1,2,3,4,5' }
    expect(rows).toContainEqual(expect.objectContaining(told))
    expect(await operator.opened.apps.corp(corpId)).toMatchObject({ office: { from: 510, to: 1020 } })
  })

  it('changes one of them and leaves the other', async () => {
    const { data } = await operator.run(corpSet, { corpId, 'time-zone': 'Europe/Paris' })
    expect(data).toEqual({
      corpId,
      timeZone: 'Europe/Paris',
      office: { from: 510, to: 1020, days: [1, 2, 3, 4, 5] },
    })
  })

  it.each([
    [{}, 'give --time-zone'],
    [{ 'time-zone': 'Mars/Base' }, '"Mars/Base" is not the IANA name'],
    [{ 'time-zone': '+08:00' }, '"+08:00" is not the IANA name'],
    [{ office: '18:00-9:00' }, 'ends before it begins'],
    [{ corpId: 'wwNobody', office: '9:00-18:00' }, 'there is no corp wwNobody'],
  ])('refuses %o', async (change, message) => {
    await expect(operator.run(corpSet, { corpId, ...change })).rejects.toThrow(message)
  })
})

describe('sidekick corp rotate', () => {
  it('has both pairs taken, then only the new one', async () => {
    const { data } = await operator.run(corpRotate, { ...second, generate: true, overlap: '1h' })
    const fresh = data as Pair & { formerKeysUntil: Date }
    await expect.poll(() => send(second, fresh)).toBe('200')
    expect(await send(second, pair)).toBe('200')
    expect(fresh.formerKeysUntil.getTime()).toBeGreaterThan(Date.now() + 3_500_000)
    const { rows } = await operator.run(corpList)
    expect(rows?.find(row => row.app === second.app)?.['former keys until']).toBeDefined()

    Object.assign(operator.secrets, { Token: 'third', EncodingAESKey: 't'.repeat(43) })
    const answer = await operator.run(corpRotate, { ...second, overlap: '0s' })
    expect(JSON.stringify(answer)).not.toContain('third')
    await expect.poll(() => send(second, fresh)).toBe('401 bad_signature')
    expect(await send(second, { token: 'third', aesKey: 't'.repeat(43) })).toBe('200')
  })

  it('says where the environment has the keys too', async () => {
    const { corpId, agentId, secret } = sidekick.app
    const callback = { token: 'x', aesKey: 'x' }
    const own = openOperator(sidekick.database, {
      key,
      config: { app: { corpId, agentId, secret, callback } },
    })
    own.secrets.Secret = secret
    const { notes, data } = await own.run(corpRotate, { corpId, app: agentId, secret: true })
    expect(notes).toEqual([expect.stringContaining('in the environment too')])
    expect(JSON.stringify(data)).not.toContain(secret)
    await own.close()
  })

  it.each([
    [{ corpId: 'ww-nobody', generate: true }, /no app 1000007 of corp ww-nobody/],
    [{ overlap: 'soon' }, /is no length/],
    [{ app: 'contact', secret: true }, /only receives/],
  ])('refuses %o', async (change, message) => {
    await expect(operator.run(corpRotate, { ...second, ...change })).rejects.toThrow(message)
  })
})
