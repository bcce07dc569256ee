import { createHash, randomUUID } from 'node:crypto'
import { WecomError } from './errors.ts'
import { METHODS, type TokenPath } from './methods.ts'
import { pause } from './signals.ts'
import type { StoredToken, TokenRefusal, TokenStore } from './token-store.ts'

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
  /** The token if it is at hand, without waiting. */
  current(app: AppCredentials): string | undefined
  /** @throws WecomError, at once while fetching is stopped; WecomNetworkError; what the store throws */
  get(app: AppCredentials): Promise<string>
  /** The platform refused this token: it is not used again. A newer one, from any instance, stays in use. */
  invalidate(app: AppCredentials, value: string): void
  /** Set after the platform refused, on any instance; a success, new credentials, or `resume`, end it. */
  stopped(app: AppCredentials): Promise<TokenStop | undefined>
  /** Lets all instances fetch again. */
  resume(app: AppCredentials): Promise<void>
  /** Resolves when nothing is being fetched any more, and no lease is held; once closed, nothing begins after that. */
  settled(): Promise<void>
}

/** Fetched anew so long before the platform ends it, and given up so long before; less for a short life. */
const REFRESH_SECONDS = 600
const EARLY_SECONDS = 300
/** An early fetch that failed, or brought nothing better, is repeated after this time. */
const REFRESH_AGAIN_MS = 60_000
/** A lease ends so long after the fetch must have: a holder that died costs hardly more than one that waits in vain. */
const LEASE_BEYOND_MS = 1_000
const LEASE_POLL_MS = 50
/** What is known of a refusal is used for so long: another instance, or an operator, may have ended it. */
const LOOK_MS = 5_000
/** Wrong credentials: going on would block our address for an hour (`path/90313`, 45009). */
const STOPPING = new Set([40001, 40013, 40091])

interface Entry {
  app: AppCredentials
  key: string
  token?: StoredToken
  /** The fetch that brought the token which the platform refused. */
  rejected?: string
  flight?: Promise<StoredToken>
  refreshing?: Promise<void>
  refreshAgainAt: number
  refusal?: TokenRefusal
  lookedAt: number
}

/**
 * Access tokens (`path/91039`), or tickets of one kind (`path/90506`), one per app: one fetch at a time in this process
 * and, through the store's lease, among all instances. `fetchToken` calls the platform and tells how many seconds the
 * token lives; `closed` ends waiting. Refused credentials stop the fetching on all instances for good, unless `refusedMs`
 * says how long any refusal holds it up, in milliseconds.
 */
export function createTokens(deps: {
  store: TokenStore
  path: TokenPath
  /** Part of the store's key, for anything but access tokens. */
  kind?: string
  fetchToken: (app: AppCredentials) => Promise<{ value: string; expiresIn: number }>
  refusedMs?: number
  /** Told when this instance learns of a stop, and when it is over. */
  onStop?: (app: AppCredentials, stop: TokenStop | undefined) => void
  closed: AbortSignal
}): Tokens {
  const { store, closed } = deps
  const leaseMs = METHODS[deps.path].budgetMs + LEASE_BEYOND_MS
  const entries = new Map<string, Entry>()
  const known = new WeakMap<AppCredentials, Entry>()

  return {
    current(app) {
      const entry = entryOf(app)
      const { token } = entry
      if (!isUsable(entry, token)) return undefined
      if (token.refreshAt.getTime() <= Date.now()) refreshEarly(app, entry)
      return token.value
    },
    async get(app) {
      const entry = entryOf(app)
      if (isUsable(entry, entry.token)) return entry.token.value
      if (isInForce(entry.refusal) && Date.now() - entry.lookedAt < LOOK_MS) throw errorOf(entry.refusal)
      entry.flight ??= fetchShared(app, entry).finally(() => {
        delete entry.flight
      })
      return (await entry.flight).value
    },
    invalidate(app, value) {
      const entry = entryOf(app)
      if (entry.token?.value === value) entry.rejected = entry.token.fetchId
    },
    async stopped(app) {
      const entry = entryOf(app)
      if (Date.now() - entry.lookedAt >= LOOK_MS) await look(app, entry)
      return entry.refusal && stopOf(entry.refusal)
    },
    async resume(app) {
      const entry = entryOf(app)
      await store.refuse(entry.key, undefined)
      learn(app, entry, undefined)
    },
    async settled() {
      await Promise.allSettled(
        [...entries.values()].flatMap(({ flight, refreshing }) => [flight, refreshing]),
      )
    },
  }

  function entryOf(app: AppCredentials): Entry {
    const found = known.get(app)
    if (found !== undefined) return found
    const key = deps.kind === undefined ? credentialsKey(app) : `${credentialsKey(app)}:${deps.kind}`
    const entry = entries.get(key) ?? { app, key, refreshAgainAt: 0, lookedAt: 0 }
    if (!entries.has(key)) replaceOlder(app)
    entries.set(key, entry)
    known.set(app, entry)
    return entry
  }

  /** What was refused of an app's former credentials says nothing of the new ones. */
  function replaceOlder(app: AppCredentials): void {
    for (const older of entries.values()) {
      if (older.app.corpId === app.corpId && older.app.agentId === app.agentId) learn(app, older, undefined)
    }
  }

  /** What all instances know by now. */
  async function look(app: AppCredentials, entry: Entry): Promise<StoredToken | undefined> {
    const { token, refusal } = await store.read(entry.key)
    entry.lookedAt = Date.now()
    learn(app, entry, refusal)
    if (isUsable(entry, token)) entry.token = token
    return token
  }

  function learn(app: AppCredentials, entry: Entry, refusal: TokenRefusal | undefined): void {
    const news = refusal?.since.getTime() !== entry.refusal?.since.getTime()
    if (refusal === undefined) delete entry.refusal
    else entry.refusal = refusal
    if (news) deps.onStop?.(app, refusal && stopOf(refusal))
  }

  async function fetchShared(app: AppCredentials, entry: Entry): Promise<StoredToken> {
    for (;;) {
      closed.throwIfAborted()
      const release = await store.lease(entry.key, leaseMs)
      try {
        // Read under the lease, because its last holder may just have stored a token; and without it, because the
        // present holder may.
        const token = await look(app, entry)
        if (isUsable(entry, token)) return token
        if (isInForce(entry.refusal)) throw errorOf(entry.refusal)
        if (release) return await fetch(app, entry)
      } finally {
        await release?.()
      }
      await pause(LEASE_POLL_MS, closed)
    }
  }

  /** One instance fetches the next token while all go on with the present one. */
  function refreshEarly(app: AppCredentials, entry: Entry): void {
    if (entry.refreshing !== undefined || Date.now() < entry.refreshAgainAt) return
    entry.refreshAgainAt = Date.now() + REFRESH_AGAIN_MS
    entry.refreshing = fetchEarly(app, entry)
      // The present token lives on. Once it has ended, whoever needs the next one meets what is wrong.
      .catch(() => undefined)
      .finally(() => {
        delete entry.refreshing
      })
  }

  async function fetchEarly(app: AppCredentials, entry: Entry): Promise<void> {
    closed.throwIfAborted()
    const release = await store.lease(entry.key, leaseMs)
    if (release === undefined) {
      entry.refreshAgainAt = Date.now() + LOOK_MS
      return
    }
    try {
      const token = await look(app, entry)
      if (token === undefined || token.refreshAt.getTime() > Date.now() || isInForce(entry.refusal)) return
      // Should this fail, the other instances leave it for a while too.
      await store.write(entry.key, { ...token, refreshAt: new Date(Date.now() + REFRESH_AGAIN_MS) })
      await fetch(app, entry)
    } finally {
      await release()
    }
  }

  async function fetch(app: AppCredentials, entry: Entry): Promise<StoredToken> {
    try {
      const { value, expiresIn } = await deps.fetchToken(app)
      const inSeconds = (early: number, part: number): Date =>
        new Date(Date.now() + (expiresIn - Math.min(early, expiresIn / part)) * 1000)
      const token: StoredToken = {
        value,
        expiresAt: inSeconds(EARLY_SECONDS, 10),
        refreshAt: inSeconds(REFRESH_SECONDS, 5),
        fetchId: randomUUID(),
      }
      await store.write(entry.key, token)
      entry.token = token
      learn(app, entry, undefined)
      return token
    } catch (error) {
      const refusal = refusalOf(error)
      if (refusal !== undefined) {
        await store.refuse(entry.key, refusal)
        entry.lookedAt = Date.now()
        learn(app, entry, refusal)
      }
      throw error
    }
  }

  /** What of an error stops the fetching. A missing token of a ticket's own call says nothing of the ticket. */
  function refusalOf(error: unknown): TokenRefusal | undefined {
    if (!(error instanceof WecomError) || error.path !== deps.path) return undefined
    const { errcode, errmsg, reaction } = error
    const since = new Date()
    if (deps.refusedMs === undefined) return STOPPING.has(errcode) ? { errcode, errmsg, since } : undefined
    if (reaction === 'retry' || reaction === 'backoff') return undefined
    return { errcode, errmsg, since, until: new Date(since.getTime() + deps.refusedMs) }
  }

  function errorOf({ errcode, errmsg }: TokenRefusal): WecomError {
    return new WecomError({ path: deps.path, errcode, errmsg })
  }

  function stopOf(refusal: TokenRefusal): TokenStop {
    return { errcode: refusal.errcode, reason: errorOf(refusal).hint, since: refusal.since }
  }
}

function isUsable(entry: Entry, token: StoredToken | undefined): token is StoredToken {
  return token !== undefined && token.fetchId !== entry.rejected && token.expiresAt.getTime() > Date.now()
}

function isInForce(refusal: TokenRefusal | undefined): refusal is TokenRefusal {
  return refusal !== undefined && (refusal.until === undefined || refusal.until.getTime() > Date.now())
}

/** New credentials have another key, so nothing of the old ones, token or stop, outlives them. */
export function credentialsKey(app: AppCredentials): string {
  const fingerprint = createHash('sha256').update(app.secret).digest('hex').slice(0, 12)
  return `${app.corpId}:${app.agentId}:${fingerprint}`
}
