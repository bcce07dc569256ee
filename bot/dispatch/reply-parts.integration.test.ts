import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publishLive } from '../../fixtures/test/publish-live.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'

/** Four pieces: each line is more than half of what one holds. */
const lines = ['甲', '乙', '丙', '丁'].map(mark => mark.repeat(400))

describe('an answer of several parts', () => {
  let sidekick: TestSidekick
  beforeAll(async () => {
    // The first part is in time for the response, however busy the machine.
    sidekick = await startTestSidekick({ REPLY_BUDGET_MS: '4500' })
    const handler = {
      schemaVersion: 1,
      key: 'long-answer',
      title: '长回答',
      trigger: { message: { contains: ['长回答'] } },
      steps: [{ id: 'answer', action: 'reply', with: { text: lines.join('\n') } }],
    }
    await publishLive(sidekick, handler)
  })
  afterAll(() => sidekick.stop())

  async function answers(): Promise<string[]> {
    const { inbox } = sidekick.database.models
    await expect.poll(() => inbox.countDocuments({ state: 'waiting' })).toBe(0)
    const told = await sidekick.chat.sinceLastAct()
    return told
      .filter(({ kind }) => kind === 'passive_reply' || kind === 'app_message')
      .map(({ kind, params }) => {
        const text = (params.text as { content?: string }).content ?? (params.text as string)
        return `${kind} ${text.slice(0, 1)} ${text.length}`
      })
  }
  const whole = ['passive_reply 甲 400', 'app_message 乙 400', 'app_message 丙 400', 'app_message 丁 400']

  it('goes out in order', async () => {
    await sidekick.chat.staff('lina').says('长回答')
    expect(await answers()).toEqual(whole)
  })

  it('goes on after the parts that are out, where one failed in between', async () => {
    // The third part is refused by a busy platform as often as one attempt asks.
    await control(sidekick, 'POST', 'faults', [
      { path: 'message/send', times: 1, delayMs: 1 },
      { path: 'message/send', times: 3, errcode: -1 },
    ])
    await sidekick.chat.staff('lina').says('长回答')
    expect(await answers()).toEqual(whole)
    const [run] = await sidekick.database.models.runs.find().sort({ startedAt: -1 }).limit(1).lean()
    expect(run).toMatchObject({ state: 'done', steps: [{ state: 'done', attempts: 2, parts: 3 }] })
  })
})
