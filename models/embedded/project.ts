import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { elementTest } from './match.ts'
import { isTruthy } from './match-operators.ts'
import { readNumber } from './numbers.ts'
import { addRule, applyTree, emptyTree, type FieldRule } from './projection-tree.ts'
import { hasOperators } from './types.ts'
import { isDocument } from './values.ts'

/** Whether a projection belongs to `find`, which has three operators of its own, or to a pipeline. */
export interface ProjectionOptions extends ExpressionOptions {
  stage?: boolean
}

interface Entry {
  path: string
  rule: FieldRule
  /** `neutral` entries (find's `$slice`) suit an inclusion and an exclusion alike. */
  kind: 'include' | 'exclude' | 'neutral'
  inPlace?: boolean
}

/**
 * Compiles a projection. `position` is what `Matcher.position` found, for a path that ends in `.$`.
 *
 * @throws code 31254 or 31253 when fields are both included and left out (other than `_id`), 31249 or 31250 when two
 *   paths collide
 */
export function compileProjection(
  spec: Document | undefined,
  options: ProjectionOptions = {},
): (document: Document, position?: number) => Document {
  if (spec === undefined || Object.keys(spec).length === 0) return document => document
  const entries = Object.entries(spec).flatMap(([path, value]) => entriesOf(path, value, options))
  const others = entries.filter(({ path }) => path !== '_id')
  const decisive = others.find(({ kind }) => kind !== 'neutral')
  const id = entries.find(({ path }) => path === '_id')
  const includes = decisive === undefined ? id?.kind === 'include' : decisive.kind === 'include'
  for (const { path, kind } of others) {
    if (includes && kind === 'exclude') {
      throw mongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`)
    }
    if (!includes && kind === 'include') {
      throw mongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`)
    }
  }
  const tree = emptyTree()
  const idPaths = entries.some(({ path }) => path === '_id' || path.startsWith('_id.'))
  if (includes && !idPaths) addRule(tree, '_id', 'keep')
  for (const { path, rule, inPlace } of entries) {
    if (rule === 'keep' && !includes) continue
    addRule(tree, path, rule, inPlace)
  }
  return (document, position) => applyTree(tree, document, !includes, position)
}

function entriesOf(path: string, value: unknown, options: ProjectionOptions): Entry[] {
  const scalar = typeof value === 'boolean' || readNumber(value) !== undefined
  if (path.endsWith('.$') && options.stage !== true) {
    return [{ path: path.slice(0, -2), rule: onlyPosition, kind: 'include', inPlace: true }]
  }
  if (path.startsWith('$') || path.includes('.$')) {
    throw mongoError(
      16410,
      `FieldPath field names may not start with '$'. Consider using $getField or $setField: ${path}`,
    )
  }
  if (scalar) {
    return isTruthy(value)
      ? [{ path, rule: 'keep', kind: 'include' }]
      : [{ path, rule: 'drop', kind: 'exclude' }]
  }
  if (isDocument(value) && !hasOperators(value)) {
    if (Object.keys(value).length === 0)
      throw mongoError(51270, 'An empty sub-projection is not a valid value. Found empty object at path')
    return Object.entries(value).flatMap(([name, nested]) => entriesOf(`${path}.${name}`, nested, options))
  }
  if (isDocument(value) && options.stage !== true) {
    const own = findOperator(path, value)
    if (own !== undefined) return [own]
  }
  const expression = compileExpression(value, options)
  return [{ path, rule: (_value, root) => expression(root), kind: 'include' }]
}

function onlyPosition(value: unknown, _root: Document, position?: number): unknown {
  if (!Array.isArray(value)) return value
  if (position === undefined || position >= value.length) {
    throw mongoError(
      51246,
      "Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array",
    )
  }
  return [value[position]]
}

function findOperator(path: string, value: Document): Entry | undefined {
  if (value.$elemMatch !== undefined) {
    const test = elementTest(value.$elemMatch)
    const rule: FieldRule = array => {
      const found = Array.isArray(array) ? array.findIndex(test) : -1
      return found < 0 ? undefined : [(array as unknown[])[found]]
    }
    return { path, rule, kind: 'include' }
  }
  if (value.$slice !== undefined) {
    const operand: unknown = value.$slice
    const numbers = (Array.isArray(operand) ? operand : [operand]).map(item =>
      Number(readNumber(item)?.value),
    )
    if (numbers.some(number => !Number.isInteger(number))) return undefined
    if (numbers.length > 2 || numbers.length === 0) throw mongoError(28667, 'Invalid $slice syntax')
    if (numbers.length === 2 && (numbers[1] as number) <= 0) {
      throw mongoError(28724, `Third argument to $slice must be positive: ${numbers[1]}`)
    }
    const rule: FieldRule = array => (Array.isArray(array) ? slice(array, numbers) : array)
    return { path, rule, kind: 'neutral', inPlace: true }
  }
  return undefined
}

function slice(array: unknown[], numbers: number[]): unknown[] {
  const [first = 0, count] = numbers
  if (count === undefined) return first < 0 ? array.slice(first) : array.slice(0, first)
  const from = first < 0 ? Math.max(array.length + first, 0) : first
  return array.slice(from, from + count)
}

/** Compiles the fields of `$addFields` and `$set`: everything stays, and the given paths are computed. */
export function compileAddFields(
  spec: Document,
  options: ExpressionOptions = {},
): (document: Document) => Document {
  const tree = emptyTree()
  const add = (path: string, value: unknown): void => {
    if (isDocument(value) && !hasOperators(value) && Object.keys(value).length > 0) {
      for (const [name, nested] of Object.entries(value)) add(`${path}.${name}`, nested)
      return
    }
    const expression = compileExpression(value, options)
    addRule(tree, path, (_value, root) => expression(root))
  }
  for (const [path, value] of Object.entries(spec)) add(path, value)
  return document => applyTree(tree, document, true)
}
