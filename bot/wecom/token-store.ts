export interface StoredToken {
  value: string
  /** When to stop using it: up to five minutes before the platform does. */
  expiresAt: Date
  /** When to look for the next one, while this one goes on being used. */
  refreshAt: Date
  /** Another one for each fetch: the platform may give the same value again. */
  fetchId: string
}

/** The platform refused the credentials; nobody asks again before `until`, or at all. */
export interface TokenRefusal {
  errcode: number
  errmsg: string
  since: Date
  until?: Date
}

/**
 * Where the instances of the program share their tokens. `lease` gives one holder at a time the right to fetch, and
 * ends by itself after `ms`; undefined means that somebody else holds it. The function it gives back releases it.
 */
export interface TokenStore {
  read(key: string): Promise<{ token?: StoredToken; refusal?: TokenRefusal }>
  /** Keeps a token, and ends a refusal. */
  write(key: string, token: StoredToken): Promise<void>
  /** Keeps a refusal, or ends it; the token stays. */
  refuse(key: string, refusal: TokenRefusal | undefined): Promise<void>
  lease(key: string, ms: number): Promise<(() => Promise<void>) | undefined>
}

/** Tokens of one process, for tests and tools. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const refusals = new Map<string, TokenRefusal>()
  const leases = new Map<string, { until: number }>()
  return {
    async read(key) {
      const [token, refusal] = [tokens.get(key), refusals.get(key)]
      return { ...(token && { token }), ...(refusal && { refusal }) }
    },
    async write(key, token) {
      tokens.set(key, token)
      refusals.delete(key)
    },
    async refuse(key, refusal) {
      if (refusal === undefined) refusals.delete(key)
      else refusals.set(key, refusal)
    },
    async lease(key, ms) {
      if ((leases.get(key)?.until ?? 0) > Date.now()) return undefined
      const lease = { until: Date.now() + ms }
      leases.set(key, lease)
      return async () => {
        if (leases.get(key) === lease) leases.delete(key)
      }
    },
  }
}
