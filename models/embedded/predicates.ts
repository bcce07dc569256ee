import type { BSONRegExp, Document } from 'bson'
import { isDocument, ranks, regexParts, typeRank } from './values.ts'

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
  const disjunctions: (readonly Document[])[] = []
  collect(filter, '', paths, disjunctions)
  const fields = Object.keys(filter)
  const id = paths.get('_id')
  const onlyId = fields.length === 1 && fields[0] === '_id' && isPlainEquality(filter._id)
  return { paths, disjunctions, onlyId: onlyId && id?.points?.length === 1 }
}

function isPlainEquality(operand: unknown): boolean {
  return !isDocument(operand) || operatorsOf(operand) === undefined
}

function collect(
  filter: Document,
  prefix: string,
  paths: Map<string, Predicate>,
  disjunctions: (readonly Document[])[],
): void {
  for (const [name, operand] of Object.entries(filter)) {
    if (name === '$and' && Array.isArray(operand)) {
      for (const branch of operand) if (isDocument(branch)) collect(branch, prefix, paths, disjunctions)
    } else if (name === '$or' && Array.isArray(operand) && prefix === '') {
      if (operand.length === 1 && isDocument(operand[0])) collect(operand[0], prefix, paths, disjunctions)
      else disjunctions.push(operand as Document[])
    } else if (!name.startsWith('$')) collectPath(prefix + name, operand, paths, disjunctions)
  }
}

function collectPath(
  path: string,
  operand: unknown,
  paths: Map<string, Predicate>,
  disjunctions: (readonly Document[])[],
): void {
  const operators = operatorsOf(operand)
  if (!operators) {
    if (typeRank(operand) === ranks.regex) narrow(paths, path, prefixRange(operand))
    else narrow(paths, path, equalTo([operand]))
    return
  }
  for (const [name, argument] of Object.entries(operators)) {
    if (name === '$elemMatch' && isDocument(argument) && !operatorsOf(argument)) {
      collect(argument, `${path}.`, paths, disjunctions)
    } else if (name === '$regex') {
      const options = typeof operators.$options === 'string' ? operators.$options : ''
      narrow(paths, path, prefixRange(argument, options))
    } else narrow(paths, path, readOperator[name]?.(argument))
  }
}

const readOperator: Record<string, (argument: unknown) => Predicate | undefined> = {
  $eq: argument => equalTo([argument]),
  $in: argument => (Array.isArray(argument) ? equalTo(argument) : undefined),
  $all: argument => (Array.isArray(argument) && argument.length > 0 ? equalTo([argument[0]]) : undefined),
  $gt: argument => comparable(argument) && { lower: { value: argument, inclusive: false }, present: true },
  $gte: argument => comparable(argument) && { lower: { value: argument, inclusive: true }, present: true },
  $lt: argument => comparable(argument) && { upper: { value: argument, inclusive: false }, present: true },
  $lte: argument => comparable(argument) && { upper: { value: argument, inclusive: true }, present: true },
  $ne: argument => (argument === null ? { present: true } : undefined),
  $exists: argument => (argument === true || Number(argument) === 1 ? { present: true } : undefined),
}

/** Types whose order within the type is that of their keys, and which no array or null can satisfy. */
const RANGED: ReadonlySet<number> = new Set([
  ranks.number,
  ranks.string,
  ranks.objectId,
  ranks.bool,
  ranks.date,
  ranks.timestamp,
])

function comparable(value: unknown): undefined | true {
  if (typeRank(value) === ranks.number && Number.isNaN(Number(value))) return undefined
  return RANGED.has(typeRank(value)) ? true : undefined
}

function equalTo(values: readonly unknown[]): Predicate | undefined {
  const unusable = values.some(value => {
    const rank = typeRank(value)
    return rank === ranks.array || rank === ranks.regex || rank === ranks.missing || isElementMatch(value)
  })
  if (unusable) return undefined
  return { points: values, present: values.every(value => typeRank(value) !== ranks.null) }
}

/** `$all` may hold `$elemMatch` in the place of a value. */
function isElementMatch(value: unknown): boolean {
  return isDocument(value) && operatorsOf(value) !== undefined
}

/** The range of the strings that an anchored pattern can match, when it begins with plain characters. */
function prefixRange(pattern: unknown, options = ''): Predicate | undefined {
  const parts =
    typeof pattern === 'string' ? { pattern, options } : regexParts(pattern as BSONRegExp | RegExp)
  const found = /^\^([\p{L}\p{N} _:@/-]+)(?![?*{])/u.exec(parts.pattern)
  if (!found?.[1] || /[imx]/.test(parts.options + options) || parts.pattern.includes('|')) {
    return undefined
  }
  const quantified = /[?*+{]/.test(parts.pattern.charAt(found[0].length))
  const prefix = quantified ? found[1].slice(0, -1) : found[1]
  if (prefix === '' || /[\ud800-\udfff]/.test(prefix)) return undefined
  const last = prefix.charCodeAt(prefix.length - 1)
  if (last >= 0xd7ff) return undefined
  const after = prefix.slice(0, -1) + String.fromCharCode(last + 1)
  return {
    lower: { value: prefix, inclusive: true },
    upper: { value: after, inclusive: false },
    present: true,
  }
}

/** Joins a further condition on a path: the first equality wins, ranges keep their first ends. */
function narrow(paths: Map<string, Predicate>, path: string, more: Predicate | undefined): void {
  if (!more) return
  const known = paths.get(path)
  if (!known) {
    paths.set(path, { ...more })
    return
  }
  known.present ||= more.present
  const fewer = more.points && (!known.points || more.points.length < known.points.length)
  if (fewer && more.points) known.points = more.points
  if (more.lower) known.lower ??= more.lower
  if (more.upper) known.upper ??= more.upper
}

/** The operators of an operand like `{ $gt: 5 }`; undefined when it is a value. */
function operatorsOf(operand: unknown): Document | undefined {
  if (!isDocument(operand)) return undefined
  const first = Object.keys(operand)[0]
  return first?.startsWith('$') && first !== '$ref' && first !== '$id' && first !== '$db'
    ? operand
    : undefined
}
