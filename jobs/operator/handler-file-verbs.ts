import { mkdir, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { actions } from '../../bot/actions/registry.ts'
import type { HandlerInvalid } from '../../bot/handlers/compile.ts'
import {
  checkDraft,
  type DraftSaved,
  problemsOfShape,
  type SavedDraft,
  saveDraft,
} from '../../bot/handlers/drafts.ts'
import { type Published, publishHandlers } from '../../bot/handlers/publish.ts'
import { type HandlerSource, readHandlerFiles } from '../../bot/handlers/read-file.ts'
import { planTags } from '../../bot/handlers/tag-plan.ts'
import { type Export, writeHandlers } from '../../bot/handlers/write-file.ts'
import { createTagsArg, makeTags } from './handler-switch-verbs.ts'
import { leftFiles, leftNote } from './left-files.ts'
import { corp, defineVerb, NotYetError, type Open, type Opened, UsageError, when } from './verb.ts'

const by = 'operator'
const file = {
  type: 'positional',
  required: true,
  description: 'Files, or folders of them: YAML or JSON, one document or several',
} as const

/** All that stands behind the verb without an option. */
const filesOf = (args: { file: string; _: string[] }): string[] => (args._.length > 0 ? args._ : [args.file])

interface ProblemRow extends Record<string, unknown> {
  at: string
  key: string
  path: string
  message: string
}

function rowsOf(source: HandlerSource, problems: HandlerInvalid['problems']): ProblemRow[] {
  const key = String(source.document.key ?? '-')
  return problems.map(({ path, message }) => ({ at: source.at(path), key, path, message }))
}

export const handlersValidate = defineVerb(
  'Check handler files without storing them: their form, and whether the corp has what they name',
  {
    file,
    offline: { type: 'boolean', description: 'Their form alone, without a database', default: false },
    corp,
  },
  async (args, open) => {
    const sources = await readHandlerFiles(filesOf(args))
    const form = sources.flatMap(source => rowsOf(source, problemsOfShape(source.document, actions)))
    const { names, why } = args.offline
      ? { names: undefined, why: '--offline' }
      : await namesOf(sources, args.corp, open)
    const problems = names ?? form
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
      notes: [`checked: ${checked}`],
    }
  },
)

/** All problems, those of names with them; or why nothing can be asked yet, where no corp was named. */
async function namesOf(
  sources: readonly HandlerSource[],
  named: string | undefined,
  open: Open,
): Promise<{ names?: ProblemRow[]; why: string }> {
  let opened: Opened
  let corpId: string
  try {
    opened = await open({ make: false })
    corpId = await opened.corpId(named)
  } catch (error) {
    if (named !== undefined || !(error instanceof NotYetError)) throw error
    return { why: error.message }
  }
  const documents = sources.map(one => one.document)
  const names: ProblemRow[] = []
  for (const source of sources) {
    const { problems } = await checkDraft(opened.models, corpId, source.document, actions, documents)
    names.push(...rowsOf(source, problems))
  }
  return { names, why: '' }
}

export const handlersImport = defineVerb(
  'Store handler files, all or nothing: as drafts, or live with --publish',
  {
    file,
    publish: { type: 'boolean', description: 'Live at once, on or off as the file says', default: false },
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

async function saveAll({ models }: Opened, corpId: string, sources: readonly HandlerSource[]) {
  // Before the first is stored: by its key a draft is found again.
  const keyless = sources.flatMap(source =>
    rowsOf(source, problemsOfShape(source.document, actions)).filter(one => one.path === 'key'),
  )
  if (keyless.length > 0)
    return { data: { problems: keyless }, rows: keyless, failed: true, notes: ['nothing was stored'] }
  const saved = []
  const problems: ProblemRow[] = []
  for (const source of sources) {
    const one = await saveDraft(models, corpId, source.document, actions, by)
    saved.push({ ...one })
    problems.push(...rowsOf(source, one.problems))
  }
  const head = saved.map(one => ({ key: one.key, result: savedAs(one), problems: one.problems.length }))
  const drafts = saved.filter(one => one.state === 'draft')
  const notes = [
    drafts.length === 0 ? undefined : 'drafts do nothing yet: handlers publish <key> makes one live',
  ]
  return { data: saved, ...(problems.length > 0 ? { head, rows: problems } : { rows: head }), notes }
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
  const documents = sources.map(one => one.document)
  const made = create ? await makeTags(opened, corpId, documents) : []
  const { problems: found } = await planTags(models, corpId, documents, actions)
  const problems: ProblemRow[] = []
  for (const [index, source] of sources.entries()) {
    const left = create
      ? (found[index] ?? [])
      : (await checkDraft(models, corpId, source.document, actions, documents)).problems
    problems.push(...rowsOf(source, left))
  }
  if (problems.length > 0)
    return { data: { problems }, rows: problems, failed: true, notes: ['nothing was published'] }
  const data = (await publishHandlers(models, corpId, documents, actions, by)).map(one => ({ ...one }))
  const rows = data.map(one => ({ key: one.key, revision: one.revision, result: publishedAs(one) }))
  const tags = made.length > 0 ? `made the tags ${made.join(', ')}` : undefined
  const older = data.flatMap((one, index) => olderNote(one, documents[index]?.revision) ?? [])
  return { data, rows, notes: [tags, ...older] }
}

function publishedAs({ revision, before, switched }: Published): string {
  const result = before === 0 ? 'new' : before === revision ? 'unchanged' : 'new revision'
  return switched === undefined ? result : `${result}, switched ${switched} by this import`
}

/** A file that was exported before the last change undoes it. */
function olderNote({ key, revision, before }: Published, written: unknown): string | undefined {
  if (typeof written !== 'number' || before === revision || written >= before) return undefined
  return `${key}: the file is of revision ${written}, and ${before} was live; what it said is kept: handlers show ${key} --revision ${before}`
}

export const handlersExport = defineVerb(
  'What is live as YAML, all or those named; imported again it changes nothing',
  {
    out: { type: 'string', description: 'A file that ends with .yaml, or a folder for a file each' },
    schema: { type: 'string', description: 'Path or address of the JSON Schema, for editors' },
    corp,
  },
  async (args, open) => {
    const { models, corpId } = await open()
    const all = await models.handlers
      .find({ corpId: await corpId(args.corp) })
      .sort({ key: 1 })
      .lean()
    const stored = args._.length === 0 ? all : all.filter(one => args._.includes(one.key))
    const live = stored.flatMap(one =>
      one.document === undefined ? [] : [{ ...one, document: one.document }],
    )
    const lacking = args._.filter(key => !live.some(one => one.key === key))
    if (lacking.length > 0) throw new UsageError(`nothing of ${lacking.join(', ')} is live`)
    const line = args.schema === undefined ? undefined : `# yaml-language-server: $schema=${args.schema}`
    const files = args.out === undefined ? [] : await writeOut(args.out, live, line)
    const keys = new Set(all.map(one => one.key))
    const left = args.out === undefined || isYaml(args.out) ? [] : await leftFiles(args.out, files, keys)
    const data = { handlers: live.map(one => one.key), files, left }
    const drafts = stored.length - live.length
    const notes = [
      drafts > 0 ? `${drafts} that are drafts alone are left out` : undefined,
      ...left.map(leftNote),
    ]
    if (args.out === undefined)
      return { data: live.map(toJson), text: writeHandlers(live, line).slice(0, -1), notes }
    return { data, rows: files.map(file => ({ file })), notes }
  },
)

/** A file for all of them, not a folder. */
const isYaml = (out: string): boolean => ['.yaml', '.yml'].includes(extname(out))

async function writeOut(
  out: string,
  live: readonly (Export & { key: string })[],
  line?: string,
): Promise<string[]> {
  if (isYaml(out)) {
    await writeFile(out, writeHandlers(live, line))
    return [out]
  }
  await mkdir(out, { recursive: true })
  const files = live.map(one => ({ path: join(out, `${one.key}.yaml`), text: writeHandlers([one], line) }))
  for (const { path, text } of files) await writeFile(path, text)
  return files.map(one => one.path)
}

function toJson({ document, enabled, revision }: Export): Record<string, unknown> {
  return { ...document, ...(!enabled && { enabled }), revision }
}
