import { constants } from 'node:zlib'
import Koa, { type Middleware } from 'koa'
import compress from 'koa-compress'
import type { Config } from '../../config.ts'
import { callbackRoutes } from '../callback/routes.ts'
import type { DispatchDeps } from '../dispatch/deps.ts'
import type { Dispatcher } from '../dispatch/dispatcher.ts'
import { createInbox } from '../dispatch/inbox.ts'
import type { GapWatch } from '../gap-watch.ts'
import { type HealthDeps, healthRoutes } from '../health.ts'

export interface SiteDeps extends Omit<DispatchDeps, 'actions' | 'live' | 'requestSync'> {
  config: Config
  /** The corp and app of the environment. */
  own: { corpId: string; agentId: string }
  database: HealthDeps['database']
  jobs: HealthDeps['jobs']
  dispatcher: Dispatcher
  gaps: GapWatch
  /** Of the demo: puts the client's bridge into pages. */
  bridge: Middleware | undefined
  /** Adds the pages of the sidebar and their API. */
  usePages(koa: Koa): void
}

/** All that is answered over HTTP: health and metrics always, callbacks and the sidebar where the web role runs. */
export function createSite(deps: SiteDeps): Koa {
  const { config, own, log, bridge } = deps
  const hasWeb = config.roles.has('web')
  const koa = new Koa()
  koa.on('error', error => log.error({ err: error }, 'a request failed'))
  // Before all others: nothing is asked for as often.
  if (hasWeb) koa.use(callbacks(deps))
  koa.use(healthRoutes({ ...deps, corpId: own.corpId }).routes())
  if (!hasWeb) return koa

  // Pages and answers of the sidebar; what callbacks are answered is a few bytes.
  koa.use(compress({ threshold: 1024, br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } } }))
  if (bridge !== undefined) koa.use(bridge)
  deps.usePages(koa)
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
