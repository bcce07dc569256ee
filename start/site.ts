import { constants } from 'node:zlib'
import Koa, { type Middleware } from 'koa'
import compress from 'koa-compress'
import { callbackRoutes } from '../bot/callback/routes.ts'
import type { DispatchDeps } from '../bot/dispatch/deps.ts'
import type { Dispatcher } from '../bot/dispatch/dispatcher.ts'
import { createInbox } from '../bot/dispatch/inbox.ts'
import type { GapWatch } from '../bot/gap-watch.ts'
import { type HealthDeps, healthRoutes } from '../bot/health.ts'
import type { Config } from '../config.ts'
import { useSidebar } from '../sidebar/server/routes.ts'

export interface SiteDeps extends Omit<DispatchDeps, 'actions' | 'live' | 'requestSync'> {
  config: Config
  /** The corp and app of the environment. */
  own: { corpId: string; agentId: string }
  database: HealthDeps['database']
  jobs: HealthDeps['jobs']
  dispatcher: Dispatcher
  gaps: GapWatch
  /** Under which people and the platform come here. */
  origin: string
  /** Of the demo: puts the client's bridge into pages, and where it logs in. */
  demo: { bridge: Middleware; loginBase: string } | undefined
}

/** All that is answered over HTTP: health and metrics always, callbacks and the sidebar where the web role runs. */
export function createSite(deps: SiteDeps): Koa {
  const { config, own, apps, log, demo } = deps
  const hasWeb = config.roles.has('web')
  const koa = new Koa()
  koa.on('error', error => log.error({ err: error }, 'a request failed'))
  // Before all others: nothing is asked for as often.
  if (hasWeb) koa.use(callbacks(deps))
  koa.use(healthRoutes({ ...deps, corpId: own.corpId }).routes())
  if (!hasWeb) return koa

  // Pages and answers of the sidebar; what callbacks are answered is a few bytes.
  koa.use(compress({ threshold: 1024, br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } } }))
  if (demo !== undefined) koa.use(demo.bridge)
  const loginBase = demo?.loginBase ?? config.loginBase
  useSidebar(koa, {
    ...deps,
    ...own,
    sessionSecret: config.sessionSecret,
    client: () => apps.client(own.corpId),
    now: () => new Date(),
    ...(loginBase !== undefined && { loginBase }),
  })
  return koa
}

function callbacks({ config, gaps, ...deps }: SiteDeps): Middleware {
  const { models, retentionMs, clock, process } = deps
  return callbackRoutes({
    ...deps,
    inbox: createInbox(models, retentionMs, { clock, process }),
    replyBudgetMs: config.replyBudgetMs,
    onStored: () => gaps.stored(),
    onRefused: () => gaps.refused(),
  })
}
