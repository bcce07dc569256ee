import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { actions } from '../../bot/actions/registry.ts'
import type { DispatchDeps } from '../../bot/dispatch/deps.ts'
import { type Rehearsal, rehearse } from '../../bot/dispatch/rehearse.ts'
import { createReplySlots } from '../../bot/dispatch/reply-slots.ts'
import { freshStartId } from '../../bot/dispatch/starts.ts'
import { eventOf } from '../../bot/dispatch/stored-event.ts'
import { type BotEvent, parseEvent } from '../../bot/events/parse.ts'
import { type CompiledHandler, compileHandler } from '../../bot/handlers/compile.ts'
import { readHandlerFile } from '../../bot/handlers/read-file.ts'
import { createLog } from '../../bot/log.ts'
import { createMetrics } from '../../bot/metrics.ts'
import { openClock } from '../../models/clock.ts'
import { createDirectory } from '../../models/directory.ts'
import type { InboxEvent } from '../../models/inbox-event.ts'
import type { Models } from '../../models/models.ts'
import { aboutArgs, checkPeople, readAbout, type StartAbout } from './start-about.ts'
import { corp, defineVerb, type Opened, UsageError } from './verb.ts'

const dayMs = 24 * 60 * 60 * 1000

export const handlersDryRun = defineVerb(
  'What a handler would do about an event, or by its schedule or by hand, step by step; nothing is stored or sent',
  {
    handler: { type: 'positional', required: true, description: 'A key, or a file that is not stored' },
    event: {
      type: 'string',
      description:
        'Id of a stored event, or a file: plain XML, or JSON with it as xml; not for a start by hand',
    },
    ...aboutArgs,
    draft: { type: 'boolean', description: 'What is being written of the key', default: false },
    corp,
  },
  async (args, open) => {
    const opened = await open()
    const corpId = await opened.corpId(args.corp)
    const document = await documentOf(opened.models, corpId, args.handler, args.draft)
    const handler = compileHandler(document, 0, actions)
    const deps = await depsOf(opened, corpId)
    const about = readAbout(args)
    const { event, foreign } =
      args.event === undefined
        ? { event: await startNow(deps, corpId, handler, about) }
        : await namedEvent(opened.models, corpId, args.event, about)
    const data = await rehearse(deps, handler, event)
    const note = foreign && `the event is of the corp ${foreign}; it was taken for one of ${corpId}`
    return { data, head: checksOf(data), rows: stepsOf(data), notes: [note, 'nothing was stored or sent'] }
  },
)

async function documentOf(
  models: Models,
  corpId: string,
  handler: string,
  draft: boolean,
): Promise<Record<string, unknown>> {
  if (extname(handler) !== '') {
    const [source, ...others] = await readHandlerFile(handler)
    if (source === undefined || others.length > 0)
      throw new UsageError(`${handler} holds several handlers; name a file of one`)
    if (source.document === undefined || source.fault !== undefined) throw source.fault
    return source.document
  }
  const stored = await models.handlers.findOne({ corpId, key: handler }).lean()
  if (stored === null) throw new UsageError(`there is no handler ${handler}; handlers list names all`)
  const document = draft ? stored.draft?.document : stored.document
  if (document === undefined)
    throw new UsageError(
      draft ? `${handler} has no draft` : `${handler} was never published; --draft takes its draft`,
    )
  return document
}

/** A start as the handler's schedule, or somebody by hand, would make it now. */
async function startNow(
  { models, clock }: DispatchDeps,
  corpId: string,
  { key, trigger }: CompiledHandler,
  about: StartAbout,
): Promise<BotEvent> {
  const isScheduled = 'schedule' in trigger
  if (!isScheduled && !('manual' in trigger))
    throw new UsageError(`${key} is neither manual nor scheduled: name what starts it by --event`)
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

async function storedEvent(models: Models, id: string): Promise<InboxEvent> {
  const stored = await models.inbox.findById(id).lean()
  if (stored === null) throw new UsageError(`there is no event ${id}; inbox list names them`)
  return stored
}

async function depsOf({ models, apps, config, database }: Opened, corpId: string): Promise<DispatchDeps> {
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
    live: {
      of: async () => {
        throw new Error('a dry run looks at no other handler')
      },
      close: () => undefined,
    },
    requestSync: async () => undefined,
  }
}

function checksOf({ match, scope, relation, when }: Rehearsal): Record<string, unknown>[] {
  return [
    { part: 'trigger', fits: match === undefined ? 'yes' : 'no', why: match },
    { part: 'scope', fits: scope === undefined ? 'yes' : 'no', why: scope },
    ...(relation === undefined ? [] : [{ part: 'relation', fits: 'no', why: relation }]),
    ...(when === undefined
      ? []
      : [{ part: 'when', fits: when.ok ? 'yes' : 'no', why: leaves(when).join('; ') }]),
  ]
}

function leaves(result: NonNullable<Rehearsal['when']>): string[] {
  return result.parts?.flatMap(leaves) ?? [`${result.why}: ${result.ok ? 'holds' : 'does not hold'}`]
}

function stepsOf({ run }: Rehearsal): Record<string, unknown>[] {
  return run.steps.map(({ id, action, state, skipped, would, output, error }) => ({
    step: id,
    action,
    state: skipped === undefined || skipped === 'dry_run' ? state : `${state} (${skipped})`,
    would: error?.message ?? JSON.stringify(would ?? output),
  }))
}
