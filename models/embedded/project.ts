import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { elementTest } from './match.ts'
import { toDouble } from './numbers.ts'
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

interface Entry {
  readonly path: string
  readonly rule: Rule
  /** Undefined for find's `$slice`, which suits an inclusion and an exclusion alike. */
  readonly includes?: boolean
  /** A computed field comes after those that were there. */
  readonly late?: boolean
}

/** The entries by the components of their paths. */
type Tree = Map<string, Tree | Entry>

/**
 * Compiles a projection. Code 31254 or 31253: fields are both included and left out (other than `_id`); 31249 or 31250:
 * two paths collide; 16410, 40353, 51270, 28667, 28724: what a path or value may not be.
 */
export function compileProjection(spec: Document = {}, options: ProjectionOptions = {}): Projection {
  const entries = leavesOf(spec).map(([path, value]) => entryOf(path, value, options))
  if (entries.length === 0) return root => root
  const deciding = entries.filter(({ includes }) => includes !== undefined)
  const including = (deciding.find(({ path }) => path !== '_id') ?? deciding[0])?.includes === true
  const odd = deciding.find(({ path, includes }) => path !== '_id' && includes !== including)
  if (odd) throw mongoError(including ? 31254 : 31253, `A projection cannot include and exclude: ${odd.path}`)
  const addsId = including && !entries.some(({ path }) => /^_id(\.|$)/.test(path))
  return projection(addsId ? [{ path: '_id', rule: keep }, ...entries] : entries, !including)
}

/** Compiles the fields of `$addFields` and `$set`: everything stays, and the given paths are computed. */
export function compileAddFields(spec: Document, options: ExpressionOptions = {}): Projection {
  return projection(
    leavesOf(spec).map(([path, value]) => computed(path, value, options)),
    true,
  )
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
  return { path, rule: (_value, root) => expression(root), includes: true, late: true }
}

function entryOf(path: string, value: unknown, options: ProjectionOptions): Entry {
  if (path.endsWith('.$') && !options.stage)
    return { path: path.slice(0, -2), rule: atPosition, includes: true }
  if (/(^|\.)\$/.test(path)) throw mongoError(16410, `FieldPath field names may not start with '$': ${path}`)
  const flag = typeof value === 'boolean' ? Number(value) : toDouble(value)
  if (flag === 0) return { path, rule: () => undefined, includes: false }
  if (flag !== undefined) return { path, rule: keep, includes: true }
  if (!isDocument(value)) return computed(path, value, options)
  if (Object.keys(value).length === 0)
    throw mongoError(51270, `An empty sub-projection is not valid: ${path}`)
  if (!options.stage && '$elemMatch' in value) {
    const test = elementTest(value.$elemMatch)
    const rule: Rule = array => {
      const found: unknown = Array.isArray(array) ? array.find(item => test(item)) : undefined
      return found === undefined ? undefined : [found]
    }
    return { path, rule, includes: true, late: true }
  }
  const slice = [value.$slice].flat().map(toDouble)
  if (options.stage || !slice.every(Number.isInteger)) return computed(path, value, options)
  return { path, rule: sliceBy(slice as number[]) }
}

const atPosition: Rule = (value, _root, position) => {
  if (!Array.isArray(value)) return value
  if (position !== undefined && position < value.length) return [value[position]]
  throw mongoError(51246, "The positional operator '.$' couldn't find a matching element in the array")
}

function sliceBy([first, second, ...more]: number[]): Rule {
  if (first === undefined || more.length > 0) throw mongoError(28667, '$slice takes one number or two')
  if (second !== undefined && second <= 0) throw mongoError(28724, `$slice takes no count of ${second}`)
  const [skip, count] = second === undefined ? [Math.min(first, 0), Math.abs(first)] : [first, second]
  return value => {
    if (!Array.isArray(value)) return value
    const from = skip < 0 ? Math.max(value.length + skip, 0) : skip
    return value.slice(from, from + count)
  }
}

const isLate = (node: Tree | Entry): boolean =>
  node instanceof Map ? [...node.values()].some(isLate) : node.late === true

/** Compiles entries; `others` says whether the fields that none of them is about are kept. */
function projection(entries: readonly Entry[], others: boolean): Projection {
  const tree: Tree = new Map()
  for (const entry of entries) {
    const parts = entry.path.split('.')
    const last = parts.pop() as string
    let node = tree
    for (const part of parts) {
      const next = node.get(part) ?? new Map()
      if (!(next instanceof Map)) throw mongoError(31249, `Path collision at ${entry.path}`)
      node.set(part, next)
      node = next
    }
    if (node.has(last)) throw mongoError(31250, `Path collision at ${entry.path}`)
    node.set(last, entry)
  }
  return (root, position) => {
    const apply = (node: Tree | Entry, value: unknown): unknown => {
      if (!(node instanceof Map)) return node.rule(value, root, position)
      if (Array.isArray(value)) return value.map(item => apply(node, item)).filter(item => item !== undefined)
      if (!isDocument(value) && !isLate(node)) return others ? value : undefined
      const source = isDocument(value) ? fieldsOf(value) : {}
      const result: Document = {}
      const put = (name: string, field: unknown) => field !== undefined && setField(result, name, field)
      for (const [name, field] of Object.entries(source)) {
        const next = node.get(name)
        if (!next) put(name, others ? field : undefined)
        else if (next instanceof Map || !next.late || others) put(name, apply(next, field))
      }
      for (const [name, next] of node) {
        if (isLate(next) && !Object.hasOwn(result, name)) put(name, apply(next, source[name]))
      }
      return result
    }
    return apply(tree, root) as Document
  }
}
