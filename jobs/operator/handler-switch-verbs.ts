import { createTags } from '../../bot/actions/corp-tags.ts'
import { actions } from '../../bot/actions/registry.ts'
import { HandlerInvalid } from '../../bot/handlers/compile.ts'
import { pauseCorp, resumeCorp } from '../../bot/handlers/pause.ts'
import { publishDraft, publishRevision } from '../../bot/handlers/publish.ts'
import { removeHandler, switchHandler } from '../../bot/handlers/switch.ts'
import { planTags } from '../../bot/handlers/tag-plan.ts'
import { unreached } from '../../bot/handlers/unreached.ts'
import { corp, defineVerb, type Opened, UsageError, type Verb, when } from './verb.ts'

const by = 'operator'
const key = { type: 'positional', required: true, description: 'As listed' } as const
export const createTagsArg = {
  type: 'boolean',
  description: 'Make tags that are missing, on the platform too',
  default: false,
} as const

export const handlersPublish = defineVerb(
  'Make a draft live, or an older revision again',
  {
    key,
    revision: { type: 'string', description: 'This one again, as a new one' },
    'create-tags': createTagsArg,
    corp,
  },
  async (args, open) => {
    const opened = await open()
    const { models } = opened
    const corpId = await opened.corpId(args.corp)
    const revision = args.revision === undefined ? undefined : Number(args.revision)
    if (revision !== undefined && !Number.isInteger(revision))
      throw new UsageError('--revision is a number; handlers revisions lists them')
    try {
      if (args['create-tags'])
        await makeTags(opened, corpId, await documentOf(opened, corpId, args.key, revision))
      const data =
        revision === undefined
          ? await publishDraft(models, corpId, args.key, actions, by)
          : await publishRevision(models, corpId, args.key, revision, actions, by)
      const stands = data.enabled ? 'on' : `off: handlers on ${data.key} switches it on`
      const text = `${data.key} is live in revision ${data.revision}, and ${stands}`
      const behind = await unreached(models, corpId, [data.key])
      return { data, text, notes: [`every instance has it within about a second`, ...behind] }
    } catch (error) {
      if (!(error instanceof HandlerInvalid)) throw error
      const rows = error.problems.map(one => ({ ...one }))
      return { data: { problems: rows }, rows, failed: true, notes: ['nothing was published'] }
    }
  },
)

async function documentOf(
  { models }: Opened,
  corpId: string,
  key: string,
  revision: number | undefined,
): Promise<Record<string, unknown>[]> {
  const stored =
    revision === undefined
      ? (await models.handlers.findOne({ corpId, key }).lean())?.draft
      : await models.handlerRevisions.findOne({ corpId, key, revision }).lean()
  return stored == null ? [] : [stored.document]
}

/**
 * Makes the tags that documents name and the corp has not, once nothing else keeps them from being published.
 *
 * @returns what was made
 */
export async function makeTags(
  { models, apps }: Opened,
  corpId: string,
  documents: readonly Record<string, unknown>[],
): Promise<string[]> {
  const plan = await planTags(models, corpId, documents, actions)
  if (plan.missing.length === 0 || plan.problems.some(list => list.length > 0)) return []
  return createTags(await apps.client(corpId), models, corpId, plan.missing)
}

export const handlersOn = turn(true)
export const handlersOff = turn(false)

function turn(on: boolean): Verb {
  const word = on ? 'on' : 'off'
  return defineVerb(`Switch a handler ${word}, within about a second`, { key, corp }, async (args, open) => {
    const { models, corpId } = await open()
    const data = await switchHandler(models, await corpId(args.corp), args.key, on, by, actions)
    const since = data.last && `, since ${when(data.last.at)} by ${data.last.by}`
    return { data, text: `${args.key} is ${data.changed ? word : `${word} already${since ?? ''}`}` }
  })
}

export const handlersPause = defineVerb(
  'Have no handler but commands run: no welcome, no tag, no notice',
  { corp },
  async (args, open) => {
    const { models, corpId } = await open()
    const data = await pauseCorp(models, await corpId(args.corp), by)
    const since = data.paused && `since ${when(data.paused.at)} by ${data.paused.by}`
    const text = data.changed ? 'paused; handlers resume ends it' : `paused already, ${since}`
    return { data, text }
  },
)

export const handlersResume = defineVerb(
  'Have all handlers run again; what came meanwhile is not made up for',
  { corp },
  async (args, open) => {
    const { models, corpId } = await open()
    const data = await resumeCorp(models, await corpId(args.corp))
    const text = data.paused
      ? `resumed; it was paused since ${when(data.paused.at)} by ${data.paused.by}. inbox replay can make up for what came meanwhile`
      : 'nothing was paused'
    return { data, text }
  },
)

export const handlersRemove = defineVerb(
  'Remove a handler and its draft; its revisions stay',
  { key, yes: { type: 'boolean', description: 'Do it', default: false }, corp },
  async (args, open) => {
    const { models, corpId } = await open()
    const id = await corpId(args.corp)
    if (!args.yes) {
      const there = (await models.handlers.exists({ corpId: id, key: args.key })) !== null
      if (!there) throw new UsageError(`there is no handler ${args.key}; handlers list names all`)
      return { data: { removed: [] }, text: `${args.key} would be removed; --yes does it` }
    }
    await removeHandler(models, id, args.key)
    return { data: { removed: [args.key] }, text: `${args.key} is removed; its revisions stay` }
  },
)
