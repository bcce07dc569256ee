import { actions } from '../../bot/actions/registry.ts'
import { compileHandler, HandlerInvalid } from '../../bot/handlers/compile.ts'
import { publishHandler } from '../../bot/handlers/publish.ts'
import { readHandlerFiles } from '../../bot/handlers/read-file.ts'
import { asYaml, corp, defineVerb, UsageError, when } from './verb.ts'

export const handlersList = defineVerb('Stored handlers', { corp }, async (args, open) => {
  const { models, corpIds } = await open()
  const filter = { corpId: { $in: await corpIds(args.corp) } }
  const data = await models.handlers.find(filter).select({ _id: 0 }).sort({ corpId: 1, key: 1 }).lean()
  const rows = data.map(({ key, enabled, revision, updatedAt, document }) => {
    const trigger = JSON.stringify(document?.trigger ?? null)
    return { key, enabled, revision, updated: when(updatedAt), title: document?.title, trigger }
  })
  return { data, rows }
})

export const handlersShow = defineVerb(
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

export const handlersValidate = defineVerb(
  'Check handler files without storing them',
  { file },
  async args => {
    const documents = (await readHandlerFiles([args.file])).map(one => one.document)
    const problems = documents.flatMap(document => problemsOf(document))
    const rows =
      problems.length > 0 ? problems : [{ handlers: documents.length, result: 'all can be published' }]
    return { data: { handlers: documents.length, problems }, rows, failed: problems.length > 0 }
  },
)

function problemsOf(document: Record<string, unknown>): { key: string; path: string; message: string }[] {
  try {
    compileHandler(document, 0, actions)
    return []
  } catch (error) {
    if (!(error instanceof HandlerInvalid)) throw error
    return error.problems.map(problem => ({ key: String(document.key ?? '-'), ...problem }))
  }
}

export const handlersImport = defineVerb(
  'Store handler files; switched off unless --publish is given',
  {
    file,
    publish: { type: 'boolean', description: 'Live at once, as the file says', default: false },
    corp,
  },
  async (args, open) => {
    const documents = (await readHandlerFiles([args.file])).map(one => one.document)
    const { models, corpId } = await open()
    const id = await corpId(args.corp)
    // All or nothing: one that cannot be published must not leave half a file behind.
    for (const document of documents) compileHandler(document, 0, actions)
    const data = []
    for (const document of documents) {
      const stored = args.publish ? document : { ...document, enabled: false }
      data.push({ ...(await publishHandler(models, id, stored, actions)) })
    }
    return {
      data,
      rows: data,
      notes: [args.publish ? undefined : 'stored switched off; --publish makes them live'],
    }
  },
)
