import { mongoError } from './errors.ts'
import type { Evaluate } from './expression.ts'
import { arrayFor, compileList, compileNamed, isNullish, withArguments } from './expression-arguments.ts'
import { bind } from './expression-logic.ts'
import { countOf, deviationOf, meanOf, sumOf } from './expression-numbers.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { isNumber, readNumber } from './numbers.ts'
import { compileSort } from './sort.ts'
import { typeName } from './types.ts'
import { compareValues, equalValues, isDocument } from './values.ts'

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

/** What `$range` makes at most, as a larger array would not fit into a document anyway. */
const longestRange = 2_000_000

const range = withArguments('$range', 2, 3, (start, end, step) => {
  const [from, to] = [wholeFor('$range', start), wholeFor('$range', end)]
  const by = step === undefined ? 1 : wholeFor('$range', step)
  if (by === 0) throw mongoError(34449, '$range requires a non-zero step value')
  const length = Math.max(0, Math.ceil((to - from) / by))
  if (length > longestRange)
    throw mongoError(146, `$range would make ${length} elements, at most ${longestRange} are allowed`)
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

/** Operators on arrays. */
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
  $reverseArray: withArguments('$reverseArray', 1, 1, array =>
    isNullish(array) ? null : arrayFor('$reverseArray', array).toReversed(),
  ),
  $sum: ofValues(sumOf),
  $avg: ofValues(values => meanOf(sumOf(values), values.filter(isNumber).length)),
  $stdDevPop: ofValues(values => deviationOf(values, false)),
  $stdDevSamp: ofValues(values => deviationOf(values, true)),
  $min: ofValues(values => extremeOf(values, -1)),
  $max: ofValues(values => extremeOf(values, 1)),
} as const satisfies Record<string, ExpressionOperator>
