import type { Models } from '../../models/models.ts'
import type { ActionTable } from '../actions/define.ts'
import { missingTags } from './check-names.ts'
import { type HandlerInvalid, inspectHandler } from './compile.ts'
import { checkDraft } from './drafts.ts'
import { unsound } from './sound.ts'

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
    const { parts } = inspectHandler(document, actions)
    const names = parts === unsound ? [] : await missingTags(models, corpId, parts, actions)
    for (const name of names) missing.set(name.toLowerCase(), name)
  }
  const tags = [...missing.values()]
  const problems: HandlerInvalid['problems'][] = []
  for (const document of documents)
    problems.push((await checkDraft(models, corpId, document, actions, { documents, tags })).problems)
  return { missing: tags, problems }
}
