import Router from '@koa/router'
import type Koa from 'koa'
import type { Context, Middleware } from 'koa'
import { z } from 'zod'
import { type ApiError, errorCodes } from '../api.ts'
import { createApi } from './call.ts'
import { addCustomerRoutes } from './customers.ts'
import type { SidebarDeps } from './deps.ts'
import { addGroupRoutes, createGroups } from './groups.ts'
import { policy, securityHeaders } from './guards.ts'
import { signBoot, signPage } from './jssdk.ts'
import { addLibraryRoutes } from './library.ts'
import { showNotice } from './notice-page.ts'
import { addLoginRoutes } from './oauth.ts'
import { loadPages } from './pages.ts'
import { Refused, toRefused } from './refusals.ts'
import { addSendRoutes } from './sends.ts'
import { createSessions } from './session.ts'
import { texts } from './texts.ts'

const signatureRequest = z.strictObject({ url: z.string().max(2048), kind: z.enum(['agent', 'corp']) })

/**
 * Takes the sidebar into the program: its page, its API and the login, below `/sidebar/` and `/oauth/`.
 *
 * @throws MissingPagesError before the pages are built
 */
export function useSidebar(koa: Koa, deps: SidebarDeps): void {
  const router = new Router({ sensitive: true, strict: true })
  const sessions = createSessions(deps)
  const pages = loadPages()

  addLoginRoutes(router, deps, sessions)
  router.get('/sidebar', context => context.redirect('/sidebar/'))
  router.get('/sidebar/', async context => {
    const who = await sessions.read(context)
    if (who === undefined) return context.redirect(`/oauth/login?return=${encodeURIComponent(context.url)}`)
    const url = `${deps.origin}${context.url}`
    const { corpId, agentId } = deps
    const me = { userid: who.userid, name: who.name }
    context.type = 'text/html; charset=utf-8'
    context.set('Content-Security-Policy', policy(pages.startScript))
    context.body = pages.html({ corpId, agentId, me, url, agentConfig: await signBoot(deps, url) })
  })
  router.get('/sidebar/assets/:name', context => {
    if (!pages.sendAsset(context, context.params.name ?? '')) throw new Refused('not_found')
  })

  const api = createApi(router, deps, sessions)
  const groups = createGroups(deps)
  api.post('signature', async ({ body }) => signPage(deps, await body(signatureRequest)))
  addCustomerRoutes(api, deps)
  addLibraryRoutes(api, deps)
  addSendRoutes(api, deps, groups)
  addGroupRoutes(api, deps, groups)
  koa.use(boundary(deps)).use(router.routes())
}

/** The one place where what goes wrong in the sidebar becomes an answer; headers are set for all that it answers. */
function boundary(deps: SidebarDeps): Middleware {
  return async (context, next) => {
    if (!/^\/(sidebar|oauth)(\/|$)/.test(context.path)) return next()
    context.set(securityHeaders)
    try {
      await next()
      if (context.status === 404 && context.body == null) throw new Refused('not_found')
    } catch (error) {
      const refused = toRefused(error)
      if (refused.code === 'failed')
        deps.log.error({ err: error, method: context.method, path: context.path }, 'a sidebar request failed')
      refuse(context, refused)
    }
  }
}

function refuse(context: Context, { code, message }: Refused): void {
  const status = errorCodes[code]
  context.set('Cache-Control', 'no-store')
  if (context.path.startsWith('/sidebar/api/')) {
    context.status = status
    context.body = { error: { code, message } } satisfies ApiError
  } else {
    const link = { href: '/sidebar/', label: texts.login.open }
    showNotice(context, status, { title: texts.noticeTitle, text: message, link })
  }
}
