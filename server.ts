import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { constants } from 'node:zlib'
import Koa from 'koa'
import compress from 'koa-compress'
import type { Logger } from 'pino'
import { actions } from './bot/actions/registry.ts'
import { createApps } from './bot/apps.ts'
import { callbackRoutes } from './bot/callback/routes.ts'
import { builtInHandlers } from './bot/commands/builtin.ts'
import { createDispatcher } from './bot/dispatch/dispatcher.ts'
import { createInbox } from './bot/dispatch/inbox.ts'
import { releaseDead } from './bot/dispatch/lease.ts'
import { createNoticeSweep } from './bot/dispatch/notices-left.ts'
import { createReplySlots } from './bot/dispatch/reply-slots.ts'
import { startSweep } from './bot/dispatch/sweep.ts'
import { createGapWatch } from './bot/gap-watch.ts'
import { createBrokenAlert } from './bot/handlers/broken-alert.ts'
import type { HandlerSet } from './bot/handlers/handler-set.ts'
import { createLiveHandlers } from './bot/handlers/live.ts'
import { seedHandlers } from './bot/handlers/seed.ts'
import { healthRoutes } from './bot/health.ts'
import { closeServer, createHttpServer } from './bot/http-server.ts'
import { createLog } from './bot/log.ts'
import { createMetrics } from './bot/metrics.ts'
import { openPlatform } from './bot/platform.ts'
import { saveCorp } from './bot/save-corp.ts'
import type { PlainApp } from './bot/sealed-apps.ts'
import { startLines } from './bot/start-lines.ts'
import { createTokenAlert } from './bot/token-alert.ts'
import { type AppSettings, type Config, ConfigError, loadConfig } from './config.ts'
import { createJobs } from './jobs/agenda.ts'
import { openClock } from './models/clock.ts'
import { type Database, type DatabaseOptions, openDatabase } from './models/connect.ts'
import { createDirectory } from './models/directory.ts'
import { migrate } from './models/migrations.ts'
import { processName } from './models/process-name.ts'
import { createSecretBox } from './models/secrets.ts'
import { useSidebar } from './sidebar/server/routes.ts'

/** A started Sidekick. */
export interface Running {
  /** The address that it listens on. */
  url: string
  /** Lines for people: what there is to open. */
  lines: readonly string[]
  /** A corp's handlers as this instance has them now. */
  handlers(corpId: string): Promise<HandlerSet>
  /** Ends what is under way, then closes everything in order. */
  stop(): Promise<void>
}

const dayMs = 24 * 60 * 60 * 1000
/** With the second that a last look at the inbox may take, these are the 10 s of docs/dispatch.md. */
const drainMs = 9_000

/** Opens, starts and connects the parts, in order. What was opened is closed again when a later part fails. */
export async function startSidekick(config: Config, log: Logger): Promise<Running> {
  const closers: (() => Promise<void>)[] = []
  /** A start that fails must not end what an earlier one left running. */
  let complete = false
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  try {
    const note = (level: 'info' | 'warn' | 'error', message: string, details: object = {}): void =>
      log[level](details, message)
    let handle = (_request: IncomingMessage, response: ServerResponse): void => {
      response.writeHead(503).end('starting')
    }
    const http = createHttpServer((request, response) => handle(request, response))
    const url = await listen(http, config)
    closers.push(() => closeServer(http))

    const [database, demo] = await Promise.all([
      connect(config, note),
      // Nothing of `fixtures/` is loaded without it.
      config.app === undefined
        ? import('./fixtures/open-demo.ts').then(({ openDemo }) => openDemo(config, url, note))
        : undefined,
    ])
    closers.push(() => database.close())
    if (demo !== undefined) closers.push(() => (complete ? demo.simulator.end() : demo.simulator.release()))
    const { connection, models } = database
    await migrate(connection, models)

    const app = config.app ?? demo?.app
    if (app === undefined) throw new ConfigError(['WECOM_CORP_ID is missing'])
    const secrets = createSecretBox(config.encryptionKey)
    const { corpId } = app
    const behind = await saveCorp(models, secrets, {
      corpId,
      name: demo?.name ?? corpId,
      apps: plainApps(app),
    })
    for (const one of behind)
      log.warn({ corpId, ...one }, 'the environment has what was replaced since; what is stored stays')
    const metrics = createMetrics()
    const apiBase = demo?.simulator.url ?? config.apiBase
    const wecom = openPlatform(models, secrets, apiBase, {
      log: call => {
        metrics.calls.inc({ path: call.path, errcode: String(call.errcode ?? 'none') })
        metrics.callSeconds.observe({ path: call.path }, call.ms / 1000)
        log.debug(call, 'platform call')
      },
      onTokenStop: createTokenAlert(metrics, log),
      onLimitsAway(error) {
        if (error === undefined) log.info('platform limits are shared with the other instances again')
        else
          log.warn({ err: error }, 'platform limits cannot be shared; each instance takes an eighth of them')
      },
    })
    closers.push(() => wecom.close())
    const own = { corpId, agentId: app.agentId }
    const callbacks = Object.fromEntries(
      plainApps(app).map(({ app, token, aesKey }) => [app, { token, aesKey }]),
    )
    const apps = createApps(models, secrets, wecom, { ...own, callbacks })
    for (const one of await apps.corpIds()) await seedHandlers(models, one, builtInHandlers, actions)
    await demo?.seed(models, actions, secrets)

    const clock = await openClock(connection)
    const jobs = createJobs({
      connection,
      models,
      apps,
      clock,
      worker: config.roles.has('worker'),
      log: ({ level, message, ...rest }) => log[level](rest, message),
    })
    closers.push(() => jobs.stop())
    const replies = createReplySlots()
    const name = processName()
    const directory = createDirectory(models)
    const admins = { corpId, userids: config.adminStaff }
    const retentionMs = config.retentionDays * dayMs
    const live = createLiveHandlers(models, actions, createBrokenAlert(metrics, log), (corp, error) =>
      log.warn({ err: error, corpId: corp }, 'changes of handlers cannot be looked for'),
    )
    closers.push(async () => live.close())
    const dispatcher = createDispatcher({
      models,
      apps,
      actions,
      replies,
      metrics,
      log,
      process: name,
      clock,
      retentionMs,
      live,
      directory,
      admins,
      requestSync: async (corpId, what) => void (await jobs.enqueue(`sync.${what}`, { corpId })),
    })
    closers.push(() => dispatcher.drain(drainMs))
    await releaseDead(models.locks)

    const { publicUrl, roles } = config
    // The demo is on this machine, whatever else is set.
    const origin = publicUrl === undefined || demo !== undefined ? url : new URL(publicUrl).origin
    const koa = new Koa()
    koa.on('error', error => log.error({ err: error }, 'a request failed'))
    const gaps = createGapWatch({
      connection,
      models,
      metrics,
      log,
      clock,
      requestReconcile: async corpId => void (await jobs.enqueue('gap.reconcile', { corpId })),
    })
    if (roles.has('web')) {
      // Before all others: nothing is asked for as often.
      const inbox = createInbox(models, retentionMs, { clock, process: name })
      koa.use(
        callbackRoutes({
          own,
          apps,
          models,
          inbox,
          dispatcher,
          replies,
          metrics,
          log,
          replyBudgetMs: config.replyBudgetMs,
          onStored: () => gaps.stored(),
          onRefused: () => gaps.refused(),
        }),
      )
    }
    koa.use(healthRoutes({ database, metrics, jobs, config, apps, corpId }).routes())
    if (roles.has('web')) {
      if (publicUrl === undefined && demo === undefined)
        log.warn({ url }, 'PUBLIC_URL is not set: login and sidebar work only under the local address')
      // Pages and answers of the sidebar; what callbacks are answered is a few bytes.
      koa.use(compress({ threshold: 1024, br: { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } } }))
      if (demo !== undefined) koa.use(demo.bridge)
      const loginBase = demo?.simulator.url ?? config.loginBase
      useSidebar(koa, {
        ...own,
        models,
        directory,
        admins,
        log,
        sessionSecret: config.sessionSecret,
        client: () => apps.client(corpId),
        origin,
        now: () => new Date(),
        clock,
        ...(loginBase !== undefined && { loginBase }),
      })
    }
    const everything = roles.has('worker')
    closers.push(
      startSweep(dispatcher, {
        ...{ everything, log },
        ...(everything && {
          sendNotices: createNoticeSweep({ models, apps, clock, log, metrics, process: name }),
        }),
      }),
    )
    closers.push(() => gaps.stop())
    // Closed first: whoever is answered from here on must have been taken in.
    closers.push(() => closeServer(http))
    await jobs.start()
    await demo?.settle(models)
    handle = koa.callback()
    if (roles.has('web')) gaps.start()
    complete = true
    return {
      url,
      handlers: of => live.of(of),
      lines: startLines(url, roles.has('web') ? origin : undefined, demo?.simulator.url),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

/** An address that cannot be used is a setting to mend; it may hold a password and is not repeated. */
async function connect({ mongodbUri, dataDir }: Config, log: DatabaseOptions['log']): Promise<Database> {
  try {
    return await openDatabase({ mongodbUri, dataDir, log })
  } catch (error) {
    if (mongodbUri === undefined) throw error
    const example = 'example: MONGODB_URI=mongodb://db1,db2,db3/sidekick?replicaSet=rs0'
    throw new ConfigError([`MONGODB_URI cannot be reached (${(error as Error).name}); ${example}`], {
      cause: error,
    })
  }
}

function plainApps(app: AppSettings): PlainApp[] {
  const main = { app: app.agentId, secret: app.secret, ...app.callback }
  return app.contact === undefined ? [main] : [main, { app: 'contact', ...app.contact }]
}

async function listen(http: Server, { host, port }: Config): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', (error: NodeJS.ErrnoException) => {
      const inUse = error.code === 'EADDRINUSE'
      const where =
        error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND' ? `HOST "${host}"` : `PORT ${port}`
      const fault = inUse ? 'is used by another program' : `cannot be listened on (${error.code})`
      reject(new ConfigError([`${where} ${fault}; example: HOST=127.0.0.1 PORT=3100`], { cause: error }))
    })
    http.listen(port, host, resolve)
  })
  const { port: actual } = http.address() as AddressInfo
  const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `http://${name.includes(':') ? `[${name}]` : name}:${actual}`
}

const startsMax = 3

/** A database that goes away while Sidekick starts is no reason to give up at once: it is started again with it. */
async function startPatiently(config: Config, log: Logger): Promise<Running> {
  for (let start = 1; ; start += 1) {
    try {
      return await startSidekick(config, log)
    } catch (error) {
      const lost =
        error instanceof Error && /^Mongo(Network|ServerSelection|NotConnected|PoolCleared)/.test(error.name)
      if (!lost || start === startsMax) throw error
      log.warn({ err: error, start }, 'the database went away during the start')
    }
  }
}

async function main(): Promise<void> {
  const config = loadConfig()
  const log = createLog(config.logLevel)
  const running = await startPatiently(config, log)
  for (const line of running.lines) process.stdout.write(`${line}\n`)
  let stopping = false
  const end = (signal: string): void => {
    // Asked twice: somebody doesn't want to wait.
    if (stopping) process.exit(1)
    stopping = true
    log.info({ signal }, 'stopping')
    running.stop().then(
      () => process.exit(0),
      error => {
        log.fatal({ err: error }, 'could not stop in order')
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', end)
  process.on('SIGTERM', end)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main().catch((error: unknown) => {
    const { code } = error as { code?: unknown }
    const expected = error instanceof ConfigError || code === 'simulator_start' || code === 'migration_failed'
    process.stderr.write(`${expected ? (error as Error).message : (error as Error).stack}\n`)
    process.exit(1)
  })
}
