import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Answer } from '../../fixtures/chat/control.ts'
import { startTestSidekick, type TestSidekick } from '../../fixtures/test/start-sidekick.ts'
import { control } from '../../fixtures/test/visitor.ts'
import { startWebProcess, type WebProcess } from '../../fixtures/test/web-process.ts'
import { actions } from '../actions/registry.ts'
import { pauseCorp, resumeCorp } from '../handlers/pause.ts'
import { publishHandler } from '../handlers/publish.ts'
import { switchHandler } from '../handlers/switch.ts'

/** What a change may take until every event goes by it, in milliseconds. */
const promisedMs = 2_000
/** A process that still knows nothing of it then never will. */
const patienceMs = 20_000
/** Above what an answer takes on a busy machine. */
const budgetMs = 4_500

describe('two processes', () => {
  let sidekick: TestSidekick
  const processes: WebProcess[] = []
  beforeAll(async () => {
    sidekick = await startTestSidekick({ ROLES: 'worker', REPLY_BUDGET_MS: String(budgetMs) })
    for (let n = 0; n < 2; n += 1) {
      const one = await startWebProcess(sidekick)
      processes.push(one)
      // From here on it keeps the corp's handlers.
      expect(await answerOf(one)).toMatch('没看懂')
    }
  })
  afterAll(async () => {
    for (const { process } of processes) {
      if (process.exitCode !== null) continue
      process.kill('SIGKILL')
      await once(process, 'exit')
    }
    await sidekick.stop()
  })

  const handler = (text: string) => ({
    ...{ schemaVersion: 1, key: 'probe', title: '试', trigger: { message: { contains: ['请应一声'] } } },
    steps: [{ id: 'answer', action: 'reply', with: { text } }],
  })
  const models = () => sidekick.database.models
  const corpId = () => sidekick.app.corpId
  const publish = (text: string) => publishHandler(models(), corpId(), handler(text), actions)

  /** What the platform is answered by a process to a message that it brings there; undefined where that comes too late. */
  async function answerOf({ url }: WebProcess): Promise<string | undefined> {
    await sidekick.callbacksTo(url)
    const { reply } = await control<Answer>(sidekick, 'POST', 'staff/lina/say', { text: '请应一声' })
    return reply === null ? undefined : (reply.text ?? reply.msgType)
  }

  /**
   * Makes a change, and has events come to both processes in turn until each goes by it.
   *
   * @returns when, from the change on, each process took the first event that went by it, and the last that did not; milliseconds
   */
  async function changed(change: () => Promise<unknown>, isNew: (answer: string) => boolean) {
    await change()
    const changedAt = performance.now()
    const seen = processes.map(one => ({ one, first: Number.NaN, last: 0 }))
    while (seen.some(({ first }) => Number.isNaN(first)) && performance.now() - changedAt < patienceMs) {
      for (const own of seen) {
        if (!Number.isNaN(own.first)) continue
        const at = performance.now() - changedAt
        const answer = await answerOf(own.one)
        // It says nothing of what the process went by.
        if (answer === undefined) continue
        if (isNew(answer)) own.first = at
        else own.last = at
      }
    }
    return seen.map(({ first, last }) => ({ first, last }))
  }

  // One that came after the promised time and was still handled as before breaks the promise.
  const isKept = {
    first: expect.toSatisfy((ms: number) => !Number.isNaN(ms)),
    last: expect.toSatisfy((ms: number) => ms < promisedMs),
  }

  it.each<[string, () => Promise<unknown>, (answer: string) => boolean]>([
    ['a handler that is published', () => publish('一号'), answer => answer === '一号'],
    ['its next revision', () => publish('二号'), answer => answer === '二号'],
    [
      'an edit by hand that raises no revision',
      () =>
        models().handlers.collection.updateOne(
          { corpId: corpId(), key: 'probe' },
          { $set: { 'document.steps.0.with.text': '三号' } },
        ),
      answer => answer === '三号',
    ],
    [
      'a pause',
      () => pauseCorp(models(), corpId(), 'zhouming'),
      answer => answer.startsWith('自动回复已暂停'),
    ],
    ['the end of it', () => resumeCorp(models(), corpId()), answer => answer === '三号'],
    [
      'a handler that is switched off',
      () => switchHandler(models(), corpId(), 'probe', false, 'zhouming', actions),
      answer => answer.startsWith('没看懂'),
    ],
  ])(
    'go by %s within 2 s, as the platform sees it',
    async (_what, change, isNew) => {
      expect(await changed(change, isNew)).toEqual([isKept, isKept])
    },
    60_000,
  )
})
