import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { elementTest } from './match.ts'
import { toDouble } from './numbers.ts'
import { fieldOf } from './paths.ts'
import { hasOperators } from './types.ts'
import { setField } from './update-path.ts'
import { fieldsOf, isDocument } from './values.ts'

/** Whether a projection belongs to `find`, which has three operators of its own, or to a pipeline. */
export interface ProjectionOptions extends ExpressionOptions {
  stage?: boolean
}

/** Makes one document of another. `position` is what `Matcher.position` found, for a path that ends in `.$`. */
type Projection = (root: Document, position?: number) => Document

/** What becomes of a field; `undefined` leaves it out. */
type Rule = (value: unknown, root: Document, position: number | undefined) => unknown

/** A rule with what it says of other fields: nothing where it is find's `$slice`. */
interface Entry {
  readonly path: string
  readonly rule: Rule
  readonly includes?: boolean
  /** Set by find's `$elemMatch`, which leaves out other fields unless others say which. */
  readonly picks?: boolean
}

/** The rules by the components of their paths. */
type Tree = Map<string, Tree | Rule>

/**
 * Compiles a projection. Code 31254 or 31253: fields are both included and left out (other than `_id`); 31249 or 31250:
 * two paths collide; 16410, 40353, 51270, 28724: what a path or value may not be.
 */
export function compileProjection(spec: Document = {}, options: ProjectionOptions = {}): Projection {
  const entries = leavesOf(spec).map(([path, value]) => entryOf(path, value, options))
  if (entries.length === 0) return root => root
  const deciding = entries.filter(({ includes }) => includes !== undefined)
  const decider = deciding.find(({ path }) => path !== '_id')
  const picks = entries.some(entry => entry.picks)
  const including = (decider ?? (picks ? { includes: true } : deciding[0]))?.includes === true
  const odd = deciding.find(({ path, includes }) => path !== '_id' && includes !== including)
  if (odd) throw mongoError(including ? 31254 : 31253, `A projection cannot include and exclude: ${odd.path}`)
  const addsId = including && !entries.some(({ path }) => /^_id(\.|$)/.test(path))
  return projection(addsId ? [{ path: '_id', rule: keep }, ...entries] : entries, !including)
}

/** Compiles the fields of `$addFields` and `$set`: everything stays, and the given paths are computed. */
export function compileAddFields(spec: Document, options: ExpressionOptions = {}): Projection {
  const entries = leavesOf(spec).map(([path, value]) => computed(path, value, options))
  return projection(entries, true)
}

/** The values of a specification by path; a document in it is another way to write paths. */
function leavesOf(spec: Document, prefix = ''): [path: string, value: unknown][] {
  return Object.entries(spec).flatMap(([name, value]) => {
    const nested = isDocument(value) && fieldsOf(value) === value && !hasOperators(value)
    if (name.split('.').includes(''))
      throw mongoError(40353, 'FieldPath field names may not be empty strings.')
    if (nested && Object.keys(value).length > 0) return leavesOf(value, `${prefix}${name}.`)
    return [[`${prefix}${name}`, value]]
  })
}

const keep: Rule = value => value

function computed(path: string, value: unknown, options: ExpressionOptions): Entry {
  const expression = compileExpression(value, options)
  return { path, rule: (_value, root) => expression(root), includes: true }
}

function entryOf(path: string, value: unknown, options: ProjectionOptions): Entry {
  if (path.endsWith('.$') && !options.stage)
    return { path: path.slice(0, -2), rule: atPosition, includes: true }
  if (/(^|\.)\$/.test(path)) throw mongoError(16410, `FieldPath field names may not start with '$': ${path}`)
  const flag = typeof value === 'boolean' ? Number(value) : toDouble(value)
  if (flag !== undefined) return { path, rule: flag === 0 ? () => undefined : keep, includes: flag !== 0 }
  if (isDocument(value) && Object.keys(value).length === 0)
    throw mongoError(51270, `An empty sub-projection is not valid: ${path}`)
  if (!isDocument(value) || options.stage) return computed(path, value, options)
  if ('$elemMatch' in value) return { path, rule: firstMatch(value.$elemMatch), picks: true }
  const slice = [value.$slice].flat().map(toDouble)
  return slice.every(Number.isInteger)
    ? { path, rule: sliceBy(slice as number[]) }
    : computed(path, value, options)
}

const atPosition: Rule = (value, _root, position) => {
  if (!Array.isArray(value)) return value
  if (position !== undefined && position < value.length) return [value[position]]
  throw mongoError(51246, "The positional operator '.$' couldn't find a matching element in the array")
}

function firstMatch(condition: unknown): Rule {
  const test = elementTest(condition)
  return array => {
    const at = Array.isArray(array) ? array.findIndex(test) : -1
    return at < 0 ? undefined : [(array as unknown[])[at]]
  }
}

function sliceBy([first = 0, second, ...more]: number[]): Rule {
  if (more.length > 0 || (second !== undefined && second <= 0))
    throw mongoError(28724, '$slice takes one number, or a number to skip and one above 0 to take')
  const [skip, count] = second === undefined ? [Math.min(first, 0), Math.abs(first)] : [first, second]
  return value => {
    if (!Array.isArray(value)) return value
    const from = skip < 0 ? Math.max(value.length + skip, 0) : skip
    return value.slice(from, from + count)
  }
}

/** Compiles entries; `others` says whether the fields that none of them is about are kept. */
function projection(entries: readonly Entry[], others: boolean): Projection {
  const tree: Tree = new Map()
  for (const { path, rule } of entries) {
    const parts = path.split('.')
    const last = parts.pop() as string
    let node = tree
    for (const part of parts) {
      const next = node.get(part) ?? new Map()
      if (!(next instanceof Map)) throw mongoError(31249, `Path collision at ${path}`)
      node.set(part, next)
      node = next
    }
    if (node.has(last)) throw mongoError(31250, `Path collision at ${path}`)
    node.set(last, rule)
  }
  return (root, position) => {
    const apply = (node: Tree | Rule | undefined, value: unknown): unknown => {
      if (node === undefined) return others ? value : undefined
      if (!(node instanceof Map)) return node(value, root, position)
      if (Array.isArray(value)) return value.map(item => apply(node, item)).filter(item => item !== undefined)
      const source = isDocument(value) ? fieldsOf(value) : undefined
      const result: Document = {}
      for (const name of new Set([...Object.keys(source ?? {}), ...node.keys()])) {
        const field = apply(node.get(name), fieldOf(source, name))
        if (field !== undefined) setField(result, name, field)
      }
      return source || Object.keys(result).length > 0 ? result : apply(undefined, value)
    }
    return apply(tree, root) as Document
  }
}
