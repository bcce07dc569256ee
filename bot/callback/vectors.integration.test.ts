import supertest from 'supertest'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { altered, made, received, sample } from '../../fixtures/test/vectors.ts'
import { createSecretBox } from '../../models/secrets.ts'
import { saveCorp } from '../save-corp.ts'
import { signMessage } from '../wecom/crypto.ts'

describe('the sample data of the protocol, over HTTP', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    sidekick = await startTestSidekick({ ROLES: 'web', REPLY_BUDGET_MS: '1' })
    const secrets = createSecretBox(Buffer.from('0f'.repeat(32), 'hex'))
    for (const { receiveId: corpId, token, aesKey } of received) {
      const app = { app: token, secret: 'none', token, aesKey }
      await saveCorp(sidekick.database.models, secrets, { corpId, name: corpId, apps: [app] })
    }
  })
  afterAll(() => sidekick.stop())
  afterEach(() => vi.useRealTimers())

  interface Sent {
    receiveId?: string
    token?: string
    timestamp: string
    nonce: string
    signature: string
    encrypt: string
  }
  /** Sends at the time of the sample. */
  const send = ({ receiveId = sample.receiveId, token = sample.token, ...sent }: Sent) => {
    vi.useFakeTimers({ toFake: ['Date'], now: Number(sent.timestamp) * 1000 })
    const { signature: msg_signature, timestamp, nonce, encrypt } = sent
    const to = supertest(sidekick.url)
    const path = `/callback/${receiveId}/${token}`
    const query = { msg_signature, timestamp, nonce }
    return {
      verification: () => to.get(path).query({ ...query, echostr: encrypt }),
      message: () => to.post(path).query(query).send(`<xml><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`),
    }
  }
  const stored = () => sidekick.database.models.inbox.find({}, { _id: 0, xml: 1 }).lean()

  const [v1, v2, v3, v4] = received
  it.each([v1, v3].flatMap(one => one ?? []))('answers $name', async vector => {
    const { status, text } = await send(vector).verification()
    expect([status, text]).toEqual([200, vector.message])
  })

  it.each([v2, v4].flatMap(one => one ?? []))('stores $name', async vector => {
    const { status, text } = await send(vector).message()
    expect([status, text]).toEqual([200, ''])
    expect(await stored()).toContainEqual({ xml: vector.message })
  })

  it.each(made.filter(one => one.receiveId !== ''))('reads $name', async vector => {
    const { status, text } = await send(vector).verification()
    expect([status, text]).toEqual([200, vector.message])
  })

  it.each(made.filter(one => one.receiveId === ''))('refuses $name', async vector => {
    const { status, text } = await send({ ...vector, receiveId: sample.receiveId }).verification()
    expect([status, text]).toEqual([403, 'wrong_receiver'])
  })

  it.each(Object.entries(altered))('refuses %s', async (_name, encrypt) => {
    const [before, timestamp, nonce] = [await stored(), '1409659813', 'n']
    const signature = signMessage({ token: sample.token, timestamp, nonce, encrypt })
    const { status, text } = await send({ timestamp, nonce, signature, encrypt }).message()
    expect([status, text]).toEqual([400, 'undecipherable'])
    expect(await stored()).toEqual(before)
  })

  it.each(received)('refuses $name at any other time', async vector => {
    const request = send(vector)
    vi.useRealTimers()
    const { status, text } = await request.message()
    expect([status, text]).toEqual([401, 'out_of_time'])
  })
})
