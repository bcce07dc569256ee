import type { ActionTable } from '../actions/define.ts'
import { checkCondition } from './check-conditions.ts'
import { compileSteps } from './check-steps.ts'
import { checkTrigger } from './check-trigger.ts'
import { guardDocument } from './document-guard.ts'
import { problemsOf } from './problems.ts'
import type { Filled } from './references.ts'
import { type HandlerDocument, type HandlerStep, handlerDocument } from './schema.ts'

export interface CompiledStep extends Omit<HandlerStep, 'with'> {
  with: Filled
}

/** A handler that can run. */
export interface CompiledHandler extends Omit<HandlerDocument, 'steps' | 'revision'> {
  revision: number
  steps: CompiledStep[]
}

/** What is wrong with a document: `path message` is a sentence. */
export interface Problem {
  path: string
  message: string
}

export type Report = (path: string, message: string) => void

/** A document that cannot be published: every problem, by its path. */
export class HandlerInvalid extends Error {
  readonly code = 'handler_invalid'
  readonly problems: readonly Problem[]
  constructor(key: string, problems: readonly Problem[]) {
    super(`${key}: ${problems.map(one => `${one.path} ${one.message}`).join('; ')}`)
    this.name = 'HandlerInvalid'
    this.problems = problems
  }
}

/**
 * Checks a document strictly and makes it ready to run. Looks at the document alone; what it names of the corp, such as
 * tags and departments, is checked by whoever publishes.
 *
 * @throws HandlerInvalid naming every problem
 */
export function compileHandler(document: unknown, revision: number, actions: ActionTable): CompiledHandler {
  const guarded = guardDocument(document)
  if (guarded !== undefined) throw new HandlerInvalid(keyOf(document), [guarded])
  const parsed = handlerDocument.safeParse(document)
  if (!parsed.success)
    throw new HandlerInvalid(keyOf(document), problemsOf(parsed.error.issues, handlerDocument, document))
  const handler = parsed.data
  const problems: Problem[] = []
  const report: Report = (path, message) => void problems.push({ path, message })
  checkTrigger(handler, report)
  const steps = new Set(handler.steps.map(step => step.id))
  if (handler.when !== undefined)
    checkCondition(handler.when, 'when', { trigger: handler.trigger, steps: new Map(), later: steps }, report)
  const compiled = compileSteps(handler, actions, report)
  if (problems.length > 0) throw new HandlerInvalid(handler.key, problems)
  return { ...handler, revision, steps: compiled }
}

function keyOf(document: unknown): string {
  const key = (document as { key?: unknown } | null)?.key
  return typeof key === 'string' ? key : 'handler'
}
