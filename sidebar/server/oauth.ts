import { randomBytes } from 'node:crypto'
import type Router from '@koa/router'
import type { Context } from 'koa'
import { z } from 'zod'
import { findStaff } from '../../bot/actions/find-staff.ts'
import { WecomError, WecomNetworkError } from '../../bot/wecom/errors.ts'
import { setCookie } from './cookies.ts'
import type { SidebarDeps } from './deps.ts'
import { assertSameOrigin } from './guards.ts'
import { browserLoginAddress, clientLoginAddress, safeReturn } from './login-address.ts'
import { showNotice } from './notice-page.ts'
import { isPresent, type Sessions } from './session.ts'
import { createSigner } from './signed.ts'
import { texts } from './texts.ts'

/** How long a login may take, in milliseconds. */
const pendingMs = 10 * 60 * 1000
/** More logins than this are not under way in one browser; each leaves a cookie for as long as it may take. */
const pendingMax = 5
const cookiePath = '/oauth'

const pendingLogin = z.strictObject({ state: z.string(), returnTo: z.string(), expiresAt: z.number() })

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
  const signer = createSigner(deps.sessionSecret, 'login')

  router.get('/oauth/login', context => {
    const state = randomBytes(32).toString('hex')
    const returnTo = safeReturn(context.query.return)
    const expiresAt = deps.now().getTime() + pendingMs
    forgetSurplus(context)
    const pending = signer.sign({ state, returnTo, expiresAt })
    setCookie(context, cookieOf(state), pending, { secure, path: cookiePath, maxAgeMs: pendingMs })
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
      const userid = await exchange(deps, context.query.code)
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

  router.post('/oauth/logout', context => {
    assertSameOrigin(deps.origin, context)
    sessions.end(context)
    const link = { href: '/sidebar/', label: texts.login.open }
    showNotice(context, 200, { title: texts.login.outTitle, text: texts.login.out, link })
  })

  /** The login that this browser began with this state; it can be used once. */
  function takePending(context: Context): z.infer<typeof pendingLogin> | undefined {
    const { state } = context.query
    if (typeof state !== 'string' || !/^[0-9a-f]{64}$/.test(state)) return undefined
    const text = context.cookies.get(cookieOf(state), { signed: false })
    if (text === undefined) return undefined
    setCookie(context, cookieOf(state), null, { secure, path: cookiePath })
    const pending = pendingLogin.safeParse(signer.open(text)).data
    const good = pending?.state === state && pending.expiresAt > deps.now().getTime()
    return good ? pending : undefined
  }

  function forgetSurplus(context: Context): void {
    const names = context.get('cookie').match(/\bsidekick_login_[0-9a-f]{16}(?==)/g) ?? []
    for (const name of names.slice(0, Math.max(0, names.length - pendingMax + 1)))
      setCookie(context, name, null, { secure, path: cookiePath })
  }
}

function cookieOf(state: string): string {
  return `sidekick_login_${state.slice(0, 16)}`
}

/** The member whom the code stands for (`path/91023`). @throws LoginRefused */
async function exchange(deps: SidebarDeps, code: unknown): Promise<string> {
  if (typeof code !== 'string' || code === '' || code.length > 512)
    throw new LoginRefused(texts.login.cancelled)
  const client = await deps.client()
  const { userid = '' } = await client.call('auth/getuserinfo', { code }).catch((error: unknown) => {
    throw toLoginRefused(error)
  })
  // Of a linked corp it is `CorpId/userid`, and of anybody else nothing.
  if (userid === '' || userid.includes('/')) throw new LoginRefused(texts.login.stranger)
  const staff = await findStaff(deps.models, client, deps.corpId, userid)
  if (!isPresent(staff)) throw new LoginRefused(texts.login.inactive)
  return userid
}

function toLoginRefused(error: unknown): unknown {
  if (error instanceof WecomNetworkError) return new LoginRefused(texts.login.platform, 502, { cause: error })
  if (!(error instanceof WecomError)) return error
  const byErrcode: Record<number, string> = {
    40029: texts.login.code,
    42003: texts.login.code,
    50001: texts.login.domain,
  }
  const passing = error.reaction === 'retry' || error.reaction === 'backoff'
  const message = passing ? texts.login.platform : texts.login.refused(error.hint)
  return new LoginRefused(byErrcode[error.errcode] ?? message, passing ? 502 : 403, { cause: error })
}
