import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileElementMatch, elementTest } from './match.ts'
import { regexTest } from './match-operators.ts'
import { readNumber } from './numbers.ts'
import { compileSort } from './sort.ts'
import { describe, hasOperators, typeName } from './types.ts'
import { copyOf } from './update-path.ts'
import { compareValues, equalValues, isDocument, ranks, typeRank } from './values.ts'

/** Computes the new value of a field from its old one; `undefined` stands for a missing field, before and after. */
export type Change = (value: unknown, context: { path: string; id: unknown }) => unknown

const pushClauses = new Set(['$each', '$slice', '$sort', '$position'])

function wholeClause(operand: Document, name: string): number | undefined {
  if (operand[name] === undefined) return undefined
  const value = Number(readNumber(operand[name])?.value)
  if (!Number.isInteger(value)) {
    throw mongoError(
      2,
      `The value for ${name} must be an integer value but was given type: ${typeName(operand[name])}`,
    )
  }
  return value
}

function pushOrder(sort: unknown): ((a: unknown, b: unknown) => number) | undefined {
  if (sort === undefined) return undefined
  const whole = Number(readNumber(sort)?.value)
  if (readNumber(sort) !== undefined) {
    if (whole !== 1 && whole !== -1) throw mongoError(2, 'The $sort element value must be either 1 or -1')
    return (a, b) => whole * compareValues(a, b)
  }
  if (!isDocument(sort) || Object.keys(sort).length === 0) {
    throw mongoError(
      2,
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    )
  }
  const compare = compileSort(sort)
  const asDocument = (value: unknown) => (isDocument(value) ? value : {})
  return (a, b) => compare(asDocument(a), asDocument(b))
}

/** `$push`, with `$each`, `$position`, `$sort` and `$slice` applied in this order. */
export function push(operand: unknown): Change {
  const withEach = isDocument(operand) && operand.$each !== undefined
  const clauses: Document = withEach ? operand : { $each: [operand] }
  const unknown = withEach ? Object.keys(clauses).find(name => !pushClauses.has(name)) : undefined
  if (unknown !== undefined) throw mongoError(2, `Unrecognized clause in $push: ${unknown}`)
  const each: unknown = clauses.$each
  if (!Array.isArray(each)) {
    throw mongoError(
      2,
      `The argument to $each in $push must be an array but it was of type ${typeName(each)}`,
    )
  }
  const slice = wholeClause(clauses, '$slice')
  const position = wholeClause(clauses, '$position')
  const order = pushOrder(clauses.$sort)
  return (value, { path, id }) => {
    if (value !== undefined && !Array.isArray(value)) {
      const where = `in document {_id: ${describe(id)}}`
      throw mongoError(2, `The field '${path}' must be an array but is of type ${typeName(value)} ${where}`)
    }
    const result: unknown[] = [...(value ?? [])]
    result.splice(position ?? result.length, 0, ...each.map(copyOf))
    if (order !== undefined) result.sort(order)
    if (slice === undefined) return result
    return slice >= 0 ? result.slice(0, slice) : result.slice(slice)
  }
}

/** `$addToSet`, with `$each`: adds what no element equals. */
export function addToSet(operand: unknown): Change {
  const withEach = isDocument(operand) && Object.keys(operand)[0] === '$each'
  const each: unknown = withEach ? operand.$each : [operand]
  if (!Array.isArray(each)) {
    throw mongoError(
      14,
      `The argument to $each in $addToSet must be an array but it was of type ${typeName(each)}`,
    )
  }
  if (withEach && Object.keys(operand).length > 1) {
    throw mongoError(2, `Found unexpected fields after $each in $addToSet: ${describe(operand)}`)
  }
  return (value, { path }) => {
    if (value !== undefined && !Array.isArray(value)) {
      const what = `Field named '${path}' has non-array type ${typeName(value)}`
      throw mongoError(2, `Cannot apply $addToSet to non-array field. ${what}`)
    }
    const result: unknown[] = [...(value ?? [])]
    for (const item of each)
      if (!result.some(element => equalValues(element, item))) result.push(copyOf(item))
    return result
  }
}

/** `$pop`: takes the first (-1) or the last (1) element away. */
export function pop(operand: unknown): Change {
  const number = readNumber(operand)
  if (number === undefined) throw mongoError(9, `Expected a number in: $pop, found type ${typeName(operand)}`)
  const side = Number(number.value)
  if (side !== 1 && side !== -1) throw mongoError(9, `$pop expects 1 or -1, found: ${side}`)
  return (value, { path }) => {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) {
      throw mongoError(14, `Path '${path}' contains an element of non-array type '${typeName(value)}'`)
    }
    return side === 1 ? value.slice(0, -1) : value.slice(1)
  }
}

function without(name: string, gone: (element: unknown) => boolean): Change {
  return value => {
    if (value === undefined) return undefined
    if (!Array.isArray(value)) throw mongoError(2, `Cannot apply ${name} to a non-array value`)
    return value.filter(element => !gone(element))
  }
}

/** `$pull`: removes the elements that equal the operand, or that meet it where it is a condition. */
export function pull(operand: unknown): Change {
  if (typeRank(operand) === ranks.regex) return without('$pull', regexTest(operand))
  if (!isDocument(operand)) return without('$pull', element => equalValues(element, operand))
  if (hasOperators(operand) && !['$and', '$or', '$nor'].includes(Object.keys(operand)[0] as string)) {
    return without('$pull', compileElementMatch(operand))
  }
  const test = elementTest(operand)
  return without('$pull', element => isDocument(element) && test(element))
}

/** `$pullAll`: removes the elements that equal any of a list. */
export function pullAll(operand: unknown): Change {
  if (!Array.isArray(operand)) {
    throw mongoError(2, `$pullAll requires an array argument but was given a ${typeName(operand)}`)
  }
  return without('$pullAll', element => operand.some(item => equalValues(element, item)))
}
