import { afterEach, describe, expect, it, vi } from 'vitest'
import { WecomError } from './errors.ts'
import { createLimiter, createMemoryRates, type RateStore, type Slot } from './limiter.ts'

const unlimited: RateStore = { take: async () => 0 }
const open = new AbortController().signal

function slot(more: Partial<Slot> = {}): Slot {
  return { bucket: 'user/get', priority: 'interactive', patienceMs: 1_000, signal: open, ...more }
}

function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {}
  const opened = new Promise<void>(resolve => {
    open = resolve
  })
  return { opened, open }
}

const tooOften = new WecomError({ path: 'user/get', errcode: 45009, errmsg: '', retryAfterMs: 60_000 })

afterEach(() => {
  vi.useRealTimers()
})

describe('the bucket', () => {
  it('gives its burst at once, then the sustained rate', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const rates = createMemoryRates()
    const rate = { perSecond: 40, burst: 150 }
    for (let call = 0; call < 150; call += 1) expect(await rates.take('a', rate)).toBe(0)
    expect(await rates.take('a', rate)).toBe(25)
    vi.advanceTimersByTime(25)
    expect(await rates.take('a', rate)).toBe(0)
    expect(await rates.take('a', rate)).toBe(25)
    expect(await rates.take('b', rate)).toBe(0)
  })

  it('never fills beyond its burst', async () => {
    vi.useFakeTimers({ toFake: ['performance'] })
    const rates = createMemoryRates()
    await rates.take('a', { perSecond: 40, burst: 2 })
    vi.advanceTimersByTime(60_000)
    const waits = [1, 2, 3].map(() => rates.take('a', { perSecond: 40, burst: 2 }))
    expect(await Promise.all(waits)).toEqual([0, 0, 25])
  })
})

describe('the limiter', () => {
  it('waits as long as the rates say', async () => {
    const answers = [20, 0]
    const asked: string[] = []
    const rates: RateStore = {
      async take(bucket) {
        asked.push(bucket)
        return answers.shift() ?? 0
      },
    }
    const start = performance.now()
    await createLimiter({ rates, closed: open }).run(slot({ bucket: 'corp:user/get' }), async () => {})
    expect(performance.now() - start).toBeGreaterThanOrEqual(19)
    expect(asked).toEqual(['corp:user/get', 'corp:user/get'])
  })

  it('lets those somebody waits for go before syncs that came earlier', async () => {
    const room = gate()
    let first = true
    const rates: RateStore = {
      async take() {
        if (first) await room.opened
        first = false
        return 0
      },
    }
    const limiter = createLimiter({ rates, closed: open })
    const order: string[] = []
    const runs = (['bulk', 'bulk', 'interactive'] as const).map(priority =>
      limiter.run(slot({ priority }), async () => void order.push(priority)),
    )
    room.open()
    await Promise.all(runs)
    expect(order).toEqual(['interactive', 'bulk', 'bulk'])
  })

  it('runs at most eight syncs of one endpoint at once, and interactive calls beside them', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const finish = gate()
    let running = 0
    let most = 0
    const syncs = Array.from({ length: 30 }, () =>
      limiter.run(slot({ priority: 'bulk' }), async () => {
        running += 1
        most = Math.max(most, running)
        await finish.opened
        running -= 1
      }),
    )
    await limiter.run(slot(), async () => {})
    await vi.waitFor(() => expect(running).toBe(8))
    finish.open()
    await Promise.all(syncs)
    expect(most).toBe(8)
  })

  it('forgets a waiting call that is given up, and goes on with the others', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const finish = gate()
    const running = Array.from({ length: 8 }, () =>
      limiter.run(slot({ priority: 'bulk' }), () => finish.opened),
    )
    const giveUp = new AbortController()
    const given = limiter.run(slot({ priority: 'bulk', signal: giveUp.signal }), async () => 'ran')
    const after = limiter.run(slot({ priority: 'bulk' }), async () => 'ran')
    giveUp.abort(new Error('not wanted any more'))
    await expect(given).rejects.toThrow('not wanted any more')
    finish.open()
    await Promise.all(running)
    expect(await after).toBe('ran')
  })

  it('fails at once what a pause outlasts, whether it waits already or comes later', async () => {
    const limiter = createLimiter({ rates: { take: async () => 10_000 }, closed: open })
    const waiting = limiter.run(slot(), async () => {})
    limiter.pause('user/get', 60_000, tooOften)
    await expect(waiting).rejects.toBe(tooOften)
    await expect(limiter.run(slot(), async () => {})).rejects.toBe(tooOften)
  })

  it('waits out a pause that a call has the patience for, and pauses no other endpoint', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const start = performance.now()
    limiter.pause('user/get', 50, tooOften)
    await limiter.run(slot({ bucket: 'user/list' }), async () => {})
    expect(performance.now() - start).toBeLessThan(50)
    await limiter.run(slot(), async () => {})
    expect(performance.now() - start).toBeGreaterThanOrEqual(49)
  })

  it('gives its place back when a task fails', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    for (let run = 0; run < 20; run += 1) {
      const failing = limiter.run(slot({ priority: 'bulk' }), () => Promise.reject(new Error('no')))
      await expect(failing).rejects.toThrow('no')
    }
  })
})

describe('changes of one record', () => {
  it('run one after the other, in the order they came, whatever becomes of them', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const log: string[] = []
    const change = (name: string, fails = false) =>
      limiter.inOrder('lina:wm1', open, async () => {
        log.push(`${name} begins`)
        await Promise.resolve()
        log.push(`${name} ends`)
        if (fails) throw new Error(name)
      })
    const results = await Promise.allSettled([change('one'), change('two', true), change('three')])
    expect(results.map(result => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(log).toEqual(['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends'])
  })

  it('wait for the one that runs even when one between them is given up', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const first = gate()
    const giveUp = new AbortController()
    const log: string[] = []
    const running = limiter.inOrder('r', open, async () => {
      await first.opened
      log.push('first')
    })
    const given = limiter.inOrder('r', giveUp.signal, async () => void log.push('given up'))
    giveUp.abort(new Error('no'))
    await expect(given).rejects.toThrow('no')
    const last = limiter.inOrder('r', open, async () => void log.push('last'))
    first.open()
    await Promise.all([running, last])
    expect(log).toEqual(['first', 'last'])
  })

  it('do not wait for those of another record', async () => {
    const limiter = createLimiter({ rates: unlimited, closed: open })
    const first = gate()
    const running = limiter.inOrder('lina:wm1', open, () => first.opened)
    await limiter.inOrder('lina:wm2', open, async () => {})
    first.open()
    await running
  })
})
