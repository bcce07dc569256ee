import { timingSafeEqual } from 'node:crypto'
import Router, { type RouterContext } from '@koa/router'
import type { Database } from '../models/connect.ts'
import { inTime } from '../models/in-time.ts'
import type { Apps } from './apps.ts'
import { createInboxGauges } from './inbox-gauges.ts'
import type { Metrics } from './metrics.ts'
import type { TokenStop } from './wecom/tokens.ts'

export interface HealthDeps {
  database: Database
  metrics: Metrics
  jobs: { workers(): Promise<string[]> }
  apps: Apps
  corpId: string
  config: { mode: string; roles: ReadonlySet<string>; metricsToken?: string; domainVerify?: string }
}

/** How long the database has for the write that proves it can. */
const proofMs = 2_000

/** `/healthz`, `/readyz`, `/metrics`, and the platform's domain ownership file. */
export function healthRoutes(deps: HealthDeps): Router {
  const { metrics, config } = deps
  const readGauges = createInboxGauges(deps.database.models, metrics)
  const router = new Router()
  router.get('/healthz', context => {
    context.body = { status: 'ok' }
  })
  router.get('/readyz', context => ready(deps, context))
  router.get('/metrics', async context => {
    if (!maySeeMetrics(context, config.metricsToken)) {
      context.status = 403
      context.body = {
        error: { code: 'forbidden', message: 'from loopback, or with METRICS_TOKEN as bearer' },
      }
      return
    }
    await readGauges()
    context.type = metrics.registry.contentType
    context.body = await metrics.registry.metrics()
  })
  if (config.domainVerify !== undefined) {
    router.get(`/WW_verify_${config.domainVerify}.txt`, context => {
      context.type = 'text/plain'
      context.body = config.domainVerify
    })
  }
  return router
}

/** 200 when the inbox can be written; everything else is told in the body and changes nothing. */
async function ready(
  { database, jobs, config, apps, corpId }: HealthDeps,
  context: RouterContext,
): Promise<void> {
  const parts = { mode: config.mode, roles: [...config.roles] }
  try {
    const meta = database.connection.collection<{ _id: string }>('meta')
    await inTime(proofMs, meta.updateOne({ _id: 'ready' }, { $set: { at: new Date() } }, { upsert: true }))
    const workers = await jobs.workers()
    const openGaps = await database.models.gaps.countDocuments({ state: 'open' })
    const client = await apps.client(corpId)
    const token = await client.tokenStop()
    const ticket = (await client.ticketStop('agent')) ?? (await client.ticketStop('corp'))
    const well = workers.length > 0 && token === undefined && ticket === undefined
    context.body = {
      status: well ? 'ok' : 'degraded',
      ...parts,
      database: { mode: database.mode, state: 'ok' },
      jobs: { workers: workers.length },
      gaps: { open: openGaps },
      tokens: stateOf(token),
      tickets: stateOf(ticket),
    }
  } catch (error) {
    context.status = 503
    context.body = {
      status: 'unavailable',
      ...parts,
      database: { mode: database.mode, ...(await database.state()) },
      reason: (error as Error).message,
    }
  }
}

function stateOf(stop: TokenStop | undefined): { state: 'ok' } | { state: 'stopped'; errcode: number } {
  return stop === undefined ? { state: 'ok' } : { state: 'stopped', errcode: stop.errcode }
}

function maySeeMetrics(context: RouterContext, token: string | undefined): boolean {
  // Behind a proxy of this machine everybody comes from loopback.
  const direct = context.get('x-forwarded-for') === ''
  if (direct && ['127.0.0.1', '::1', '::ffff:127.0.0.1'].includes(context.req.socket.remoteAddress ?? ''))
    return true
  const given = Buffer.from(context.get('authorization'))
  const wanted = Buffer.from(`Bearer ${token ?? ''}`)
  return token !== undefined && given.length === wanted.length && timingSafeEqual(given, wanted)
}
