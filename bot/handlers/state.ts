import type { StoredHandler } from '../../models/handler.ts'
import type { ActionTable } from '../actions/define.ts'
import type { HandlerInvalid } from './compile.ts'
import { problemsOfShape } from './drafts.ts'

/** How a stored handler stands: `broken` is switched on and cannot run, `draft` was never published. */
export type HandlerState = 'on' | 'off' | 'broken' | 'draft'

/** Whether a document says that nothing of it is done. */
export function isDryRun(document: StoredHandler['document']): boolean {
  return Object(document?.run).dryRun === true
}

/** Compiles it, which is not for whoever is in a hurry. */
export function stateOf(
  { enabled, document }: Pick<StoredHandler, 'enabled' | 'document'>,
  actions: ActionTable,
): { state: HandlerState; problems: HandlerInvalid['problems'] } {
  if (document === undefined) return { state: 'draft', problems: [] }
  const problems = problemsOfShape(document, actions)
  if (!enabled) return { state: 'off', problems }
  return { state: problems.length > 0 ? 'broken' : 'on', problems }
}
