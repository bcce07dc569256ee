import { mongoError } from './errors.ts'
import { arrayFor, compileList, isNullish, withArguments } from './expression-arguments.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { typeName } from './types.ts'
import { compareValues, equalValues } from './values.ts'

/** The values without those that equal an earlier one. */
export function distinctValues(values: readonly unknown[]): unknown[] {
  const sorted = values
    .map((value, i) => ({ value, i }))
    .sort((a, b) => compareValues(a.value, b.value) || a.i - b.i)
  const first = sorted.filter(({ value }, i) => i === 0 || !equalValues(value, sorted[i - 1]?.value))
  return first.sort((a, b) => a.i - b.i).map(({ value }) => value)
}

const includes = (array: readonly unknown[], sought: unknown) => array.some(item => equalValues(item, sought))

function ofSets(name: string, compute: (a: unknown[], b: unknown[]) => unknown): ExpressionOperator {
  return withArguments(name, 2, 2, (a, b) =>
    isNullish(a) || isNullish(b) ? null : compute(arrayFor(name, a), arrayFor(name, b)),
  )
}

function ofManySets(name: string, merge: (a: unknown[], b: unknown[]) => unknown[]): ExpressionOperator {
  return (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => {
      const sets = list.map(evaluate => evaluate(scope))
      if (sets.some(isNullish)) return null
      const [first = [], ...rest] = sets.map(set => arrayFor(name, set))
      return rest.reduce(merge, first)
    }
  }
}

/** Operators that look for equal elements, or join arrays. */
export const setOperators = {
  $in: withArguments('$in', 2, 2, (value, array) => {
    if (Array.isArray(array)) return includes(array, value)
    throw mongoError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`)
  }),
  $concatArrays: ofManySets('$concatArrays', (a, b) => [...a, ...b]),
  $setUnion: (operand, compile) => {
    const merged = ofManySets('$setUnion', (a, b) => [...a, ...b])(operand, compile)
    return scope => {
      const all = merged(scope)
      return Array.isArray(all) ? distinctValues(all) : all
    }
  },
  $setIntersection: ofManySets('$setIntersection', (a, b) =>
    distinctValues(a.filter(item => includes(b, item))),
  ),
  $setDifference: ofSets('$setDifference', (a, b) => distinctValues(a.filter(item => !includes(b, item)))),
  $setIsSubset: ofSets('$setIsSubset', (a, b) => a.every(item => includes(b, item))),
  $setEquals: ofSets(
    '$setEquals',
    (a, b) => a.every(item => includes(b, item)) && b.every(item => includes(a, item)),
  ),
  $anyElementTrue: withArguments('$anyElementTrue', 1, 1, array =>
    arrayFor('$anyElementTrue', array).some(isTruthy),
  ),
  $allElementsTrue: withArguments('$allElementsTrue', 1, 1, array =>
    arrayFor('$allElementsTrue', array).every(isTruthy),
  ),
} as const satisfies Record<string, ExpressionOperator>
