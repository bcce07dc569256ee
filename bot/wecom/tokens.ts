import { createHash } from 'node:crypto'
import { WecomError } from './errors.ts'
import { pause, untilAborted } from './signals.ts'

export interface StoredToken {
  value: string
  /** When to stop using it: up to five minutes before the platform does. */
  expiresAt: Date
}

/**
 * Where the instances of the program share their tokens. `lease` gives one holder at a time the right to fetch, and
 * ends by itself after `ms`; undefined means that somebody else holds it. The function it gives back releases it.
 */
export interface TokenStore {
  read(key: string): Promise<StoredToken | undefined>
  write(key: string, token: StoredToken): Promise<void>
  lease(key: string, ms: number): Promise<(() => Promise<void>) | undefined>
}

export interface AppCredentials {
  corpId: string
  /** As text, like every id. */
  agentId: string
  secret: string
}

/** Why the app fetches no tokens any more. */
export interface TokenStop {
  errcode: number
  /** In Chinese, for the operator. */
  reason: string
  since: Date
}

export interface Tokens {
  /** @throws WecomError, at once while fetching is stopped or paused; WecomNetworkError */
  get(app: AppCredentials, signal?: AbortSignal): Promise<string>
  /** The platform refused this token: it is not used again. A newer one, from any instance, stays in use. */
  invalidate(app: AppCredentials, value: string): void
  /** Set after the platform refused; a success, new credentials, or `resume`, end it. */
  stopped(app: AppCredentials): TokenStop | undefined
  resume(app: AppCredentials): void
}

const EARLY_SECONDS = 300
const LEASE_MS = 30_000
const LEASE_POLL_MS = 50
/** Wrong credentials: going on would block our address for an hour (`path/90313`, 45009). */
const STOPPING = new Set([40001, 40013, 40091])

interface Entry {
  token?: StoredToken
  rejected?: string
  flight?: Promise<StoredToken>
  stop?: { error: WecomError; since: Date; until: number }
  pause?: { error: WecomError; until: number }
}

/**
 * Access tokens (`path/91039`), or tickets of one kind (`path/90506`), one per app: one fetch at a time in this process
 * and, through the store's lease, among all instances. `fetchToken` calls the platform and tells how many seconds the
 * token lives; `closed` ends waiting. Refused credentials stop the fetching for good, unless `refusedMs` says how long
 * any refusal holds it up, in milliseconds.
 */
export function createTokens(deps: {
  store: TokenStore
  /** Part of the store's key, for anything but access tokens. */
  kind?: string
  fetchToken: (app: AppCredentials) => Promise<{ value: string; expiresIn: number }>
  refusedMs?: number
  closed: AbortSignal
}): Tokens {
  const entries = new Map<string, Entry>()
  const suffix = deps.kind === undefined ? '' : `:${deps.kind}`
  const keyOf = (app: AppCredentials): string => `${credentialsKey(app)}${suffix}`

  return {
    async get(app, signal) {
      const entry = entryOf(app)
      if (isUsable(entry, entry.token)) return entry.token.value
      if (entry.stop && entry.stop.until > Date.now()) throw entry.stop.error
      if (entry.pause && entry.pause.until > Date.now()) throw entry.pause.error
      entry.flight ??= refresh(app, entry).finally(() => {
        delete entry.flight
      })
      return (await untilAborted(entry.flight, signal)).value
    },
    invalidate(app, value) {
      entryOf(app).rejected = value
    },
    stopped(app) {
      const { stop } = entryOf(app)
      return stop && { errcode: stop.error.errcode, reason: stop.error.hint, since: stop.since }
    },
    resume(app) {
      const entry = entryOf(app)
      delete entry.stop
      delete entry.pause
    },
  }

  function entryOf(app: AppCredentials): Entry {
    const key = keyOf(app)
    const entry = entries.get(key) ?? {}
    entries.set(key, entry)
    return entry
  }

  async function refresh(app: AppCredentials, entry: Entry): Promise<StoredToken> {
    const key = keyOf(app)
    for (;;) {
      const release = await deps.store.lease(key, LEASE_MS)
      try {
        // Read under the lease, because its last holder may just have stored a token; and without it, because the
        // present holder may.
        const stored = await deps.store.read(key)
        if (isUsable(entry, stored)) return adopt(entry, stored)
        if (release) return adopt(entry, await fetch(app, entry, key))
      } finally {
        await release?.()
      }
      await pause(LEASE_POLL_MS, deps.closed)
    }
  }

  async function fetch(app: AppCredentials, entry: Entry, key: string): Promise<StoredToken> {
    try {
      const { value, expiresIn } = await deps.fetchToken(app)
      // The platform may give the refused token again: then there is no better one.
      if (value === entry.rejected) delete entry.rejected
      const seconds = expiresIn - Math.min(EARLY_SECONDS, expiresIn / 10)
      const token = { value, expiresAt: new Date(Date.now() + seconds * 1000) }
      await deps.store.write(key, token)
      return token
    } catch (error) {
      if (error instanceof WecomError) noteRefusal(entry, error, deps.refusedMs)
      throw error
    }
  }
}

function noteRefusal(entry: Entry, error: WecomError, refusedMs: number | undefined): void {
  const stops =
    refusedMs === undefined
      ? STOPPING.has(error.errcode)
      : error.reaction !== 'retry' && error.reaction !== 'backoff'
  const since = new Date()
  if (stops) entry.stop = { error, since, until: since.getTime() + (refusedMs ?? Number.POSITIVE_INFINITY) }
  else if (error.retryAfterMs) entry.pause = { error, until: Date.now() + error.retryAfterMs }
}

function isUsable(entry: Entry, token: StoredToken | undefined): token is StoredToken {
  return token !== undefined && token.value !== entry.rejected && token.expiresAt.getTime() > Date.now()
}

function adopt(entry: Entry, token: StoredToken): StoredToken {
  entry.token = token
  delete entry.stop
  return token
}

/** New credentials have another key, so nothing of the old ones, token or stop, outlives them. */
export function credentialsKey(app: AppCredentials): string {
  const fingerprint = createHash('sha256').update(app.secret).digest('hex').slice(0, 12)
  return `${app.corpId}:${app.agentId}:${fingerprint}`
}

/** Tokens of one process, for tests and tools. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, StoredToken>()
  const leases = new Map<string, { until: number }>()
  return {
    read: async key => tokens.get(key),
    write: async (key, token) => void tokens.set(key, token),
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
