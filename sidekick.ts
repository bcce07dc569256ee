import { stripVTControlCharacters } from 'node:util'
import { type ArgsDef, type CommandDef, defineCommand, renderUsage, runMain } from 'citty'
import { createApps } from './bot/apps.ts'
import { openPlatform } from './bot/platform.ts'
import { type Config, ConfigError, keepSecret, loadConfig } from './config.ts'
import { createJobs } from './jobs/agenda.ts'
import { ask } from './jobs/operator/ask.ts'
import { checkLine } from './jobs/operator/check-line.ts'
import { tableLines } from './jobs/operator/table-text.ts'
import { json, NotYetError, type Opened, UsageError, type Verb } from './jobs/operator/verb.ts'
import { type VerbGroup, verbTable } from './jobs/operator/verb-table.ts'
import { isThere, openDatabase } from './models/connect.ts'
import { createSecretBox } from './models/secrets.ts'

const warn = (message: string): void => console.error(message)

/** @throws NotYetError where nothing may be made, and nothing is there */
async function openAll({ make }: { make: boolean }): Promise<Opened & { close(): Promise<void> }> {
  const config = make ? loadConfig() : existingConfig()
  const { mongodbUri, dataDir, encryptionKey, app } = config
  const log = (level: string, message: string): void => void (level !== 'info' && warn(message))
  const database = await openDatabase({ mongodbUri, dataDir, log })
  const { connection, models } = database
  const secrets = createSecretBox(encryptionKey)
  const wecom = openPlatform(models, secrets, platformOf(config), {})
  const own = app && { corpId: app.corpId, agentId: app.agentId }
  const corpIds = async (named: string | undefined): Promise<string[]> => {
    const known = (await models.corps.find().sort({ corpId: 1 }).lean()).map(one => one.corpId)
    if (known.length === 0) throw new NotYetError('there is no corp yet: start Sidekick once')
    if (named === undefined) return known
    if (!known.includes(named))
      throw new UsageError(`there is no corp ${named}; there are ${known.join(', ')}`)
    return [named]
  }
  const jobs = createJobs({ connection, models, worker: false, log: ({ message }) => warn(message) })
  return {
    config,
    database,
    models,
    jobs,
    secrets,
    apps: createApps(models, secrets, wecom, own),
    corpIds,
    async corpId(named) {
      const [only = '', ...others] = await corpIds(named)
      if (others.length > 0) throw new UsageError('there are several corps: name one by --corp')
      return only
    },
    ask: names => ask(names, process.stdin, process.stderr),
    async close() {
      await jobs.stop()
      await wecom.close()
      await database.close()
    },
  }
}

/** Makes neither secrets nor a database. */
function existingConfig(): Config {
  const notYet = (): never => {
    throw new NotYetError('there is no database yet: start Sidekick once')
  }
  const config = loadConfig((dataDir, name) => (isThere({ dataDir }) ? keepSecret(dataDir, name) : notYet()))
  return isThere(config) ? config : notYet()
}

/** The simulated platform, where there is no other. */
function platformOf({ mode, apiBase, simPort }: Config): string | undefined {
  return apiBase ?? (mode === 'demo' ? `http://127.0.0.1:${simPort}` : undefined)
}

/** Makes a verb a command: it prints one line for what goes wrong, and closes what it has opened. */
function command(name: string, { description, args, run }: Verb): CommandDef {
  const work = async (given: Parameters<Verb['run']>[0]): Promise<void> => {
    let opened: Awaited<ReturnType<typeof openAll>> | undefined
    try {
      const answer = await run(given, async (options = { make: true }) => {
        opened = await openAll(options)
        return opened
      })
      if (given.json && answer.data !== undefined) console.log(JSON.stringify(answer.data))
      else {
        const tables = [answer.head, answer.rows].filter(table => table !== undefined)
        const parts = [
          ...(answer.text ? [answer.text] : []),
          ...tables.map(rows => tableLines(rows).join('\n')),
        ]
        if (parts.length > 0) console.log(parts.join('\n\n'))
      }
      for (const note of answer.notes ?? []) if (note) warn(note)
      if (answer.failed) process.exitCode = 1
    } catch (error) {
      process.exitCode = 1
      for (const line of error instanceof ConfigError ? error.problems : [(error as Error).message])
        warn(line)
    } finally {
      await opened?.close()
    }
  }
  const all: ArgsDef = { ...args, json }
  return defineCommand({
    meta: { name, description },
    args: all,
    run: context => work(context.args as Parameters<Verb['run']>[0]),
  }) as CommandDef
}

function group(name: string, { description, verbs }: VerbGroup): CommandDef {
  const subCommands = Object.entries(verbs).map(([verb, one]) => [verb, command(`${name} ${verb}`, one)])
  return defineCommand({ meta: { name, description }, subCommands: Object.fromEntries(subCommands) })
}

/** Names in the usage line all that is typed: of the names above a verb the library gives the last alone. */
async function showUsage<T extends ArgsDef>(of: CommandDef<T>): Promise<void> {
  const usage = await renderUsage(of)
  const { stdout } = process
  // The library colours whatever it writes to.
  console.log(`${stdout.isTTY && stdout.hasColors() ? usage : stripVTControlCharacters(usage)}\n`)
}

const words = process.argv.slice(2)
const isHelp = words.some(word => word === '--help' || word === '-h')
try {
  if (!isHelp) checkLine(words, verbTable)
  const commands = Object.entries(verbTable).map(([name, one]) => {
    const typed = `sidekick ${name}`
    return [name, 'verbs' in one ? group(typed, one) : command(typed, one)]
  })
  const meta = { name: 'sidekick', description: "The operator's tool of WeCom Sidekick" }
  await runMain(defineCommand({ meta, subCommands: Object.fromEntries(commands) }), { showUsage })
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  process.exitCode = 1
  warn(error.message)
}
