import { mongoError } from './errors.ts'
import { compileExpression, type Expression, type ExpressionOptions } from './expression.ts'
import { isNullish } from './expression-arguments.ts'
import { extremeOf } from './expression-arrays.ts'
import { countOf, deviationOf, meanOf, sumOf } from './expression-numbers.ts'
import { mergeDocuments } from './expression-objects.ts'
import { distinctValues } from './expression-sets.ts'
import { readNumber } from './numbers.ts'
import { compileSort } from './sort.ts'
import { describe } from './types.ts'
import { compareValues, isDocument } from './values.ts'

/** Gathers values of a group, in order, and says what they come to. */
export interface Accumulator {
  add(document: unknown): void
  result(): unknown
}

/** Makes a fresh accumulator for each group. */
export type AccumulatorMaker = () => Accumulator

/** An accumulator that keeps one value, which each document may change. */
function folding(
  expression: Expression,
  start: unknown,
  fold: (state: unknown, value: unknown) => unknown,
): AccumulatorMaker {
  return () => {
    let state = start
    return {
      add: document => {
        state = fold(state, expression(document))
      },
      result: () => state,
    }
  }
}

/** An accumulator that keeps all values and computes at the end. */
function gathering(expression: Expression, finish: (values: unknown[]) => unknown): AccumulatorMaker {
  return () => {
    const values: unknown[] = []
    return { add: document => values.push(expression(document)), result: () => finish(values) }
  }
}

function averaging(expression: Expression): AccumulatorMaker {
  return () => {
    let count = 0
    let sum: unknown = countOf(0)
    return {
      add: document => {
        const value = expression(document)
        if (readNumber(value) === undefined) return
        sum = sumOf([sum, value])
        count += 1
      },
      result: () => meanOf(sum, count),
    }
  }
}

const running = {
  $sum: (expression: Expression) =>
    folding(expression, countOf(0), (sum, value) =>
      readNumber(value) === undefined ? sum : sumOf([sum, value]),
    ),
  $min: (expression: Expression) =>
    folding(expression, null, (least, value) => extremeOf([least, value], -1)),
  $max: (expression: Expression) => folding(expression, null, (most, value) => extremeOf([most, value], 1)),
  $avg: averaging,
  $push: (expression: Expression) =>
    gathering(expression, values => values.filter(value => value !== undefined)),
  $addToSet: (expression: Expression) =>
    gathering(expression, values => distinctValues(values.filter(value => value !== undefined))),
  $first: (expression: Expression) =>
    folding(expression, undefined, (first, value) => (first === undefined ? (value ?? null) : first)),
  $last: (expression: Expression) => folding(expression, null, (_last, value) => value ?? null),
  $mergeObjects: (expression: Expression) => gathering(expression, mergeDocuments),
  $count: () =>
    folding(
      () => 1,
      countOf(0),
      (count, one) => sumOf([count, one]),
    ),
  $stdDevPop: (expression: Expression) => gathering(expression, values => deviationOf(values, false)),
  $stdDevSamp: (expression: Expression) => gathering(expression, values => deviationOf(values, true)),
} as const satisfies Record<string, (expression: Expression) => AccumulatorMaker>

const several = {
  $firstN: { pick: (values, n) => values.slice(0, n).map(value => value ?? null) },
  $lastN: { pick: (values, n) => values.slice(-n).map(value => value ?? null) },
  $minN: { pick: (values, n) => present(values).sort(compareValues).slice(0, n) },
  $maxN: {
    pick: (values, n) =>
      present(values)
        .sort((a, b) => compareValues(b, a))
        .slice(0, n),
  },
} as const satisfies Record<string, { pick(values: unknown[], n: number): unknown[] }>

const present = (values: unknown[]) => values.filter(value => !isNullish(value))

function limitOf(name: string, spec: unknown, options: ExpressionOptions): number {
  const n = Number(readNumber(compileExpression(spec, options)({}))?.value)
  if (!Number.isInteger(n) || n <= 0)
    throw mongoError(5787908, `'n' of ${name} must be greater than 0, found ${describe(spec)}`)
  return n
}

/** `$top`, `$topN`, `$bottom`, `$bottomN`: outputs of the documents that come first or last in an order. */
function ranked(name: string, operand: unknown, options: ExpressionOptions): AccumulatorMaker {
  if (!isDocument(operand) || !isDocument(operand.sortBy) || operand.output === undefined) {
    throw mongoError(5788001, `${name} needs 'sortBy' and 'output'`)
  }
  const compare = compileSort(operand.sortBy)
  const output = compileExpression(operand.output, options)
  const many = name.endsWith('N')
  const n = many ? limitOf(name, operand.n, options) : 1
  return gathering(
    document => document,
    values => {
      const sorted = (values as object[]).sort(compare)
      const chosen = name.startsWith('$top') ? sorted.slice(0, n) : sorted.slice(-n)
      const outputs = chosen.map(document => output(document) ?? null)
      return many ? outputs : outputs[0]
    },
  )
}

/**
 * Compiles an accumulator of `$group`.
 *
 * @throws code 15952 for an unknown one
 */
export function compileAccumulator(
  name: string,
  operand: unknown,
  options: ExpressionOptions,
): AccumulatorMaker {
  if (Object.hasOwn(running, name)) {
    return running[name as keyof typeof running](compileExpression(operand, options))
  }
  if (Object.hasOwn(several, name)) {
    if (!isDocument(operand))
      throw mongoError(5787801, `specification must be an object; found ${name}: ${describe(operand)}`)
    const n = limitOf(name, operand.n, options)
    const { pick } = several[name as keyof typeof several]
    return gathering(compileExpression(operand.input, options), values => pick(values, n))
  }
  if (/^\$(top|bottom)N?$/.test(name)) return ranked(name, operand, options)
  throw mongoError(15952, `unknown group operator '${name}'`)
}
