import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import type { Logger } from 'pino'
import { actions } from './bot/actions/registry.ts'
import { createApps } from './bot/apps.ts'
import { builtInHandlers } from './bot/commands/builtin.ts'
import { createDispatcher } from './bot/dispatch/dispatcher.ts'
import { releaseDead } from './bot/dispatch/lease.ts'
import { createNoticeSweep } from './bot/dispatch/notices-left.ts'
import { createReplySlots } from './bot/dispatch/reply-slots.ts'
import { startSweep } from './bot/dispatch/sweep.ts'
import { createGapWatch } from './bot/gap-watch.ts'
import { createBrokenAlert } from './bot/handlers/broken-alert.ts'
import type { HandlerSet } from './bot/handlers/handler-set.ts'
import { createLiveHandlers } from './bot/handlers/live.ts'
import { seedHandlers } from './bot/handlers/seed.ts'
import { closeServer, createHttpServer } from './bot/http-server.ts'
import { createMetrics } from './bot/metrics.ts'
import { openPlatform } from './bot/platform.ts'
import { connect, listen } from './bot/process/open.ts'
import { run, type Started } from './bot/process/run.ts'
import { createSite } from './bot/process/site.ts'
import { saveCorp } from './bot/save-corp.ts'
import { plainApps } from './bot/sealed-apps.ts'
import { startLines } from './bot/start-lines.ts'
import { watchPlatform } from './bot/watch-platform.ts'
import { type Config, ConfigError } from './config.ts'
import { createJobs } from './jobs/agenda.ts'
import { openClock } from './models/clock.ts'
import { createDirectory } from './models/directory.ts'
import { migrate } from './models/migrations.ts'
import { processName } from './models/process-name.ts'
import { createSecretBox } from './models/secrets.ts'
import { useSidebar } from './sidebar/server/routes.ts'

/** A started Sidekick. */
export interface Running extends Started {
  /** The address that it listens on. */
  url: string
  /** A corp's handlers as this instance has them now. */
  handlers(corpId: string): Promise<HandlerSet>
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
    const wecom = openPlatform(models, secrets, apiBase, watchPlatform(metrics, log))
    closers.push(() => wecom.close())
    const own = { corpId, agentId: app.agentId }
    const callbacks = Object.fromEntries(
      plainApps(app).map(({ app, token, aesKey }) => [app, { token, aesKey }]),
    )
    const apps = createApps(models, secrets, wecom, { ...own, callbacks }, log)
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
    const live = createLiveHandlers(models, actions, createBrokenAlert(metrics, log), (corp, error) =>
      log.warn({ err: error, corpId: corp }, 'changes of handlers cannot be looked for'),
    )
    closers.push(async () => live.close())
    const shared = {
      ...{ models, apps, clock, metrics, log },
      replies: createReplySlots(),
      directory: createDirectory(models),
      admins: { corpId, userids: config.adminStaff },
      process: processName(),
      retentionMs: config.retentionDays * dayMs,
    }
    const dispatcher = createDispatcher({
      ...shared,
      actions,
      live,
      requestSync: async (of, what) => void (await jobs.enqueue(`sync.${what}`, { corpId: of })),
    })
    closers.push(() => dispatcher.drain(drainMs))
    await releaseDead(models.locks)
    const gaps = createGapWatch({
      ...shared,
      connection,
      requestReconcile: async of => void (await jobs.enqueue('gap.reconcile', { corpId: of })),
    })

    const { publicUrl, roles } = config
    const hasWeb = roles.has('web')
    if (hasWeb && publicUrl === undefined && demo === undefined)
      log.warn({ url }, 'PUBLIC_URL is not set: login and sidebar work only under the local address')
    // The demo is on this machine, whatever else is set.
    const origin = publicUrl === undefined || demo !== undefined ? url : new URL(publicUrl).origin
    const loginBase = demo?.simulator.url ?? config.loginBase
    const site = createSite({
      ...shared,
      ...{ config, own, database, jobs, dispatcher, gaps },
      bridge: demo?.bridge,
      usePages: koa =>
        useSidebar(koa, {
          ...{ ...shared, ...own, origin },
          sessionSecret: config.sessionSecret,
          client: () => apps.client(corpId),
          now: () => new Date(),
          ...(loginBase !== undefined && { loginBase }),
        }),
    })

    const everything = roles.has('worker')
    closers.push(
      startSweep(dispatcher, {
        ...{ everything, log },
        ...(everything && { sendNotices: createNoticeSweep(shared) }),
      }),
    )
    closers.push(() => gaps.stop())
    // Closed first: whoever is answered from here on must have been taken in.
    closers.push(() => closeServer(http))
    await jobs.start()
    await demo?.settle(models)
    handle = site.callback()
    if (hasWeb) gaps.start()
    complete = true
    return {
      url,
      handlers: of => live.of(of),
      lines: startLines(url, hasWeb ? origin : undefined, demo?.simulator.url),
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) run(startSidekick)
