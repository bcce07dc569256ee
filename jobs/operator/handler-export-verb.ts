import { mkdir, writeFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { departmentNamer } from '../../bot/handlers/scope-names.ts'
import { type Export, writeHandlers } from '../../bot/handlers/write-file.ts'
import { leftFiles, leftNote } from './left-files.ts'
import { corp, defineVerb, UsageError } from './verb.ts'

export const handlersExport = defineVerb(
  'What is live as YAML, all or those named; imported again it changes nothing',
  {
    'key…': { type: 'positional', required: false, description: 'As listed; all without' },
    out: { type: 'string', description: 'A file that ends with .yaml, or a folder for a file each' },
    schema: { type: 'string', description: 'Path or address of the JSON Schema, for editors' },
    corp,
  },
  async (args, open) => {
    const { models, corpId } = await open()
    const id = await corpId(args.corp)
    const named = await departmentNamer(models, id)
    const all = await models.handlers.find({ corpId: id }).sort({ key: 1 }).lean()
    const stored = args._.length === 0 ? all : all.filter(one => args._.includes(one.key))
    const live = stored.flatMap(one =>
      one.document === undefined ? [] : [{ ...one, document: named(one.document) }],
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
