import { actions } from '../../bot/actions/registry.ts'
import type { HandlerInvalid } from '../../bot/handlers/compile.ts'
import { isRefusal, lastRunOf } from '../../bot/handlers/last-run.ts'
import { pauseOf } from '../../bot/handlers/pause.ts'
import { departmentNamer } from '../../bot/handlers/scope-names.ts'
import { type HandlerState, isDryRun, stateOf } from '../../bot/handlers/state.ts'
import { writeHandlers } from '../../bot/handlers/write-file.ts'
import type { Models } from '../../models/models.ts'
import { soundTimeZone } from '../../models/time-zone.ts'
import { nextRun, plansOf } from './handler-plans.ts'
import { triggerText } from './handler-trigger-text.ts'
import { cutColumns } from './table-text.ts'
import { corp, defineVerb, UsageError, when } from './verb.ts'

const key = { type: 'positional', required: true, description: 'As listed' } as const
const dayMs = 24 * 60 * 60 * 1000
/** More than so many runs of a day are not counted. */
const countedMax = 10_000
const runsShown = 5
/** Columns of a terminal. */
const triggerMax = 48

export const handlersList = defineVerb(
  'Stored handlers: how they stand, and what ran in the last 24 h',
  { corp },
  async (args, open) => {
    const { models, corpIds } = await open()
    const data = []
    const notes = []
    for (const corpId of await corpIds(args.corp)) {
      const stored = await models.handlers.find({ corpId }).select({ _id: 0 }).sort({ key: 1 }).lean()
      const timeZone = await zoneOf(models, corpId)
      for (const one of stored) {
        const next = nextRun(one, timeZone)
        const { state, problems } = stateOf(one, actions)
        const dryRun = isDryRun(one.document)
        if (state === 'broken') notes.push(brokenNote(one.key, problems))
        data.push({
          ...{ ...one, state, dryRun, ...(await ran(models, corpId, one.key)) },
          ...(next && { nextRun: next.at, nextRunText: next.text }),
        })
      }
      notes.push(await pauseNote(models, corpId))
    }
    const rows = data.map(one => {
      const { title, trigger, priority, after } = one.document ?? one.draft?.document ?? {}
      return {
        key: one.key,
        state: stateText(one),
        priority: priority ?? 1000,
        after: after ?? 'continue',
        revision: one.revision,
        'updated, UTC': when(one.updatedAt),
        'last run, UTC': when(one.lastRun?.startedAt),
        ended: one.lastRun && (isRefusal(one.lastRun) ? 'refused' : one.lastRun.state),
        'next run': one.nextRunText,
        '24 h': one.lastDay,
        trigger: cutColumns(triggerText(trigger), triggerMax),
        title,
      }
    })
    return { data, rows, notes }
  },
)

function stateText({
  state,
  dryRun,
  draft,
}: {
  state: HandlerState
  dryRun: boolean
  draft?: unknown
}): string {
  const trial = state === 'on' && dryRun ? ', dry run' : ''
  return `${state}${trial}${draft !== undefined && state !== 'draft' ? ' + draft' : ''}`
}

function brokenNote(handler: string, problems: HandlerInvalid['problems']): string {
  const [first, ...others] = problems
  const more = others.length > 0 ? `; handlers show ${handler} tells ${others.length} more` : ''
  return `${handler} is broken and does not run: ${first?.path} ${first?.message}${more}`
}

async function zoneOf(models: Models, corpId: string): Promise<string> {
  return soundTimeZone((await models.corps.findOne({ corpId }, { timeZone: 1 }).orFail().lean()).timeZone)
}

async function ran(models: Models, corpId: string, handler: string) {
  const since = new Date(Date.now() - dayMs)
  const [lastRun, lastDay] = await Promise.all([
    lastRunOf(models, corpId, handler),
    models.runs.countDocuments({ corpId, handler, startedAt: { $gte: since } }, { limit: countedMax }),
  ])
  return { ...(lastRun !== null && { lastRun }), lastDay }
}

async function pauseNote(models: Models, corpId: string): Promise<string | undefined> {
  const { paused } = await pauseOf(models, corpId)
  return (
    paused &&
    `${corpId} is paused since ${when(paused.at)} by ${paused.by}: no handler but commands runs; handlers resume ends it`
  )
}

export const handlersShow = defineVerb(
  'One stored handler as YAML, with how it stands and its last runs',
  {
    key,
    revision: { type: 'string', description: 'An older revision' },
    draft: { type: 'boolean', description: 'What is being written', default: false },
    corp,
  },
  async (args, open) => {
    if (args.draft && args.revision !== undefined)
      throw new UsageError('--draft and --revision are two texts: name one of them')
    if (args.revision !== undefined && !/^\d{1,9}$/.test(args.revision))
      throw new UsageError('--revision is a number; handlers revisions lists them')
    const { models, corpId } = await open()
    const which = { corpId: await corpId(args.corp), key: args.key }
    const stored = await models.handlers.findOne(which).select({ _id: 0 }).lean()
    const named = await departmentNamer(models, which.corpId)
    if (args.revision !== undefined) {
      const revision = Number(args.revision)
      const kept = await models.handlerRevisions
        .findOne({ ...which, revision })
        .select({ _id: 0 })
        .lean()
      if (kept === null) throw new UsageError(`there is no revision ${args.revision} of ${args.key}`)
      const text = asText(named(kept.document), revision, true)
      return { data: kept, text, notes: [`published ${when(kept.publishedAt)} by ${kept.by ?? 'a release'}`] }
    }
    if (stored === null) throw new UsageError(`there is no handler ${args.key}; handlers list names all`)
    const { state, problems } = stateOf(stored, actions)
    const document = args.draft ? stored.draft?.document : (stored.document ?? stored.draft?.document)
    if (document === undefined) throw new UsageError(`${args.key} has no draft`)
    const runs = await models.runs
      .find({ corpId: which.corpId, handler: args.key })
      .select({ _id: 0 })
      .sort({ startedAt: -1 })
      .limit(runsShown)
      .lean()
    const isDraft = document === stored.draft?.document
    const switched = stored.switched?.at(-1)
    const next = nextRun(stored, await zoneOf(models, which.corpId))
    const planned = await plansOf(models, which.corpId, args.key)
    return {
      data: { ...stored, state, problems, runs, ...(next && { nextRun: next.at }) },
      text: asText(
        isDraft ? document : named(document),
        isDraft ? 0 : stored.revision,
        isDraft || stored.enabled,
      ),
      notes: [
        `this handler is ${state}${state === 'on' && isDryRun(stored.document) ? ', and a dry run: it does nothing' : ''}${switched ? `, switched ${switched.on ? 'on' : 'off'} ${when(switched.at)} by ${switched.by}` : ''}`,
        ...problems.map(one => `${one.path} ${one.message}`),
        stored.draft &&
          `${isDraft ? 'this is its' : 'it has a'} draft, saved ${when(stored.draft.savedAt)} by ${stored.draft.by}`,
        next && `runs next ${next.text}`,
        ...planned,
        ...runs.map(run => `ran ${when(run.startedAt)} on ${run.eventName} ${run.event}: ${run.state}`),
      ],
    }
  },
)

/** The text as it is exported; whoever prints it ends the last line. */
function asText(document: Record<string, unknown>, revision: number, enabled: boolean): string {
  return writeHandlers([{ document, revision, enabled }]).slice(0, -1)
}

export const handlersRevisions = defineVerb(
  'What was published of a handler, the newest first',
  { key, corp },
  async (args, open) => {
    const { models, corpId } = await open()
    const which = { corpId: await corpId(args.corp), key: args.key }
    const kept = await models.handlerRevisions.find(which).select({ _id: 0 }).sort({ revision: -1 }).lean()
    if (kept.length === 0) throw new UsageError(`nothing of ${args.key} was ever published`)
    const live = await models.handlers.findOne(which, { revision: 1 }).lean()
    const data = kept.map(one => ({ ...one, live: one.revision === live?.revision }))
    const rows = data.map(({ revision, live, publishedAt, by, document }) => {
      const published = when(publishedAt)
      return { revision, live: live ? 'yes' : '', published, by: by ?? 'a release', title: document.title }
    })
    return { data, rows }
  },
)
