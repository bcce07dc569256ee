import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { openTestDatabase } from '../../fixtures/test/open-database.ts'
import { createClock } from '../../models/clock.ts'
import type { Database } from '../../models/connect.ts'
import { appSend } from '../actions/app-send.ts'
import { ActionRefused, defineAction } from '../actions/define.ts'
import { parseEvent } from '../events/parse.ts'
import { compileHandler } from '../handlers/compile.ts'
import { createHandlerSet } from '../handlers/handler-set.ts'
import { createMetrics } from '../metrics.ts'
import { createWecom, type Wecom } from '../wecom/client.ts'
import { createMemoryTokenStore } from '../wecom/token-store.ts'
import type { DispatchDeps } from './deps.ts'
import { replayEvent } from './replay.ts'
import { type RunOutcome, type RunRequest, runHandler } from './run-handler.ts'

const app = { corpId: 'ww0000000000000001', agentId: '1000002', secret: 'secret' }
const notify = { id: 'tell', action: 'app.send', with: { to: { users: ['lina'] }, text: '好的' } }
const fails = { id: 'fails', action: 'probe.fails' }

/** Counts how often a step that is not idempotent is run, and fails each time. */
let failing = { runs: 0, error: new Error('the step failed') as Error }
const probe = defineAction({
  id: 'probe.fails',
  title: '失败',
  summary: '',
  output: z.object({}),
  effect: 'external',
  idempotent: false,
  params: z.strictObject({}),
  async run() {
    failing.runs += 1
    throw failing.error
  },
})
const actions = new Map([appSend, probe].map(action => [action.id, action]))

describe('a run', () => {
  let database: Database
  let platform: Server
  let wecom: Wecom
  let sent: number
  /** Answers each request in turn; those after the last of them succeed. */
  let faults: { path: string; fault(response: ServerResponse): void }[]
  let events = 0
  beforeAll(async () => {
    database = await openTestDatabase()
    platform = createServer((request, response) => {
      const path = new URL(request.url ?? '', 'http://platform').pathname.replace('/cgi-bin/', '')
      if (path === 'message/send') sent += 1
      const at = faults.findIndex(one => one.path === path)
      const [found] = at < 0 ? [] : faults.splice(at, 1)
      if (found !== undefined) found.fault(response)
      else response.end(JSON.stringify({ errcode: 0, access_token: 'token', expires_in: 7_200 }))
    })
    await new Promise<void>(done => platform.listen(0, '127.0.0.1', done))
  })
  beforeEach(() => {
    sent = 0
    faults = []
    failing = { runs: 0, error: new Error('the step failed') }
    wecom = openWecom()
  })
  afterEach(() => wecom.close())
  function openWecom(): Wecom {
    const bounds = { messages: [{ ms: 60_000, most: 2 }] }
    const apiBase = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`
    return createWecom({ apiBase, store: createMemoryTokenStore(), retryBaseMs: 1, bounds })
  }
  afterAll(async () => {
    platform.closeAllConnections()
    await new Promise(done => platform.close(done))
    await database.close()
  })

  /** An event's handler with one step, as each of its attempts finds it. */
  function begin(step: object, trigger: object = { message: { contains: ['你好'] } }) {
    events += 1
    const event = parseEvent(
      `<xml><ToUserName>${app.corpId}</ToUserName><FromUserName>lina</FromUserName><CreateTime>1700000000</CreateTime><MsgType>text</MsgType><Content>你好</Content><MsgId>${events}</MsgId></xml>`,
    )
    const { models } = database
    const handler = compileHandler(
      { schemaVersion: 1, key: 'probe', title: '试', trigger, steps: [step] },
      1,
      actions,
    )
    const deps = {
      models,
      actions,
      retentionMs: 60_000,
      clock: createClock(),
      metrics: createMetrics(),
      log: pino({ level: 'silent' }),
    }
    const context = {
      corp: { corpId: app.corpId, agentId: app.agentId },
      models,
      cause: [],
      client: {
        // Shorter than a window of the bounds, and longer than anything that a machine is busy with.
        call: (path: 'message/send', params: never) =>
          wecom.app(app).call(path, params, { budgetMs: 20_000, timeoutMs: 20_000 }),
      },
      reply: () => Promise.reject(new Error('nobody can be told')),
      live: async () => createHandlerSet({}),
    }
    const stored = () => models.runs.findOne({ corpId: app.corpId, event: event.id }).lean()
    return {
      event,
      stored,
      async attempt(): Promise<RunOutcome> {
        const request = {
          event,
          name: event.name,
          handler,
          facts: {},
          context,
          run: (await stored()) ?? undefined,
        }
        return (await runHandler(deps as unknown as DispatchDeps, request as unknown as RunRequest)).outcome
      },
    }
  }
  const hangs = (): void => undefined
  const breaks = (response: ServerResponse): void => void response.socket?.destroy()

  it('is tried again after a failure before its message was sent, such as of the token', async () => {
    const { attempt, stored } = begin(notify)
    faults = Array.from({ length: 3 }, () => ({ path: 'gettoken', fault: breaks }))
    expect(await attempt()).toBe('again')
    expect(sent).toBe(0)
    expect(await attempt()).toBe('done')
    expect(sent).toBe(1)
    expect((await stored())?.steps[0]?.uncertain).toBeUndefined()
  })

  it('is tried again when the turn of its message does not come in time', async () => {
    expect([await begin(notify).attempt(), await begin(notify).attempt()]).toEqual(['done', 'done'])
    const { attempt, stored } = begin(notify)
    expect(await attempt()).toBe('again')
    expect(sent).toBe(2)
    expect(await stored()).toMatchObject({
      steps: [{ state: 'pending', error: { code: 'wecom_network_error' } }],
    })
  })

  it('is not tried again when its message may have arrived', async () => {
    const { attempt, stored } = begin(notify)
    faults = [{ path: 'message/send', fault: breaks }]
    expect(await attempt()).toBe('dead')
    expect(sent).toBe(1)
    expect((await stored())?.steps).toMatchObject([{ state: 'failed', uncertain: true }])
  })

  it('keeps a step as under way whose message was on the wire when the process ended', async () => {
    const { attempt, stored } = begin(notify)
    faults = [{ path: 'message/send', fault: hangs }]
    const cut = attempt()
    await expect.poll(() => sent).toBe(1)
    await Promise.all([expect(cut).rejects.toMatchObject({ code: 'wecom_closed' }), wecom.close()])
    expect((await stored())?.steps).toMatchObject([{ state: 'running', attempts: 1 }])
    wecom = openWecom()
    expect(await attempt()).toBe('done')
    expect((await stored())?.steps).toMatchObject([{ state: 'done', attempts: 2, uncertain: true }])
  })

  it('counts as given up also for an attempt that finds it so', async () => {
    const { attempt, event, stored } = begin(fails)
    expect([await attempt(), await attempt(), await attempt(), await attempt()]).toEqual([
      ...['again', 'again', 'dead', 'dead'],
    ])
    expect(failing.runs).toBe(3)
    // As a process leaves it that dies between the step and the end of the run.
    const ofEvent = { corpId: app.corpId, event: event.id }
    await database.models.runs.updateOne(ofEvent, { $set: { state: 'running' }, $unset: { finishedAt: 1 } })
    expect(await attempt()).toBe('dead')

    const { models } = database
    const inbox = { _id: event.id, ...{ corpId: app.corpId, orderKey: 'staff:lina', state: 'dead' } }
    await models.inbox.collection.insertOne(inbox as never)
    expect(await replayEvent(models, event.id, { fresh: false })).toBe('replayed')
    expect((await stored())?.gaveUp).toBeUndefined()
    failing.error = new ActionRefused('refused', '不行')
    expect([await attempt(), await attempt()]).toEqual(['failed', 'failed'])
  })

  it('does not repeat a step because whoever asked cannot be told that it failed', async () => {
    const { attempt, stored } = begin(fails, { command: '试', args: [] })
    failing.error = new ActionRefused('refused', '不行')
    expect(await attempt()).toBe('failed')
    expect(await stored()).toMatchObject({ state: 'failed', steps: [{ state: 'failed', attempts: 1 }] })
    expect(await attempt()).toBe('failed')
    expect(failing.runs).toBe(1)
  })
})
