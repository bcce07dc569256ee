import { describe, expect, it, vi } from 'vitest'
import { WecomError } from './errors.ts'
import { createMemoryTokenStore, createTokens, type TokenStore } from './tokens.ts'

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
  return createTokens({ store, fetchToken: () => fake.fetchToken(), closed: open })
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
    const past: TokenStore['write'] = (key, { value }) => store.write(key, { value, expiresAt: new Date(0) })
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

  it('can be waited for no longer than the caller wants', async () => {
    const store: TokenStore = { ...createMemoryTokenStore(), lease: async () => undefined }
    const closing = new AbortController()
    const tokens = createTokens({ store, fetchToken: numbered().fetchToken, closed: closing.signal })
    await expect(tokens.get(app, AbortSignal.timeout(20))).rejects.toThrow('timeout')
    const waiting = tokens.get(app)
    closing.abort(new Error('closed'))
    await expect(waiting).rejects.toThrow('closed')
  })
})

describe('refused credentials', () => {
  it.each([40001, 40013, 40091])('stop further fetches after %d', async errcode => {
    const fake = platform(() => refusal(errcode))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode })
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode })
    expect(fake.count).toBe(1)
    expect(tokens.stopped(app)).toMatchObject({ errcode, reason: expect.stringMatching(/\p{Script=Han}/u) })
  })

  it('do not stop other credentials of the same app, nor other apps', async () => {
    const fake = platform(count => (count === 1 ? refusal(40001) : { value: `t${count}`, expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toThrow()
    expect(await tokens.get({ ...app, secret: 'rotated' })).toBe('t2')
    expect(await tokens.get({ ...app, agentId: '1000003' })).toBe('t3')
    expect(tokens.stopped({ ...app, secret: 'rotated' })).toBeUndefined()
  })

  it('of a ticket hold it up for its time only, and are told of until there is one', async () => {
    vi.useFakeTimers({ toFake: ['Date'] })
    try {
      const fake = platform(count => (count < 3 ? refusal(40001) : { value: 't', expiresIn: 7200 }))
      const { fetchToken } = fake
      const store = createMemoryTokenStore()
      const tickets = createTokens({ store, kind: 'ticket', fetchToken, refusedMs: 60_000, closed: open })
      for (let turn = 0; turn < 2; turn += 1) await expect(tickets.get(app)).rejects.toThrow()
      expect(fake.count).toBe(1)
      vi.advanceTimersByTime(60_000)
      expect(tickets.stopped(app)).toMatchObject({ errcode: 40001 })
      await expect(tickets.get(app)).rejects.toThrow()
      vi.advanceTimersByTime(60_000)
      expect(await tickets.get(app)).toBe('t')
      expect(tickets.stopped(app)).toBeUndefined()
    } finally {
      vi.useRealTimers()
    }
  })

  it('are tried again once an operator says so', async () => {
    const fake = platform(count => (count === 1 ? refusal(40001) : { value: 't', expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toThrow()
    tokens.resume(app)
    expect(await tokens.get(app)).toBe('t')
  })
})

describe('a failed fetch', () => {
  it('is repeated by the next call when it was none of the credentials', async () => {
    const fake = platform(count => (count === 1 ? refusal(-1) : { value: 't', expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode: -1 })
    expect(await tokens.get(app)).toBe('t')
    expect(tokens.stopped(app)).toBeUndefined()
  })

  it('for its frequency is not repeated while the limit lasts', async () => {
    const fake = platform(count => (count === 1 ? refusal(45009, 40) : { value: 't', expiresIn: 7200 }))
    const tokens = instance(fake)
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode: 45009 })
    await expect(tokens.get(app)).rejects.toMatchObject({ errcode: 45009 })
    expect(fake.count).toBe(1)
    await expect.poll(() => tokens.get(app).catch(() => undefined)).toBe('t')
  })
})
