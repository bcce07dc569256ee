import type { ActionTable } from '../actions/define.ts'
import { checkCondition } from './check-conditions.ts'
import { compileSteps, idsOf } from './check-steps.ts'
import { checkTrigger } from './check-trigger.ts'
import { guardDocument } from './document-guard.ts'
import type { KnownFacts } from './known-facts.ts'
import { inDocumentOrder, told } from './problem-order.ts'
import { problemsOf } from './problems.ts'
import type { Filled } from './references.ts'
import { type HandlerDocument, type HandlerStep, handlerDocument } from './schema.ts'
import { type Sound, soundDocument, unsound } from './sound.ts'

export interface CompiledStep extends Omit<HandlerStep, 'with'> {
  with: Filled
  /** Its action only reads, and may be asked again for what it gave. */
  reads: boolean
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

/** A document that cannot be published: every problem, by its path; of very many the first, and how many more. */
export class HandlerInvalid extends Error {
  readonly code = 'handler_invalid'
  readonly problems: readonly Problem[]
  constructor(key: string, problems: readonly Problem[]) {
    const bounded = told(problems)
    super(`${key}: ${bounded.map(one => `${one.path} ${one.message}`).join('; ')}`)
    this.name = 'HandlerInvalid'
    this.problems = bounded
  }
}

/** What can be said of a document by itself. */
export interface Inspected {
  /** All that keeps it from running, in the order of the document. */
  problems: Problem[]
  /** Where nothing does. */
  handler?: Omit<CompiledHandler, 'revision'>
  /** What it says, as far as it is as it should be. */
  parts: Sound<HandlerDocument>
}

/**
 * Checks a document strictly and makes it ready to run. Each part is looked at although another is wrong, and nothing is
 * said twice. Looks at the document alone; what it names of the corp, such as tags and departments, is checked by whoever
 * publishes.
 */
export function inspectHandler(document: unknown, actions: ActionTable): Inspected {
  const guarded = guardDocument(document)
  if (guarded !== undefined) return { problems: [guarded], parts: unsound }
  const parsed = handlerDocument.safeParse(document)
  const problems = parsed.success ? [] : problemsOf(parsed.error.issues, handlerDocument, document)
  const parts = parsed.success ? parsed.data : soundDocument(document)
  if (parts === unsound) return { problems, parts }
  const report: Report = (path, message) => void problems.push({ path, message })
  checkTrigger(parts, report)
  const known: KnownFacts = { trigger: parts.trigger, steps: new Map(), later: idsOf(parts.steps) }
  if (parts.when !== undefined) checkCondition(parts.when, 'when', known, report)
  const filled = compileSteps(parts, actions, report)
  if (!parsed.success || problems.length > 0) return { problems: inDocumentOrder(document, problems), parts }
  const steps = parsed.data.steps.map((step, index) => ({
    ...step,
    with: filled[index] as Filled,
    reads: actions.get(step.action)?.effect === 'read',
  }))
  return { problems, parts, handler: { ...parsed.data, steps } }
}

/**
 * A handler of a document.
 *
 * @throws HandlerInvalid naming every problem
 */
export function compileHandler(document: unknown, revision: number, actions: ActionTable): CompiledHandler {
  const { problems, handler } = inspectHandler(document, actions)
  if (handler === undefined) throw new HandlerInvalid(keyOf(document), problems)
  return { ...handler, revision }
}

/** As it is named in messages. */
export function keyOf(document: unknown): string {
  const key = (document as { key?: unknown } | null)?.key
  return typeof key === 'string' ? key : 'handler'
}
