import type { Document } from 'bson'
import { compileMatch } from './match.ts'
import { isTruthy } from './match-operators.ts'
import { isIndex } from './paths.ts'
import { hasOperators } from './types.ts'
import { equalValues, isDocument, ranks, typeRank } from './values.ts'

/** One end of a range. */
export interface Limit {
  readonly value: unknown
  readonly inclusive: boolean
}

/** What a filter demands of one path, as far as an index can make use of it. */
export interface Predicate {
  /** The value equals one of these. */
  points?: readonly unknown[]
  lower?: Limit
  upper?: Limit
  /** Whatever matches has a value other than null there, so that a sparse index holds it. */
  present: boolean
}

/** The necessary conditions of a filter by path, and its disjunctions. */
export interface Predicates {
  readonly paths: ReadonlyMap<string, Predicate>
  /** The branches of each `$or` of the filter. */
  readonly disjunctions: readonly (readonly Document[])[]
  /** The filter is nothing but equality with a single `_id`. */
  readonly onlyId: boolean
}

/**
 * Reads out of a filter what every match must fulfil. What it leaves out only makes a scan wider: whatever is found
 * is matched against the whole filter again.
 */
export function readPredicates(filter: Document): Predicates {
  const paths = new Map<string, Predicate>()
  const disjunctions: Document[][] = []
  /** Joins a condition on a path to those before: the shortest list of values wins, ranges keep their first ends. */
  const narrow = (path: string, more: Predicate | undefined): void => {
    // A number in a path is a place in an array or a name: no index tells which.
    if (more === undefined || path.split('.').some(isIndex)) return
    const known = paths.get(path) ?? { present: false }
    paths.set(path, known)
    known.present ||= more.present
    if (more.points && (!known.points || more.points.length < known.points.length)) known.points = more.points
    if (more.lower) known.lower ??= more.lower
    if (more.upper) known.upper ??= more.upper
  }
  const collect = (conditions: Document, prefix: string): void => {
    for (const [name, operand] of Object.entries(conditions)) {
      const list = Array.isArray(operand) && operand.every(isDocument) ? operand : []
      if (name === '$and' || (name === '$or' && list.length === 1))
        for (const one of list) collect(one, prefix)
      else if (name === '$or' && prefix === '' && list.length > 0) disjunctions.push(list)
      else if (!name.startsWith('$')) collectPath(prefix + name, operand)
    }
  }
  const collectPath = (path: string, operand: unknown): void => {
    if (!hasOperators(operand)) {
      narrow(path, equalTo([operand]))
      return
    }
    for (const [name, argument] of Object.entries(operand)) {
      if (name === '$elemMatch' && isDocument(argument) && !hasOperators(argument))
        collect(argument, `${path}.`)
      else narrow(path, readOperator[name]?.(argument, path))
    }
  }
  collect(filter, '')
  const onlyId = Object.keys(filter).length === 1 && '_id' in filter && !hasOperators(filter._id)
  return { paths, disjunctions, onlyId: onlyId && paths.get('_id')?.points?.length === 1 }
}

type Read = (argument: unknown, path: string) => Predicate | undefined

const readOperator: Record<string, Read> = {
  $eq: argument => equalTo([argument]),
  $in: argument => (Array.isArray(argument) ? equalTo(argument) : undefined),
  $all: argument => (Array.isArray(argument) && argument.length > 0 ? equalTo([argument[0]]) : undefined),
  $gt: value => ranged(value, { lower: { value, inclusive: false }, present: true }),
  $gte: value => ranged(value, { lower: { value, inclusive: true }, present: true }),
  $lt: value => ranged(value, { upper: { value, inclusive: false }, present: true }),
  $lte: value => ranged(value, { upper: { value, inclusive: true }, present: true }),
  $ne: (argument, path) => (argument === null && !path.includes('.') ? { present: true } : undefined),
  $exists: argument => (isTruthy(argument) ? { present: true } : undefined),
}

/** Types whose order within the type is that of their keys, and which no array or null can satisfy. */
const rangedTypes: ReadonlySet<number> = new Set([
  ranks.number,
  ranks.string,
  ranks.objectId,
  ranks.bool,
  ranks.date,
  ranks.timestamp,
])

function ranged(value: unknown, predicate: Predicate): Predicate | undefined {
  const isNaNumber = typeRank(value) === ranks.number && Number.isNaN(Number(value))
  return rangedTypes.has(typeRank(value)) && !isNaNumber ? predicate : undefined
}

function equalTo(values: readonly unknown[]): Predicate | undefined {
  const unusable: number[] = [ranks.array, ranks.regex, ranks.missing]
  // `$all` may hold `$elemMatch` in the place of a value.
  if (values.some(value => unusable.includes(typeRank(value)) || hasOperators(value))) return undefined
  return { points: values, present: values.every(value => value !== null) }
}

/**
 * Whether every document that matches `filter` also matches the filter of a partial index, as far as that is easily
 * seen: each of its conditions stands in the filter as it is, or holds for the values or the end of the range there.
 */
export function implies(filter: Document, predicates: Predicates, partial: Document): boolean {
  return Object.entries(partial).every(([path, condition]) => {
    if (path === '$and') return (condition as Document[]).every(part => implies(filter, predicates, part))
    if (path.startsWith('$')) return false
    if (path in filter && equalValues(filter[path], condition)) return true
    const known = predicates.paths.get(path)
    if (known === undefined) return false
    const operators = hasOperators(condition) ? Object.entries(condition) : [['$eq', condition] as const]
    return operators.every(([name, operand]) => {
      if (name === '$exists') return isTruthy(operand) && known.present
      // Equal values may be of different types.
      if (name === '$type') return false
      const matcher = compileMatch({ value: { [name]: operand } })
      const holds = (value: unknown) => matcher.test({ value })
      const end = name.startsWith('$gt') ? known.lower : name.startsWith('$lt') ? known.upper : undefined
      return known.points?.every(holds) || (end !== undefined && holds(end.value))
    })
  })
}
