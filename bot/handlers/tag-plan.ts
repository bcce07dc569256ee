import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { splitTagName } from '../actions/tag-names.ts'
import { missingTags } from './check-names.ts'
import type { HandlerInvalid } from './compile.ts'
import { factAt } from './conditions.ts'
import { checkDraft, problemsOfShape } from './drafts.ts'
import type { HandlerDocument } from './schema.ts'

/** What would be made before documents are published, and what would still keep them from it. */
export interface TagPlan {
  /** As `组/标签`, each once. */
  missing: string[]
  /** Of each document, in their order: all but the tags that would be there. */
  problems: HandlerInvalid['problems'][]
}

/** Looks which tags documents name that the corp has not, and what else is wrong with them. */
export async function planTags(
  models: Models,
  corpId: string,
  documents: readonly Record<string, unknown>[],
  actions: ActionTable,
): Promise<TagPlan> {
  const missing = new Map<string, string>()
  for (const document of documents) {
    if (problemsOfShape(document, actions).length > 0) continue
    const { steps } = document as unknown as HandlerDocument
    const parameters = steps.map(step => ({ ...step, with: step.with ?? {} }))
    for (const name of await missingTags(models, corpId, { steps: parameters }, actions))
      missing.set(name.toLowerCase(), name)
  }
  const problems: HandlerInvalid['problems'][] = []
  for (const document of documents) {
    const isPlanned = ({ path }: { path: string }): boolean => {
      const name = factAt(document, path)
      if (typeof name !== 'string') return false
      const { group, tag } = splitTagName(name)
      return missing.has(`${group}/${tag}`.toLowerCase())
    }
    const found = await checkDraft(models, corpId, document, actions, documents)
    problems.push(found.problems.filter(one => !isPlanned(one)))
  }
  return { missing: [...missing.values()], problems }
}
