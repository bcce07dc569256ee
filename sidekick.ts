import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ArgsDef, type CommandDef, defineCommand, runMain } from 'citty'
import { stringify } from 'yaml'
import { actions } from './bot/actions/registry.ts'
import { compileHandler, HandlerInvalid } from './bot/handlers/compile.ts'
import { publishHandler } from './bot/handlers/publish.ts'
import { readHandlerFile } from './bot/handlers/read-file.ts'
import { ConfigError, loadConfig } from './config.ts'
import { createJobs } from './jobs/agenda.ts'
import { dbCheck, dbExport, dbImport, dbInfo } from './jobs/database-verbs.ts'
import {
  corp,
  defineVerb,
  jobsVerb,
  json,
  type Opened,
  pushVerb,
  syncVerb,
  UsageError,
  type Verb,
} from './jobs/verbs.ts'
import { openDatabase } from './models/connect.ts'
import { ensureEmbedded, smallMemory } from './models/embedded/ensure.ts'

const warn = (message: string): void => console.error(message)
const when = (at: Date | undefined): string | undefined => at?.toISOString().replace('T', ' ').slice(0, 19)

async function openAll(): Promise<Opened> {
  const { mongodbUri, dataDir } = loadConfig()
  const log = (level: string, message: string): void => void (level !== 'info' && warn(message))
  const database = await openDatabase({ mongodbUri, dataDir, log })
  const { connection, models } = database
  const corpIds = async (named: string | undefined): Promise<string[]> => {
    const known = (await models.corps.find().sort({ corpId: 1 }).lean()).map(one => one.corpId)
    if (known.length === 0) throw new UsageError('there is no corp yet: start Sidekick once')
    if (named === undefined) return known
    if (!known.includes(named))
      throw new UsageError(`there is no corp ${named}; there are ${known.join(', ')}`)
    return [named]
  }
  return {
    database,
    models,
    jobs: createJobs({ connection, models, worker: false, log: ({ message }) => warn(message) }),
    corpIds,
    async corpId(named) {
      const [only = '', ...others] = await corpIds(named)
      if (others.length > 0) throw new UsageError('there are several corps: name one by --corp')
      return only
    },
  }
}

/** Makes a verb a command: it prints one line for what goes wrong, and closes what it has opened. */
function command({ description, args, run }: Verb): CommandDef {
  const work = async (given: Parameters<Verb['run']>[0]): Promise<void> => {
    let opened: Opened | undefined
    try {
      const answer = await run(given, async () => {
        opened = await openAll()
        return opened
      })
      if (given.json && answer.data !== undefined) console.log(JSON.stringify(answer.data))
      else if (answer.rows) printTable(answer.rows)
      else if (answer.text) console.log(answer.text)
      for (const note of answer.notes ?? []) if (note) warn(note)
      if (answer.failed) process.exitCode = 1
    } catch (error) {
      process.exitCode = 1
      for (const line of error instanceof ConfigError ? error.problems : [(error as Error).message])
        warn(line)
    } finally {
      await opened?.jobs.stop()
      await opened?.database.close()
    }
  }
  const all: ArgsDef = { ...args, json }
  return defineCommand({
    meta: { description },
    args: all,
    run: context => work(context.args as Parameters<Verb['run']>[0]),
  }) as CommandDef
}

function printTable(rows: readonly Record<string, unknown>[]): void {
  const heads = Object.keys(rows[0] ?? { 'nothing there': '' })
  const cells = rows.map(row => heads.map(head => String(row[head] ?? '-').replaceAll('\n', ' ')))
  const widths = heads.map((head, i) => Math.max(head.length, ...cells.map(line => line[i]?.length ?? 0)))
  const line = (parts: string[]): string => parts.map((part, i) => part.padEnd(widths[i] ?? 0)).join('  ')
  for (const parts of [heads, ...cells]) console.log(line(parts).trimEnd())
}

/** A document as people read it. */
const asYaml = (value: unknown): string => stringify(JSON.parse(JSON.stringify(value))).trimEnd()

const corpList = defineVerb('Corps and their apps', {}, async (_, open) => {
  const { models } = await open()
  const corps = await models.corps.find().sort({ corpId: 1 }).lean()
  const data = corps.map(({ corpId, name, timeZone, apps }) => {
    return { corpId, name, timeZone, apps: apps.map(({ app }) => app) }
  })
  return { data, rows: data }
})

const inboxList = defineVerb(
  'Events and messages, the newest first',
  {
    state: { type: 'enum', options: ['waiting', 'done', 'dead'], description: 'Only those in this state' },
    limit: { type: 'string', description: 'How many, at most 1000', default: '20' },
    corp,
  },
  async (args, open) => {
    const limit = Number(args.limit)
    if (!Number.isInteger(limit) || limit < 1 || limit > 1_000)
      throw new UsageError('--limit is a number from 1 to 1000')
    const { models, corpIds } = await open()
    const { state } = args as { state?: 'waiting' | 'done' | 'dead' }
    const filter = { corpId: { $in: await corpIds(args.corp) }, ...(state && { state }) }
    const data = await models.inbox
      .find(filter)
      .select({ xml: 0 })
      .sort({ createdAt: -1 })
      .limit(limit)
      .lean()
    const rows = data.map(({ _id: id, createdAt, name: event, app, state, attempts, error }) => {
      return { at: when(createdAt), event, app, state, attempts, error: error?.code, id }
    })
    return { data, rows }
  },
)

const inboxShow = defineVerb(
  'One event with its plain XML, and what handlers did with it',
  { id: { type: 'positional', required: true, description: 'As listed' } },
  async ({ id }, open) => {
    const { models } = await open()
    const event = await models.inbox.findById(id).lean()
    if (event === null) throw new UsageError(`there is no event ${id}`)
    const runs = await models.runs.find({ corpId: event.corpId, event: id }).select({ _id: 0 }).lean()
    const data = { ...event, runs }
    return { data, text: asYaml(data) }
  },
)

const handlersList = defineVerb('Stored handlers', { corp }, async (args, open) => {
  const { models, corpIds } = await open()
  const filter = { corpId: { $in: await corpIds(args.corp) } }
  const data = await models.handlers.find(filter).select({ _id: 0 }).sort({ corpId: 1, key: 1 }).lean()
  const rows = data.map(({ key, enabled, revision, updatedAt, document }) => {
    const trigger = JSON.stringify(document.trigger ?? null)
    return { key, enabled, revision, updated: when(updatedAt), title: document.title, trigger }
  })
  return { data, rows }
})

const handlersShow = defineVerb(
  'One stored handler',
  { key: { type: 'positional', required: true, description: 'As listed' }, corp },
  async (args, open) => {
    const { models, corpId } = await open()
    const which = { corpId: await corpId(args.corp), key: args.key }
    const data = await models.handlers.findOne(which).select({ _id: 0 }).lean()
    if (data === null) throw new UsageError(`there is no handler ${args.key}`)
    return { data, text: asYaml(data) }
  },
)

const file = {
  type: 'positional',
  required: true,
  description: 'YAML or JSON, one document or several',
} as const

const handlersValidate = defineVerb('Check handler files without storing them', { file }, async args => {
  const documents = await readHandlerFile(args.file)
  const problems = documents.flatMap(document => problemsOf(document))
  const rows =
    problems.length > 0 ? problems : [{ handlers: documents.length, result: 'all can be published' }]
  return { data: { handlers: documents.length, problems }, rows, failed: problems.length > 0 }
})

function problemsOf(document: Record<string, unknown>): { key: string; path: string; message: string }[] {
  try {
    compileHandler(document, 0, actions)
    return []
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return error.problems.map(problem => ({ key: String(document.key ?? '-'), ...problem }))
  }
}

const handlersImport = defineVerb(
  'Store handler files; switched off unless --publish is given',
  {
    file,
    publish: { type: 'boolean', description: 'Live at once, as the file says', default: false },
    corp,
  },
  async (args, open) => {
    const documents = await readHandlerFile(args.file)
    const { models, corpId } = await open()
    const id = await corpId(args.corp)
    // All or nothing: one that cannot be published must not leave half a file behind.
    for (const document of documents) compileHandler(document, 0, actions)
    const data = []
    for (const document of documents) {
      const stored = args.publish ? document : { ...document, enabled: false }
      data.push(await publishHandler(models, id, stored, actions))
    }
    return {
      data,
      rows: data,
      notes: [args.publish ? undefined : 'stored switched off; --publish makes them live'],
    }
  },
)

const dbServe = defineVerb(
  'Run the embedded database alone and print its URI, for mongosh, Compass or a test suite',
  {
    dir: { type: 'string', description: "Folder of the data; Sidekick's own by default" },
    port: { type: 'string', description: 'Port on 127.0.0.1 instead of a socket' },
  },
  async ({ dir = join(loadConfig().dataDir, 'db'), port, json: asJson }) => {
    if (port !== undefined && !/^\d{1,5}$/.test(port)) throw new UsageError(`--port "${port}" is not a port`)
    const tell = (uri: string): void => console.log(asJson ? JSON.stringify({ uri }) : uri)
    return serveDatabase(dir, port, tell)
  },
)

const foreverMs = 2 ** 31 - 1
const ownedExit = 3

/** Runs the database's process until it or this one is ended. Of a folder that is served already the URI is told. */
async function serveDatabase(dir: string, port: string | undefined, tell: (uri: string) => void) {
  const main = fileURLToPath(new URL('./models/embedded/main.js', import.meta.url))
  const options = ['--dir', dir, '--linger-ms', String(foreverMs), ...(port ? ['--port', port] : [])]
  const child = spawn(process.execPath, [...smallMemory, main, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  child.stdout.setEncoding('utf8').once('data', (line: string) => tell(line.trim()))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGTERM'))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code === ownedExit) tell((await ensureEmbedded({ dir })).uri)
  return { data: undefined, failed: code !== 0 && code !== ownedExit }
}

const group = (description: string, verbs: Record<string, Verb>): CommandDef =>
  defineCommand({
    meta: { description },
    subCommands: Object.fromEntries(Object.entries(verbs).map(([name, verb]) => [name, command(verb)])),
  })

await runMain(
  defineCommand({
    meta: { name: 'sidekick', description: "The operator's tool of WeCom Sidekick" },
    subCommands: {
      jobs: command(jobsVerb),
      sync: command(syncVerb),
      push: command(pushVerb),
      corp: group('Corps', { list: corpList }),
      inbox: group('The callback inbox', { list: inboxList, show: inboxShow }),
      handlers: group('Stored handlers', {
        list: handlersList,
        show: handlersShow,
        validate: handlersValidate,
        import: handlersImport,
      }),
      db: group('The database', {
        info: dbInfo,
        check: dbCheck,
        export: dbExport,
        import: dbImport,
        serve: dbServe,
      }),
    },
  }),
)
