import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { isIndex } from './paths.ts'
import { describe, typeName } from './types.ts'
import type { UpdateContext, UpdateOptions } from './update.ts'
import type { Change } from './update-array.ts'
import { type UpdateOperator, updateOperators } from './update-operators.ts'
import { copyOf, findPlace, makePlace, parseUpdatePath, setAt, valueAt } from './update-path.ts'
import { checkArrayFilters, compileArrayFilters, expandPath } from './update-positions.ts'
import { isDocument } from './values.ts'

interface Step {
  path: string
  parts: string[]
  change: Change
  existing: boolean
  insertOnly: boolean
  /** For `$rename`: where the value comes from. */
  source?: string[]
}

/**
 * Compiles an update by operators: all paths are checked first, then changed in the order of their names.
 *
 * @throws code 9 for an unknown operator, 40 for two changes of one path, and the codes of paths and operators
 */
export function operatorUpdate(update: Document, options: UpdateOptions) {
  const steps = Object.entries(update).flatMap(([name, fields]) => stepsOf(name, fields))
  const paths = steps.flatMap(step => (step.source === undefined ? [step.parts] : [step.source, step.parts]))
  refuseConflicts(paths)
  const filters = compileArrayFilters(options.arrayFilters ?? [], options.let)
  checkArrayFilters(paths, filters, update)
  steps.sort((a, b) => compareParts(a.parts, b.parts))
  const positional = steps.some(({ parts }) => parts.some(part => part.startsWith('$')))
  return (document: Document, context: UpdateContext): Document => {
    const doc = copyOf(document)
    const active = steps.filter(step => context.insert || !step.insertOnly)
    const targets = active.map(step => ({
      step,
      parts: expandPath(doc, step.parts, context.position, filters),
    }))
    if (positional) refuseConflicts(targets.flatMap(({ parts }) => parts))
    for (const { step, parts } of targets) for (const path of parts) takeStep(doc, step, path)
    return doc
  }
}

function stepsOf(name: string, fields: unknown): Step[] {
  const known = name === '$rename' || Object.hasOwn(updateOperators, name)
  if (!known) {
    const expected = 'Expected a valid update modifier or pipeline-style update specified as an array'
    throw mongoError(9, `Unknown modifier: ${name}. ${expected}`)
  }
  if (!isDocument(fields)) {
    const found = `Modifiers operate on fields but we found type ${typeName(fields)} instead`
    throw mongoError(9, `${found}. For example: {$mod: {<field>: ...}} not {${name}: ${describe(fields)}}`)
  }
  return Object.entries(fields).map(([path, operand]) => {
    if (name === '$rename') return renameStep(path, operand)
    const operator: UpdateOperator = updateOperators[name as keyof typeof updateOperators]
    return {
      path,
      parts: parseUpdatePath(path),
      change: operator.change(operand, path),
      existing: operator.existing === true,
      insertOnly: operator.insertOnly === true,
    }
  })
}

function renameStep(from: string, to: unknown): Step {
  if (typeof to !== 'string')
    throw mongoError(2, `The 'to' field for $rename must be a string: ${from}: ${describe(to)}`)
  const source = parseUpdatePath(from)
  const parts = parseUpdatePath(to)
  if (from === to)
    throw mongoError(2, `The source and target field for $rename must differ: ${from}: "${to}"`)
  for (const [side, path] of [['source', source] as const, ['destination', parts] as const]) {
    if (path.some(part => part.startsWith('$'))) {
      throw mongoError(2, `The ${side} field for $rename may not be dynamic: ${path.join('.')}`)
    }
  }
  return { path: to, parts, source, change: value => value, existing: false, insertOnly: false }
}

function refuseConflicts(paths: readonly (readonly string[])[]): void {
  const seen = new Map<string, boolean>()
  for (const parts of paths) {
    const path = parts.join('.')
    const prefixes = parts.map((_part, i) => parts.slice(0, i + 1).join('.'))
    const taken = prefixes.find(prefix => seen.get(prefix) === true) ?? (seen.has(path) ? path : undefined)
    if (taken !== undefined) {
      throw mongoError(40, `Updating the path '${path}' would create a conflict at '${taken}'`)
    }
    for (const prefix of prefixes) seen.set(prefix, prefix === path)
  }
}

/** New fields come in the order of their names, numbers by their value. */
function compareParts(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i += 1) {
    const [left, right] = [a[i] as string, b[i] as string]
    if (left === right) continue
    if (isIndex(left) && isIndex(right)) return Number(left) - Number(right)
    return left < right ? -1 : 1
  }
  return a.length - b.length
}

function takeStep(doc: Document, step: Step, parts: readonly string[]): void {
  const context = { path: parts.join('.'), id: doc._id }
  if (step.source !== undefined) {
    rename(doc, step.source, parts)
    return
  }
  if (step.existing) {
    const place = findPlace(doc, parts)
    const old = place === undefined ? undefined : valueAt(place)
    if (place === undefined || old === undefined) return
    const value = step.change(old, context)
    if (value !== undefined || Array.isArray(place.parent)) setAt(place, value ?? null)
    else delete place.parent[place.key]
    return
  }
  const place = makePlace(doc, parts)
  setAt(place, step.change(valueAt(place), context))
}

function rename(doc: Document, source: readonly string[], target: readonly string[]): void {
  refuseArray(doc, source, 'source')
  const from = findPlace(doc, source)
  if (from === undefined || Array.isArray(from.parent)) return
  const value = valueAt(from)
  if (value === undefined) return
  refuseArray(doc, target, 'destination')
  const to = makePlace(doc, target)
  setAt(to, value)
  delete from.parent[from.key]
}

function refuseArray(doc: Document, parts: readonly string[], side: string): void {
  for (let length = 1; length < parts.length; length += 1) {
    const place = findPlace(doc, parts.slice(0, length))
    if (place !== undefined && Array.isArray(valueAt(place))) {
      const what = `'${parts.join('.')}' in doc with _id: ${describe(doc._id)}`
      throw mongoError(
        2,
        `The ${side} field cannot be an array element, ${what} has an array field called '${parts[length - 1]}'`,
      )
    }
  }
}
