import { randomBytes } from 'node:crypto'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { readStaff } from '../../bot/actions/find-staff.ts'
import type { AppClient } from '../../bot/wecom/client.ts'
import { WecomError } from '../../bot/wecom/errors.ts'
import { isDuplicateKey } from '../../models/lock.ts'
import type { Models } from '../../models/models.ts'
import type { Staff } from '../../models/staff.ts'
import { useridKey } from '../../models/userid.ts'
import { setCookie } from './cookies.ts'
import type { SidebarDeps } from './deps.ts'
import { assertSameOrigin } from './guards.ts'
import { browserLoginAddress, clientLoginAddress, safeReturn } from './login-address.ts'
import { showNotice } from './notice-page.ts'
import { isPassing } from './refusals.ts'
import { isPresent, type Sessions } from './session.ts'
import { createSigner } from './signed.ts'
import { texts } from './texts.ts'

/** How long a login may take, in milliseconds. */
const pendingMs = 10 * 60 * 1000
/** More logins than this are not under way in one browser; each leaves a cookie for as long as it may take. */
const pendingMax = 5
/** Exchanges of codes that one process has under way: whoever is not logged in may send any code. */
const exchangesMax = 20
/** How long an exchange waits for each of its calls, in milliseconds. */
const exchangeMs = 8_000

const pendingLogin = z.strictObject({ state: z.string(), returnTo: z.string(), expiresAt: z.number() })
type Pending = z.infer<typeof pendingLogin>

/** The login did not succeed; the message is for the person. */
class LoginRefused extends Error {
  readonly code = 'login_refused'
  readonly status: number
  constructor(message: string, status = 403, options?: ErrorOptions) {
    super(message, options)
    this.name = 'LoginRefused'
    this.status = status
  }
}

/**
 * WeCom login (`path/91022`, `path/98152`): a random state that only the browser that asked for it can use, the code
 * exchanged here, and a session cookie.
 */
export function addLoginRoutes(router: Router, deps: SidebarDeps, sessions: Sessions): void {
  const secure = deps.origin.startsWith('https:')
  // Bound to the host, where the browser can be told so: another subdomain sets no login of its own.
  const prefix = `${secure ? '__Host-' : ''}sidekick_login_`
  const place = { secure, path: secure ? '/' : '/oauth' }
  const cookieOf = (state: string): string => `${prefix}${state.slice(0, 16)}`
  let exchanges = 0
  const signer = createSigner(deps.sessionSecret, 'login')

  router.get('/oauth/login', context => {
    const state = randomBytes(32).toString('hex')
    const returnTo = safeReturn(context.query.return)
    const expiresAt = deps.now().getTime() + pendingMs
    forgetSurplus(context)
    const pending = signer.sign({ state, returnTo, expiresAt })
    setCookie(context, cookieOf(state), pending, { ...place, maxAgeMs: pendingMs })
    const address = /\bwxwork\//i.test(context.get('user-agent')) ? clientLoginAddress : browserLoginAddress
    context.redirect(
      address({
        corpId: deps.corpId,
        agentId: deps.agentId,
        redirectUri: `${deps.origin}/oauth/callback`,
        state,
        ...(deps.loginBase !== undefined && { base: deps.loginBase }),
      }),
    )
  })

  router.get('/oauth/callback', async context => {
    const pending = takePending(context)
    const returnTo = pending?.returnTo ?? safeReturn(undefined)
    try {
      if (pending === undefined) throw new LoginRefused(texts.login.expired)
      if (exchanges >= exchangesMax) throw new LoginRefused(texts.login.busy, 503)
      exchanges += 1
      const userid = await exchange(deps, pending, context.query.code).finally(() => {
        exchanges -= 1
      })
      sessions.start(context, userid)
      context.redirect(returnTo)
    } catch (error) {
      if (!(error instanceof LoginRefused)) throw error
      deps.log.warn({ why: error.message, err: error.cause }, 'a login was refused')
      const href = `/oauth/login?return=${encodeURIComponent(returnTo)}`
      const link = { href, label: texts.login.again }
      showNotice(context, error.status, { title: texts.login.failedTitle, text: error.message, link })
    }
  })

  router.post('/oauth/logout', async context => {
    assertSameOrigin(deps.origin, context)
    await sessions.end(context)
    const link = { href: '/sidebar/', label: texts.login.open }
    showNotice(context, 200, { title: texts.login.outTitle, text: texts.login.out, link })
  })

  /** The login that this browser began with this state; its cookie ends with it. */
  function takePending(context: Context): Pending | undefined {
    const { state } = context.query
    if (typeof state !== 'string' || !/^[0-9a-f]{64}$/.test(state)) return undefined
    const text = context.cookies.get(cookieOf(state), { signed: false })
    if (text === undefined) return undefined
    setCookie(context, cookieOf(state), null, place)
    const pending = pendingLogin.safeParse(signer.open(text)).data
    const good = pending?.state === state && pending.expiresAt > deps.now().getTime()
    return good ? pending : undefined
  }

  function forgetSurplus(context: Context): void {
    const names = context.get('cookie').match(new RegExp(`(?<![^; ])${prefix}[0-9a-f]{16}(?==)`, 'g')) ?? []
    for (const name of names.slice(0, Math.max(0, names.length - pendingMax + 1)))
      setCookie(context, name, null, place)
  }
}

/** The member whom the code stands for (`path/91023`); a login can be exchanged once. @throws LoginRefused */
async function exchange(deps: SidebarDeps, pending: Pending, code: unknown): Promise<string> {
  const { models, corpId } = deps
  if (typeof code !== 'string' || code === '' || code.length > 512)
    throw new LoginRefused(texts.login.cancelled)
  await useUp(models, corpId, pending)
  const client = await deps.client()
  const { userid = '' } = await client
    .call('auth/getuserinfo', { code }, { budgetMs: exchangeMs })
    .catch((error: unknown) => {
      throw toLoginRefused(error)
    })
  // Of a linked corp it is `CorpId/userid`, and of anybody else nothing.
  if (userid === '' || userid.includes('/')) throw new LoginRefused(texts.login.stranger)
  const known = await models.staff.findOne({ corpId, useridKey: useridKey(userid) }).lean()
  const staff = known === null || known.removedAt ? await readMember(deps, client, userid, known) : known
  if (!isPresent(staff)) throw new LoginRefused(texts.login.inactive)
  return userid
}

/** Whoever copies the cookie has the state for no second try. @throws LoginRefused */
async function useUp(models: Models, corpId: string, { state, expiresAt }: Pending): Promise<void> {
  try {
    const until = new Date(expiresAt)
    const used = {
      fingerprint: 'login',
      createdAt: new Date(),
      doneAt: new Date(),
      leaseUntil: until,
      expireAt: until,
    }
    await models.requests.create({ corpId, key: `login/${state}`, ...used })
  } catch (error) {
    if (!isDuplicateKey(error)) throw error
    throw new LoginRefused(texts.login.expired, 403, { cause: error })
  }
}

/** Somebody of whom we hold nothing, or that they had gone: which stays so where the app may not read members. */
async function readMember(
  { models, corpId }: SidebarDeps,
  client: AppClient,
  userid: string,
  known: Staff | null,
): Promise<Staff | null> {
  try {
    return await readStaff(models, client, corpId, userid, exchangeMs)
  } catch (error) {
    if (error instanceof WecomError && error.reaction === 'config') return known
    throw toLoginRefused(error)
  }
}

function toLoginRefused(error: unknown): unknown {
  if (isPassing(error)) return new LoginRefused(texts.login.platform, 502, { cause: error })
  if (!(error instanceof WecomError)) return error
  const byErrcode: Record<number, string> = {
    40029: texts.login.code,
    42003: texts.login.code,
    50001: texts.login.domain,
  }
  const gone = error.path === 'user/get' && error.reaction === 'give_up'
  const message = gone ? texts.login.inactive : texts.login.refused(error.hint)
  return new LoginRefused(byErrcode[error.errcode] ?? message, 403, { cause: error })
}
