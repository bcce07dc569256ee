import { afterEach, describe, expect, it, vi } from 'vitest'
import { WecomError } from './errors.ts'
import { METHODS } from './methods.ts'
import { createMemoryTokenStore, type TokenStore } from './token-store.ts'
import { createTokens, type TokenStop } from './tokens.ts'

const app = { corpId: 'wwcorp', agentId: '1000002', secret: 'right' }
const open = new AbortController().signal

function platform(answer: (count: number) => { value: string; expiresIn: number } | Error) {
  let count = 0
  return {
    get count() {
      return count
    },
    async fetchToken() {
      count += 1
      const outcome = answer(count)
      await Promise.resolve()
      if (outcome instanceof Error) throw outcome
      return outcome
    },
  }
}

const numbered = () => platform(count => ({ value: `token-${count}`, expiresIn: 7200 }))

function instance(fake: ReturnType<typeof platform>, store: TokenStore = createMemoryTokenStore()) {
  return createTokens({ store, path: 'gettoken', fetchToken: () => fake.fetchToken(), closed: open })
}

function refusal(errcode: number, retryAfterMs?: number): WecomError {
  return new WecomError({ path: 'gettoken', errcode, errmsg: '', ...(retryAfterMs && { retryAfterMs }) })
}

describe('an access token', () => {
  it('is fetched once, however many calls want it', async () => {
    const fake = numbered()
    const tokens = instance(fake)
    const values = await Promise.all(Array.from({ length: 20 }, () => tokens.get(app)))
    expect(new Set([...values, await tokens.get(app)])).toEqual(new Set(['token-1']))
    expect(fake.count).toBe(1)
  })

  it('is fetched once among instances that share a store', async () => {
    const fake = numbered()
    const store = createMemoryTokenStore()
    const values = await Promise.all([1, 2, 3, 4].map(() => instance(fake, store).get(app)))
    expect(new Set(values)).toEqual(new Set(['token-1']))
    expect(fake.count).toBe(1)
  })

  it('is never taken for a ticket of the same app', async () => {
    const store = createMemoryTokenStore()
    const of = (kind: string | undefined, value: string) =>
      createTokens({
        store,
        path: 'gettoken',
        closed: open,
        fetchToken: async () => ({ value, expiresIn: 7200 }),
        ...(kind !== undefined && { kind }),
      }).get(app)
    expect([await of(undefined, 'token'), await of('agent', 'a'), await of('corp', 'c')]).toEqual([
      'token',
      'a',
      'c',
    ])
  })

  it('is given up some minutes before the platform ends it', async () => {
    const fake = numbered()
    const store = createMemoryTokenStore()
    const expiries: Date[] = []
    const write: TokenStore['write'] = async (key, token) => {
      expiries.push(token.expiresAt)
      await store.write(key, token)
    }
    const before = Date.now()
    await instance(fake, { ...store, write }).get(app)
    const seconds = ((expiries[0]?.getTime() ?? 0) - before) / 1000
    expect(seconds).toBeGreaterThanOrEqual(6900)
    expect(seconds).toBeLessThan(6905)
  })

  it('is fetched again when the stored one has run out', async () => {
    const fake = numbered()
    const store = createMemoryTokenStore()
    const past: TokenStore['write'] = (key, token) => store.write(key, { ...token, expiresAt: new Date(0) })
    await instance(fake, { ...store, write: past }).get(app)
    expect(await instance(fake, store).get(app)).toBe('token-2')
  })

  it('is replaced after a refusal', async () => {
    const fake = numbered()
    const tokens = instance(fake)
    tokens.invalidate(app, await tokens.get(app))
    expect(await tokens.get(app)).toBe('token-2')
  })

  it('stays when the refused one was an older one', async () => {
    const fake = numbered()
    const store = createMemoryTokenStore()
    const [mine, other] = [instance(fake, store), instance(fake, store)]
    const old = await mine.get(app)
    expect(await other.get(app)).toBe(old)
    mine.invalidate(app, old)
    const renewed = await mine.get(app)
    other.invalidate(app, old)
    expect(await other.get(app)).toBe(renewed)
    mine.invalidate(app, old)
    expect(await mine.get(app)).toBe(renewed)
    expect(fake.count).toBe(2)
  })

  it('is used even if refused before, when the platform gives the same again', async () => {
    const fake = platform(() => ({ value: 'same', expiresIn: 7200 }))
    const tokens = instance(fake)
    tokens.invalidate(app, await tokens.get(app))
    expect(await tokens.get(app)).toBe('same')
    expect(await tokens.get(app)).toBe('same')
    expect(fake.count).toBe(2)
  })

  it('is waited for no longer than the client is open', async () => {
    const store: TokenStore = { ...createMemoryTokenStore(), lease: async () => undefined }
    const closing = new AbortController()
    const { fetchToken } = numbered()
    const tokens = createTokens({ store, path: 'gettoken', fetchToken, closed: closing.signal })
    const waiting = tokens.get(app)
    closing.abort(new Error('closed'))
    await expect(waiting).rejects.toThrow('closed')
  })

  it('whose fetcher died is fetched by another one little later than the fetch may take', async () => {
    const store = createMemoryTokenStore()
    const leases: number[] = []
    const lease: TokenStore['lease'] = (key, ms) => {
      leases.push(ms)
      return store.lease(key, ms)
    }
    await instance(numbered(), { ...store, lease }).get(app)
    expect(leases).toHaveLength(1)
    expect(leases[0]).toBeGreaterThan(METHODS.gettoken.budgetMs)
    expect(leases[0]).toBeLessThanOrEqual(6_000)
  })

  it('is not fetched, nor is its lease held, by one that is closed', async () => {
    const store = createMemoryTokenStore()
    const closing = new AbortController()
    let granted = (): void => {}
    let held = 0
    const slow: TokenStore = {
      ...store,
      async lease(key, ms) {
        held += 1
        await new Promise<void>(resolve => {
          granted = resolve
        })
        const release = await store.lease(key, ms)
        return async () => {
          await release?.()
          held -= 1
        }
      },
    }
    const fetchToken = () => Promise.reject(closing.signal.reason)
    const tokens = createTokens({ store: slow, path: 'gettoken', fetchToken, closed: closing.signal })
    const waiting = expect(tokens.get(app)).rejects.toThrow('closed')
    closing.abort(new Error('closed'))
    const settling = tokens.settled().then(() => held)
    granted()
    expect(await settling).toBe(0)
    await waiting
    await expect(tokens.get(app)).rejects.toThrow('closed')
    expect(held).toBe(0)
  })
})

describe('a token that will soon end', () => {
  const soon = 6700
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is replaced in the background by one instance while all go on with it', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const fake = numbered()
    const store = createMemoryTokenStore()
    const instances = [instance(fake, store), instance(fake, store)]
    for (const tokens of instances) await tokens.get(app)
    for (const tokens of instances) expect(tokens.current(app)).toBe('token-1')
    vi.advanceTimersByTime(soon * 1000)
    for (const tokens of instances) expect(tokens.current(app)).toBe('token-1')
    await vi.waitFor(() => expect(instances[0]?.current(app)).toBe('token-2'), 10_000)
    // The other one looks again after a moment, and finds what was fetched.
    vi.advanceTimersByTime(5_000)
    instances[1]?.current(app)
    await vi.waitFor(() => expect(instances[1]?.current(app)).toBe('token-2'), 10_000)
    expect(fake.count).toBe(2)
  })

  it('goes on being used when the next one cannot be had, which is tried once a minute in all', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const fake = platform(count => (count === 1 ? { value: 'token-1', expiresIn: 7200 } : refusal(-1)))
    const store = createMemoryTokenStore()
    const instances = [instance(fake, store), instance(fake, store)]
    for (const tokens of instances) await tokens.get(app)
    vi.advanceTimersByTime(soon * 1000)
    const everybodyCalls = async (): Promise<void> => {
      for (const tokens of instances) {
        expect(tokens.current(app)).toBe('token-1')
        await new Promise(resolve => setImmediate(resolve))
      }
    }
    await everybodyCalls()
    expect(fake.count).toBe(2)
    for (let second = 0; second < 59; second += 1) {
      vi.advanceTimersByTime(1_000)
      await everybodyCalls()
    }
    expect(fake.count).toBe(2)
    vi.advanceTimersByTime(6_000)
    await everybodyCalls()
    await everybodyCalls()
    expect(fake.count).toBe(3)
  })

  it('outlives a refusal of the credentials, which is told at once', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    const fake = platform(count => (count === 1 ? { value: 'token-1', expiresIn: 7200 } : refusal(40001)))
    const told: (TokenStop | undefined)[] = []
    const tokens = createTokens({
      store: createMemoryTokenStore(),
      path: 'gettoken',
      fetchToken: fake.fetchToken,
      onStop: (_app, stop) => void told.push(stop),
      closed: open,
    })
    await tokens.get(app)
    vi.advanceTimersByTime(soon * 1000)
    expect(tokens.current(app)).toBe('token-1')
    await vi.waitFor(() => expect(told).toMatchObject([{ errcode: 40001 }]), 10_000)
    expect(tokens.current(app)).toBe('token-1')
    vi.advanceTimersByTime(250_000)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode: 40001 })
    expect(fake.count).toBe(2)
  })
})

describe('refused credentials', () => {
  it.each([40001, 40013, 40091])('stop further fetches after %d', async errcode => {
    const fake = platform(() => refusal(errcode))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode })
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode })
    expect(fake.count).toBe(1)
    expect(await tokens.stopped(app)).toMatchObject({
      errcode,
      reason: expect.stringMatching(/\p{Script=Han}/u),
    })
  })

  it('do not stop other credentials of the same app, nor other apps', async () => {
    const fake = platform(count => (count === 1 ? refusal(40001) : { value: `t${count}`, expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toThrow()
    expect(await tokens.get({ ...app, secret: 'rotated' })).toBe('t2')
    expect(await tokens.get({ ...app, agentId: '1000003' })).toBe('t3')
    expect(await tokens.stopped({ ...app, secret: 'rotated' })).toBeUndefined()
  })

  it('of a ticket hold it up for its time only, and are told of until there is one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const fake = platform(count => (count < 3 ? refusal(40001) : { value: 't', expiresIn: 7200 }))
      const { fetchToken } = fake
      const store = createMemoryTokenStore()
      const tickets = createTokens({
        store,
        path: 'gettoken',
        kind: 'ticket',
        fetchToken,
        refusedMs: 60_000,
        closed: open,
      })
      for (let turn = 0; turn < 2; turn += 1) await expect(tickets.get(app)).rejects.toThrow()
      expect(fake.count).toBe(1)
      vi.advanceTimersByTime(60_000)
      expect(await tickets.stopped(app)).toMatchObject({ errcode: 40001 })
      await expect(tickets.get(app)).rejects.toThrow()
      vi.advanceTimersByTime(60_000)
      expect(await tickets.get(app)).toBe('t')
      expect(await tickets.stopped(app)).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })

  it('are tried again once an operator says so', async () => {
    const fake = platform(count => (count === 1 ? refusal(40001) : { value: 't', expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toThrow()
    await tokens.resume(app)
    expect(await tokens.get(app)).toBe('t')
  })
})

describe('a stop', () => {
  it('holds for all instances and for those that start later, with one fetch in all', async () => {
    const fake = platform(() => refusal(40013))
    const store = createMemoryTokenStore()
    const [mine, other] = [instance(fake, store), instance(fake, store)]
    await Promise.allSettled(Array.from({ length: 20 }, () => [mine.get(app), other.get(app)]).flat())
    await expect(instance(fake, store).get(app)).rejects.toMatchObject({ errcode: 40013, path: 'gettoken' })
    expect(await instance(fake, store).stopped(app)).toMatchObject({ errcode: 40013 })
    expect(fake.count).toBe(1)
  })

  it('is ended for all by whoever resumes, and told of on each', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const fake = platform(count => (count === 1 ? refusal(40001) : { value: 't', expiresIn: 7200 }))
      const store = createMemoryTokenStore()
      const told: (number | undefined)[] = []
      const tokens = createTokens({
        store,
        path: 'gettoken',
        fetchToken: fake.fetchToken,
        onStop: (_app, stop) => void told.push(stop?.errcode),
        closed: open,
      })
      for (let turn = 0; turn < 3; turn += 1) await expect(tokens.get(app)).rejects.toThrow()
      await instance(fake, store).resume(app)
      // What is known of a stop is used for five seconds.
      await expect(tokens.get(app)).rejects.toThrow()
      vi.advanceTimersByTime(5_000)
      expect(await tokens.get(app)).toBe('t')
      expect(await tokens.stopped(app)).toBeUndefined()
      expect(told).toEqual([40001, undefined])
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('a failed fetch', () => {
  it('is repeated by the next call when it was none of the credentials', async () => {
    const fake = platform(count => (count === 1 ? refusal(-1) : { value: 't', expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode: -1 })
    expect(await tokens.get(app)).toBe('t')
    expect(await tokens.stopped(app)).toBeUndefined()
  })
})
