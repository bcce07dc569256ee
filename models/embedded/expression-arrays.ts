import { mongoError } from './errors.ts'
import type { Evaluate } from './expression.ts'
import { compileList, compileNamed, isNullish, withArguments } from './expression-arguments.ts'
import { bind } from './expression-logic.ts'
import { countOf, deviationOf, meanOf, sumOf } from './expression-numbers.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { readNumber } from './numbers.ts'
import { compileSort } from './sort.ts'
import { typeName } from './types.ts'
import { compareValues, equalValues, isDocument } from './values.ts'

function arrayFor(name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(28689, `The argument to ${name} must be an array, but was of type: ${typeName(value)}`)
}

function wholeFor(name: string, value: unknown): number {
  const whole = Number(readNumber(value)?.value)
  if (Number.isInteger(whole)) return whole
  throw mongoError(28690, `${name} needs a whole number, but found ${typeName(value)}`)
}

function overItems(
  name: string,
  names: string[],
  use: (items: unknown[], inner: Evaluate, as: string) => Evaluate,
) {
  return ((operand, compile) => {
    const named = compileNamed(name, operand, names, compile)
    const as: unknown = named.raw('as') ?? 'this'
    if (typeof as !== 'string') throw mongoError(9, `'as' of ${name} must be a string`)
    const inner = (named.part('in') ?? named.part('cond')) as Evaluate
    return scope => {
      const input = named.value('input', scope)
      if (isNullish(input)) return null
      const limit = named.value('limit', scope)
      const result = use(arrayFor(name, input), inner, as)(scope) as unknown[]
      return isNullish(limit) ? result : result.slice(0, wholeFor(name, limit))
    }
  }) satisfies ExpressionOperator
}

const reduce: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$reduce', operand, ['input!', 'initialValue!', 'in!'], compile)
  const inner = named.part('in') as Evaluate
  return scope => {
    const input = named.value('input', scope)
    if (isNullish(input)) return null
    const start = named.value('initialValue', scope)
    return arrayFor('$reduce', input).reduce(
      (value, item) => inner(bind(scope, { value, this: item })),
      start,
    )
  }
}

const elementAt = withArguments('$arrayElemAt', 2, 2, (array, index) => {
  if (isNullish(array) || isNullish(index)) return null
  return arrayFor('$arrayElemAt', array).at(wholeFor('$arrayElemAt', index))
})

const endOf = (name: string, index: 0 | -1): ExpressionOperator =>
  withArguments(name, 1, 1, array => (isNullish(array) ? null : arrayFor(name, array).at(index)))

const slice = withArguments('$slice', 2, 3, (array, first, count) => {
  if (isNullish(array) || isNullish(first)) return null
  const items = arrayFor('$slice', array)
  const from = wholeFor('$slice', first)
  if (count === undefined) return from < 0 ? items.slice(from) : items.slice(0, from)
  if (count === null) return null
  const start = from < 0 ? Math.max(items.length + from, 0) : from
  const length = wholeFor('$slice', count)
  if (length <= 0) throw mongoError(28729, `Third argument to $slice must be positive: ${length}`)
  return items.slice(start, start + length)
})

const indexOf = withArguments('$indexOfArray', 2, 4, (array, sought, start, end) => {
  if (isNullish(array)) return null
  const items = arrayFor('$indexOfArray', array)
  const from = start === undefined ? 0 : wholeFor('$indexOfArray', start)
  const to = end === undefined ? items.length : wholeFor('$indexOfArray', end)
  const found = items.slice(from, to).findIndex(item => equalValues(item, sought))
  return countOf(found < 0 ? -1 : found + from)
})

const range = withArguments('$range', 2, 3, (start, end, step) => {
  const [from, to] = [wholeFor('$range', start), wholeFor('$range', end)]
  const by = step === undefined ? 1 : wholeFor('$range', step)
  if (by === 0) throw mongoError(34449, '$range requires a non-zero step value')
  const length = Math.max(0, Math.ceil((to - from) / by))
  return Array.from({ length }, (_item, i) => countOf(from + i * by))
})

const sortArray: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$sortArray', operand, ['input!', 'sortBy!'], compile)
  const by: unknown = named.raw('sortBy')
  const direction = Number(readNumber(by)?.value)
  const compare = isDocument(by)
    ? byDocument(compileSort(by))
    : (a: unknown, b: unknown) => direction * compareValues(a, b)
  return scope => {
    const input = named.value('input', scope)
    return isNullish(input) ? null : [...arrayFor('$sortArray', input)].sort(compare)
  }
}

function byDocument(compare: (a: object, b: object) => number) {
  const scalar = {}
  return (a: unknown, b: unknown) => compare(isDocument(a) ? a : scalar, isDocument(b) ? b : scalar)
}

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
      return sets.map(set => arrayFor(name, set)).reduce(merge)
    }
  }
}

/** An accumulator used on one array, or on a list of values. */
function ofValues(compute: (values: readonly unknown[]) => unknown): ExpressionOperator {
  return (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => {
      const values = list.map(evaluate => evaluate(scope))
      const [only] = values
      return compute(values.length === 1 && Array.isArray(only) ? only : values)
    }
  }
}

/** The least or the greatest value that is not null, or null. */
export function extremeOf(values: readonly unknown[], sign: 1 | -1): unknown {
  const present = values.filter(value => !isNullish(value))
  return present.length === 0 ? null : present.reduce((a, b) => (sign * compareValues(b, a) > 0 ? b : a))
}

/** Operators on arrays and sets. */
export const arrayOperators = {
  $map: overItems(
    '$map',
    ['input!', 'as', 'in!'],
    (items, inner, as) => scope => items.map(item => inner(bind(scope, { [as]: item })) ?? null),
  ),
  $filter: overItems(
    '$filter',
    ['input!', 'as', 'cond!', 'limit'],
    (items, inner, as) => scope => items.filter(item => isTruthy(inner(bind(scope, { [as]: item })))),
  ),
  $reduce: reduce,
  $arrayElemAt: elementAt,
  $first: endOf('$first', 0),
  $last: endOf('$last', -1),
  $slice: slice,
  $indexOfArray: indexOf,
  $range: range,
  $sortArray: sortArray,
  $size: withArguments('$size', 1, 1, array => {
    if (!Array.isArray(array)) {
      throw mongoError(17124, `The argument to $size must be an array, but was of type: ${typeName(array)}`)
    }
    return countOf(array.length)
  }),
  $isArray: withArguments('$isArray', 1, 1, value => Array.isArray(value)),
  $in: withArguments('$in', 2, 2, (value, array) => {
    if (Array.isArray(array)) return includes(array, value)
    throw mongoError(40081, `$in requires an array as a second argument, found: ${typeName(array)}`)
  }),
  $reverseArray: withArguments('$reverseArray', 1, 1, array =>
    isNullish(array) ? null : arrayFor('$reverseArray', array).toReversed(),
  ),
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
  $sum: ofValues(sumOf),
  $avg: ofValues(meanOf),
  $stdDevPop: ofValues(values => deviationOf(values, false)),
  $stdDevSamp: ofValues(values => deviationOf(values, true)),
  $min: ofValues(values => extremeOf(values, -1)),
  $max: ofValues(values => extremeOf(values, 1)),
} as const satisfies Record<string, ExpressionOperator>
