import { describe, expect, it } from 'vitest'
import { newCall } from './call.ts'
import { createCancel } from './cancel.ts'
import { BOUNDS, createLimiter } from './limiter.ts'
import { createMemoryLimits } from './limits/memory.ts'
import type { Ask, LimitStore } from './limits/store.ts'
import type { MethodPath } from './methods.ts'
import type { Call } from './pipeline.ts'

const open = new AbortController().signal
const app = { corpId: 'ww1', agentId: '1000002', secret: 's' }

function callOf(path: MethodPath, agentId = app.agentId, priority: Call['priority'] = 'interactive'): Call {
  return newCall({ ...app, agentId }, path, {}, { priority }, createCancel(), undefined)
}

/** Goes through a call's lanes and tells which buckets were asked. */
function watched() {
  const asked: { bucket: string; ask: Ask }[] = []
  const memory = createMemoryLimits()
  const store: LimitStore = {
    ...memory,
    take(bucket, ask) {
      asked.push({ bucket, ask })
      return memory.take(bucket, ask)
    },
  }
  const limiter = createLimiter({ store, bounds: BOUNDS, closed: open })
  const go = async (call: Call): Promise<void> => {
    for (const lane of limiter.lanesFor(call)) {
      await lane.enter(call)
      lane.leave(true)
    }
  }
  return { limiter, asked, go }
}

/** The most calls that a bucket lets through within so many seconds. */
const mostIn = (seconds: number, { perSecond, burst }: Ask['rate']): number => burst + seconds * perSecond

describe('the limiter', () => {
  it('counts an endpoint per corp, whatever the app, within 10,000 a minute and 150,000 an hour', async () => {
    const { asked, go } = watched()
    await go(callOf('user/get'))
    await go(callOf('user/get', '1000003'))
    await go(callOf('user/list', app.agentId, 'bulk'))
    expect(new Set(asked.map(({ bucket }) => bucket))).toEqual(new Set(['ww1:user/get', 'ww1:user/list']))
    for (const { ask } of asked) {
      expect(mostIn(60, ask.rate)).toBeLessThanOrEqual(10_000)
      expect(mostIn(3_600, ask.rate)).toBeLessThanOrEqual(150_000)
    }
    expect(asked.at(-1)?.ask.keep).toBe(3_000)
  })

  it('counts tickets per corp within 400 an hour, and per app within 100', async () => {
    const { asked, go } = watched()
    await go(callOf('get_jsapi_ticket'))
    await go(callOf('get_jsapi_ticket', '1000003'))
    const inHour = Object.fromEntries(asked.map(({ bucket, ask }) => [bucket, mostIn(3_600, ask.rate)]))
    expect(Object.keys(inHour).sort()).toEqual([
      'ww1:get_jsapi_ticket',
      'ww1:get_jsapi_ticket:1000002',
      'ww1:get_jsapi_ticket:1000003',
    ])
    expect(inHour['ww1:get_jsapi_ticket']).toBeLessThanOrEqual(400)
    expect(inHour['ww1:get_jsapi_ticket:1000002']).toBeLessThanOrEqual(100)
  })

  it('lets both priorities of an endpoint rest when it was called too often, and no other endpoint', async () => {
    const { limiter, go } = watched()
    const [interactive, bulk] = [callOf('user/get'), callOf('user/get', app.agentId, 'bulk')]
    for (const call of [interactive, bulk]) await go(call)
    const refused = { errcode: 45009, errmsg: '', retryAfterMs: 600_000 }
    const because = await limiter.rest(interactive, { ...refused, path: 'user/get' } as never)
    expect(because).toMatchObject({ errcode: 45009, path: 'user/get', retryAfterMs: 600_000 })
    for (const call of [interactive, bulk]) await expect(go(call)).rejects.toBe(because)
    await go(callOf('user/list'))
  })
})
