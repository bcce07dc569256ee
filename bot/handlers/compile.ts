import type { z } from 'zod'
import type { ActionTable } from '../actions/define.ts'
import { pathsOf } from './conditions.ts'
import { factNames } from './facts.ts'
import { compileValue, type Filled } from './references.ts'
import { type HandlerDocument, type HandlerStep, handlerDocument } from './schema.ts'

export interface CompiledStep extends Omit<HandlerStep, 'with'> {
  with: Filled
}

/** A handler that can run. */
export interface CompiledHandler extends Omit<HandlerDocument, 'steps'> {
  revision: number
  steps: CompiledStep[]
}

/** What is wrong with a document: `path message` is a sentence. */
export interface Problem {
  path: string
  message: string
}

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
 * Checks a document strictly and makes it ready to run.
 *
 * @throws HandlerInvalid naming every problem
 */
export function compileHandler(document: unknown, revision: number, actions: ActionTable): CompiledHandler {
  if (hidesName(document))
    throw new HandlerInvalid(keyOf(document), [{ path: 'document', message: 'names "__proto__"' }])
  const parsed = handlerDocument.safeParse(document)
  if (!parsed.success) throw new HandlerInvalid(keyOf(document), toProblems(parsed.error))
  const problems: { path: string; message: string }[] = []
  const report = (path: string, message: string): void => void problems.push({ path, message })
  const handler = parsed.data
  checkPaths(handler.when === undefined ? [] : pathsOf(handler.when), 'when', report)
  const seen = new Set<string>()
  const steps = handler.steps.map((step, index): CompiledStep => {
    const at = `steps.${index}`
    if (seen.has(step.id)) report(`${at}.id`, `"${step.id}" is used twice`)
    seen.add(step.id)
    if (step.if !== undefined) checkPaths(pathsOf(step.if), `${at}.if`, report)
    return { ...step, with: checkWith(step, at, actions, report) }
  })
  if (problems.length > 0) throw new HandlerInvalid(handler.key, problems)
  return { ...handler, revision, steps }
}

/** A name that objects drop silently: what it was to restrict would not be restricted. */
function hidesName(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return Object.hasOwn(value, '__proto__') || Object.values(value).some(hidesName)
}

function checkWith(
  step: HandlerStep,
  at: string,
  actions: ActionTable,
  report: (path: string, message: string) => void,
): Filled {
  const action = actions.get(step.action)
  if (action === undefined) report(`${at}.action`, `"${step.action}" is not an action`)
  let filled: Filled = { fill: () => ({}), names: [] }
  try {
    filled = compileValue(step.with)
  } catch (error) {
    report(`${at}.with`, (error as Error).message)
  }
  checkPaths(filled.names, `${at}.with`, report)
  const check = action?.params.safeParse(step.with)
  for (const issue of check?.success === false ? check.error.issues : []) {
    // A value that is filled in later is checked when it is there.
    if (!isTemplate(valueAt(step.with, issue.path)))
      report([at, 'with', ...issue.path].join('.'), issue.message)
  }
  return filled
}

function checkPaths(paths: string[], at: string, report: (path: string, message: string) => void): void {
  for (const path of paths) {
    const name = path.split('.')[0] ?? ''
    if (!(factNames as readonly string[]).includes(name)) {
      report(at, `names "${name}", which is none of ${factNames.join(', ')}`)
    }
  }
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (part, name) => (part as Record<PropertyKey, unknown> | undefined)?.[name],
    value,
  )
}

function isTemplate(value: unknown): boolean {
  return typeof value === 'string' && value.includes('{{')
}

function keyOf(document: unknown): string {
  const key = (document as { key?: unknown } | null)?.key
  return typeof key === 'string' ? key : 'handler'
}

function toProblems(error: z.ZodError): { path: string; message: string }[] {
  return error.issues.map(issue => ({ path: issue.path.join('.') || 'document', message: issue.message }))
}
