import { actions } from '../../bot/actions/registry.ts'
import type { HandlerInvalid } from '../../bot/handlers/compile.ts'
import {
  checkDraft,
  type DraftSaved,
  hasKey,
  problemsOfForm,
  type SavedDraft,
  saveDraft,
} from '../../bot/handlers/drafts.ts'
import { type Published, publishHandlers } from '../../bot/handlers/publish.ts'
import { type HandlerSource, readHandlerFiles } from '../../bot/handlers/read-file.ts'
import { departmentsById } from '../../bot/handlers/scope-names.ts'
import { planTags } from '../../bot/handlers/tag-plan.ts'
import { unreached } from '../../bot/handlers/unreached.ts'
import { createTagsArg, makeTags } from './handler-switch-verbs.ts'
import { type Answer, corp, defineVerb, NotYetError, type Open, type Opened, when } from './verb.ts'

const by = 'operator'
const files = {
  file: {
    type: 'positional',
    required: true,
    description: 'A file, or a folder of them: YAML or JSON, one document or several',
  },
  'file…': { type: 'positional', required: false, description: 'Further ones' },
} as const

/** All that stands behind the verb without an option. */
const filesOf = (args: { file: string; _: string[] }): string[] => (args._.length > 0 ? args._ : [args.file])

interface ProblemRow extends Record<string, unknown> {
  at: string
  key: string
  path: string
  message: string
}

type Problems = HandlerInvalid['problems']
type Check = (document: Record<string, unknown>, index: number) => Problems | Promise<Problems>

/** So many problems are shown at most, over all files. */
const shownMost = 500

/** What is wrong with files and documents, in their order; of very many the first, and a note of how many more. */
async function problemsOf(
  sources: readonly HandlerSource[],
  check: Check,
): Promise<{ problems: ProblemRow[]; more: string[] }> {
  const rows: ProblemRow[] = []
  for (const [index, { document, fault, at, said }] of sources.entries()) {
    const key = String(document?.key ?? '-')
    if (fault !== undefined) rows.push({ at: fault.at, key, path: '-', message: fault.reason })
    const problems = document === undefined ? [] : await check(document, index)
    rows.push(...problems.map(({ path, message }) => ({ at: at(path), key, path, message: said(message) })))
  }
  const more = rows.length - shownMost
  return { problems: rows.slice(0, shownMost), more: more > 0 ? [`and ${more} more problems`] : [] }
}

/** Looks at the form, and at the names in a corp: all that keeps a document from being published with the others. */
function checkIn({ models }: Opened, corpId: string, sources: readonly HandlerSource[]): Check {
  const documents = documentsOf(sources)
  return async document => (await checkDraft(models, corpId, document, actions, { documents })).problems
}

function notesOf(sources: readonly HandlerSource[]): string[] {
  return sources.flatMap(one => one.notes)
}

/** Nobody knows what is in one that cannot be read. */
function documentsOf(sources: readonly HandlerSource[]): Record<string, unknown>[] {
  return sources.map(one => one.document ?? {})
}

const keysOf = (documents: readonly Record<string, unknown>[]): unknown[] => documents.map(one => one.key)

export const handlersValidate = defineVerb(
  'Check handler files without storing them: their form, and whether the corp has what they name',
  {
    ...files,
    offline: { type: 'boolean', description: 'Their form alone, without a database', default: false },
    corp,
  },
  async (args, open) => {
    const sources = await readHandlerFiles(filesOf(args))
    const {
      names,
      why,
      byId = [],
      behind,
    } = args.offline ? { why: '--offline' } : await namesIn(sources, args.corp, open)
    const form: Check = document => problemsOfForm(document, actions)
    const { problems, more } = await problemsOf(sources, names ?? form)
    const late = problems.length === 0 ? ((await behind?.()) ?? []) : []
    const checked =
      names === undefined ? `their form alone (${why})` : 'their form, and the names in this corp'
    const result = { handlers: sources.length, result: 'all can be published' }
    return {
      data: {
        handlers: sources.length,
        problems,
        checked: names === undefined ? ['form'] : ['form', 'names'],
      },
      rows: problems.length > 0 ? problems : [result],
      failed: problems.length > 0,
      notes: [...more, ...notesOf(sources), ...late, ...byId, `checked: ${checked}`],
    }
  },
)

/** The check that looks at names too; or why nothing can be asked yet, where no corp was named. */
async function namesIn(
  sources: readonly HandlerSource[],
  named: string | undefined,
  open: Open,
): Promise<{ names?: Check; why: string; byId?: string[]; behind?: () => Promise<string[]> }> {
  try {
    const opened = await open({ make: false })
    const corpId = await opened.corpId(named)
    const documents = documentsOf(sources)
    const byId = await byIdNote(opened, corpId, documents)
    const behind = () => unreached(opened.models, corpId, keysOf(documents), documents)
    return { names: checkIn(opened, corpId, sources), why: '', byId, behind }
  } catch (error) {
    if (named !== undefined || !(error instanceof NotYetError)) throw error
    return { why: error.message }
  }
}

export const handlersImport = defineVerb(
  'Store handler files, all or nothing: as drafts, or live with --publish',
  {
    ...files,
    publish: {
      type: 'boolean',
      description: 'Live at once; switched where the file says enabled, else as it is',
      default: false,
    },
    'create-tags': createTagsArg,
    corp,
  },
  async (args, open) => {
    const sources = await readHandlerFiles(filesOf(args))
    const opened = await open()
    const corpId = await opened.corpId(args.corp)
    return args.publish
      ? publishAll(opened, corpId, sources, args['create-tags'])
      : saveAll(opened, corpId, sources)
  },
)

const unkept = 'nothing was stored: of a draft the file must be readable and its key as it should be'

async function saveAll(opened: Opened, corpId: string, sources: readonly HandlerSource[]) {
  // Before the first is stored: by its key a draft is found again.
  if (
    sources.some(({ fault, document }) => fault !== undefined || document === undefined || !hasKey(document))
  )
    return refused(await problemsOf(sources, checkIn(opened, corpId, sources)), unkept)
  const saved: SavedDraft[] = []
  const documents = documentsOf(sources)
  const { problems, more } = await problemsOf(sources, async document => {
    const one = await saveDraft(opened.models, corpId, document, actions, by, { documents })
    saved.push(one)
    return one.problems
  })
  const head = saved.map(one => ({ key: one.key, result: savedAs(one), problems: one.problems.length }))
  const drafts = saved.filter(one => one.state === 'draft')
  const notes = [
    ...more,
    ...notesOf(sources),
    drafts.length === 0 ? undefined : 'drafts do nothing yet: handlers publish <key> makes one live',
    ...(await byIdNote(opened, corpId, documents)),
  ]
  return { data: saved, ...(problems.length > 0 ? { head, rows: problems } : { rows: head }), notes }
}

function refused({ problems, more }: Awaited<ReturnType<typeof problemsOf>>, note: string): Answer {
  return { data: { problems }, rows: problems, failed: true, notes: [...more, note] }
}

function savedAs({ state, kept, replaced }: SavedDraft): string {
  const whose = ({ by, savedAt }: DraftSaved): string => `by ${by} of ${when(savedAt)}`
  if (kept !== undefined) return `unchanged; a draft ${whose(kept)} is kept`
  if (state === 'live') return 'unchanged: this is what is live'
  return replaced === undefined ? 'draft' : `draft, in place of one ${whose(replaced)}`
}

async function publishAll(
  opened: Opened,
  corpId: string,
  sources: readonly HandlerSource[],
  create: boolean,
) {
  const { models } = opened
  const documents = documentsOf(sources)
  const readable = sources.every(one => one.fault === undefined)
  const made = create && readable ? await makeTags(opened, corpId, documents) : []
  const plan = create ? await planTags(models, corpId, documents, actions) : undefined
  const check: Check =
    plan === undefined ? checkIn(opened, corpId, sources) : (_document, index) => plan.problems[index] ?? []
  const found = await problemsOf(sources, check)
  if (found.problems.length > 0) return refused(found, 'nothing was published')
  const data = (await publishHandlers(models, corpId, documents, actions, by)).map(one => ({ ...one }))
  const rows = data.map(one => ({ key: one.key, revision: one.revision, result: publishedAs(one) }))
  const tags = made.length > 0 ? `made the tags ${made.join(', ')}` : undefined
  const older = data.flatMap((one, index) => olderNote(one, documents[index]?.revision) ?? [])
  const behind = await unreached(models, corpId, keysOf(documents))
  const byId = await byIdNote(opened, corpId, documents)
  return { data, rows, notes: [tags, ...older, ...notesOf(sources), ...behind, ...byId] }
}

/** An id of a file that was written for another corp is another department here. */
async function byIdNote(
  { models }: Opened,
  corpId: string,
  documents: readonly Record<string, unknown>[],
): Promise<string[]> {
  const found = await departmentsById(models, corpId, documents)
  if (found.length === 0) return []
  const here = found.map(({ id, name }) => `"${id}" is ${name}`).join(', ')
  return [
    `scopes name departments by id, and in this corp ${here}; write "name:${found[0]?.name}" where another was meant, or the file is for several corps`,
  ]
}

function publishedAs({ key, revision, before, enabled, switched }: Published): string {
  const result = before === 0 ? 'new' : before === revision ? 'unchanged' : 'new revision'
  if (switched !== undefined) return `${result}, switched ${switched} by this import`
  return enabled ? result : `${result}, and off: handlers on ${key} switches it on`
}

/** A file that was exported before the last change undoes it. */
function olderNote({ key, revision, before }: Published, written: unknown): string | undefined {
  if (typeof written !== 'number' || before === revision || written >= before) return undefined
  return `${key}: the file is of revision ${written}, and ${before} was live; what it said is kept: handlers show ${key} --revision ${before}`
}
