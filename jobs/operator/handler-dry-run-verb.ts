import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { actions } from '../../bot/actions/registry.ts'
import type { DispatchDeps } from '../../bot/dispatch/deps.ts'
import { type Rehearsal, rehearse } from '../../bot/dispatch/rehearse.ts'
import { createReplySlots } from '../../bot/dispatch/reply-slots.ts'
import { freshStartId } from '../../bot/dispatch/starts.ts'
import { eventOf } from '../../bot/dispatch/stored-event.ts'
import { type BotEvent, parseEvent } from '../../bot/events/parse.ts'
import type { CompiledHandler } from '../../bot/handlers/compile.ts'
import { createLog } from '../../bot/log.ts'
import { createMetrics } from '../../bot/metrics.ts'
import { openClock } from '../../models/clock.ts'
import { createDirectory } from '../../models/directory.ts'
import type { Models } from '../../models/models.ts'
import { handlersToTry, standstill, type Tried } from './dry-run-handlers.ts'
import { type Asked, atMoment, nothingDone, overPast, storedEvent } from './dry-run-past.ts'
import { checksOf, sentenceOf, stepsOf, wouldStart } from './dry-run-report.ts'
import { readMoment } from './moments.ts'
import { aboutArgs, checkPeople, moreArgs, readAbout, type StartAbout } from './start-about.ts'
import { corp, defineVerb, type Opened, UsageError } from './verb.ts'

const dayMs = 24 * 60 * 60 * 1000

export const handlersDryRun = defineVerb(
  'What a handler would do about an event, by its schedule or by hand, step by step; nothing is stored or sent',
  {
    handler: { type: 'positional', required: true, description: 'A key, or a file that is not stored' },
    ...moreArgs,
    event: {
      type: 'string',
      description:
        'Id of a stored event, or a file: plain XML, or JSON with it as xml; not for a start by hand',
    },
    text: { type: 'string', description: 'A line that --staff would type, such as a command' },
    since: {
      type: 'string',
      description: 'Instead of one event: all of its kind from this moment on, a line each, like 7d',
    },
    at: { type: 'string', description: 'The moment that it is for time.*, like 2026-03-01T21:00:00+08:00' },
    ...aboutArgs,
    draft: { type: 'boolean', description: 'What is being written of the key', default: false },
    corp,
  },
  async (args, open) => {
    const opened = await open()
    const corpId = await opened.corpId(args.corp)
    const all = await handlersToTry(opened.models, corpId, args.handler, args.draft)
    const { handlers } = all
    const now = await depsOf(opened, corpId, all)
    const deps = args.at === undefined ? now : atMoment(now, readMoment('--at', args.at))
    if (args.since !== undefined) return overPast(deps, corpId, handlers, args)
    const tried: { key: string; data: Rehearsal }[] = []
    const named = await eventFor(deps, corpId, args)
    const about = named === undefined ? readAbout(args) : {}
    const startable = handlers.filter(one => named !== undefined || isStarted(one))
    for (const handler of startable.length === 0 ? handlers : startable) {
      const event = named?.event ?? (await startNow(deps, corpId, handler, about))
      tried.push({ key: handler.key, data: await rehearse(deps, handler, event) })
    }
    const left = handlers.filter(one => !tried.some(({ key }) => key === one.key))
    const foreign = named?.foreign
    const of = (key: string) => (tried.length > 1 ? { handler: key } : {})
    const data = tried.map(one => ({ key: one.key, starts: wouldStart(one.data), ...one.data }))
    return {
      data: data.length === 1 ? data[0] : data,
      text: tried.map(one => sentenceOf(one.key, one.data)).join('\n'),
      head: tried.flatMap(one => checksOf(one.data).map(row => ({ ...of(one.key), ...row }))),
      rows: tried.flatMap(one => stepsOf(one.data).map(row => ({ ...of(one.key), ...row }))),
      notes: [
        ...left.map(one => `${one.key} is neither manual nor scheduled: name what starts it by --event`),
        foreign && `the event is of the corp ${foreign}; it was taken for one of ${corpId}`,
        ...standstill(all),
        nothingDone,
      ],
    }
  },
)

/** The event that is named, or the line as the staff member would type it; undefined where a start is asked for. */
async function eventFor(
  deps: DispatchDeps,
  corpId: string,
  asked: Asked,
): Promise<{ event: BotEvent; foreign?: string } | undefined> {
  const { event, text } = asked
  if (event !== undefined && text !== undefined)
    throw new UsageError('--text is a line typed now, and goes without --event')
  const about = readAbout(asked)
  if (event !== undefined) return namedEvent(deps.models, corpId, event, about)
  if (text === undefined) return undefined
  const { userid, ...others } = about
  if (userid === undefined) throw new UsageError('--text needs --staff: who types it')
  if (Object.keys(others).length > 0)
    throw new UsageError('--customer and --args make a start by hand, and go without --text')
  await checkPeople(deps.models, corpId, { userid })
  const { agentId } = await deps.apps.client(corpId)
  const createdAt = new Date(deps.clock.now())
  const id = freshStartId(corpId)
  const typed: BotEvent<'message.text'> = {
    ...{ id, corpId, name: 'message.text', userid, createdAt, data: { text }, xml: '' },
    ...(agentId !== undefined && { agentId }),
  }
  return { event: typed }
}

const isStarted = ({ trigger }: CompiledHandler): boolean => 'schedule' in trigger || 'manual' in trigger

/** A start as the handler's schedule, or somebody by hand, would make it now. */
async function startNow(
  { models, clock }: DispatchDeps,
  corpId: string,
  { key, trigger }: CompiledHandler,
  about: StartAbout,
): Promise<BotEvent> {
  const isScheduled = 'schedule' in trigger
  if (!isScheduled && !('manual' in trigger))
    throw new UsageError(
      `${key} is neither manual nor scheduled: name what starts it by --event, or a line by --staff and --text`,
    )
  await checkPeople(models, corpId, about)
  const by = isScheduled && Object.keys(about).length === 0 ? 'schedule' : 'manual'
  const createdAt = new Date(clock.now())
  return eventOf({
    _id: freshStartId(corpId),
    corpId,
    xml: '',
    createdAt,
    start: { handler: key, by, ...about },
  })
}

/** The event, taken for one of this corp; `foreign` is whose it was. */
async function namedEvent(
  models: Models,
  corpId: string,
  named: string,
  about: StartAbout,
): Promise<{ event: BotEvent; foreign?: string }> {
  if (Object.keys(about).length > 0)
    throw new UsageError('--staff, --customer and --args make a start by hand, and go without --event')
  const extension = extname(named)
  const isFile = extension === '.xml' || extension === '.json'
  const event = isFile ? parseEvent(await recorded(named)) : eventOf(await storedEvent(models, named))
  if (event.corpId === corpId) return { event }
  return { event: { ...event, corpId }, foreign: event.corpId }
}

async function recorded(file: string): Promise<string> {
  const text = await readFile(file, 'utf8')
  if (extname(file) === '.xml') return text
  const { xml } = Object(JSON.parse(text)) as { xml?: unknown }
  if (typeof xml !== 'string') throw new UsageError(`${file} has no xml; inbox show --json gives such a file`)
  return xml
}

async function depsOf(
  { models, apps, config, database }: Opened,
  corpId: string,
  { set }: Tried,
): Promise<DispatchDeps> {
  return {
    models,
    apps,
    actions,
    directory: createDirectory(models),
    admins: { corpId: config.app?.corpId ?? corpId, userids: config.adminStaff },
    clock: await openClock(database.connection),
    metrics: createMetrics(),
    log: createLog('error'),
    retentionMs: config.retentionDays * dayMs,
    replies: createReplySlots(),
    process: 'operator',
    live: { of: async () => set, close: () => undefined },
    requestSync: async () => undefined,
  }
}
