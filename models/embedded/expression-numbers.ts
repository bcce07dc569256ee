import { Double, Int32, Long } from 'bson'
import { mongoError } from './errors.ts'
import { compileList, isNullish, withArguments } from './expression-arguments.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import {
  type BsonNumber,
  combine,
  divideDecimals,
  readNumber,
  toDouble,
  wrapNumber,
  wrapWhole,
} from './numbers.ts'
import { dateAt } from './time-zone.ts'
import { typeName } from './types.ts'

function numberFor(name: string, value: unknown): BsonNumber {
  const number = readNumber(value)
  if (number === undefined)
    throw mongoError(14, `${name} only supports numeric types, not ${typeName(value)}`)
  return number
}

/** Adds or multiplies; a long that overflows goes on as a double. */
function calculate(operation: 'add' | 'multiply', a: BsonNumber, b: BsonNumber): BsonNumber {
  const exact = combine(operation, a, b)
  if (exact !== undefined) return readNumber(exact) as BsonNumber
  const [left, right] = [Number(a.value), Number(b.value)]
  return { kind: 'double', value: operation === 'add' ? left + right : left * right }
}

const zero: BsonNumber = { kind: 'int', value: 0 }

function negate(number: BsonNumber): BsonNumber {
  return calculate('multiply', number, { kind: 'int', value: -1 })
}

const add: ExpressionOperator = (operand, compile) => {
  const list = compileList(operand, compile)
  return scope => {
    let sum: BsonNumber = zero
    let date = false
    for (const evaluate of list) {
      const value = evaluate(scope)
      if (isNullish(value)) return null
      if (value instanceof Date && date)
        throw mongoError(16612, 'only one date allowed in an $add expression')
      if (value instanceof Date) date = true
      const part = value instanceof Date ? asNumber(value) : numberFor('$add', value)
      sum = calculate('add', sum, part)
    }
    return date ? dateAt(Number(sum.value)) : wrapNumber(sum)
  }
}

const asNumber = (date: Date): BsonNumber => ({ kind: 'long', value: BigInt(date.getTime()) })

const subtract = withArguments('$subtract', 2, 2, (a, b) => {
  if (isNullish(a) || isNullish(b)) return null
  if (a instanceof Date) {
    if (b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime())
    return dateAt(a.getTime() - Number(numberFor('$subtract', b).value))
  }
  return wrapNumber(calculate('add', numberFor('$subtract', a), negate(numberFor('$subtract', b))))
})

const multiply: ExpressionOperator = (operand, compile) => {
  const list = compileList(operand, compile)
  return scope => {
    let product: BsonNumber = { kind: 'int', value: 1 }
    for (const evaluate of list) {
      const value = evaluate(scope)
      if (isNullish(value)) return null
      product = calculate('multiply', product, numberFor('$multiply', value))
    }
    return wrapNumber(product)
  }
}

const divide = withArguments('$divide', 2, 2, (a, b) => {
  if (isNullish(a) || isNullish(b)) return null
  const divisor = numberFor('$divide', b)
  if (Number(divisor.value) === 0) throw mongoError(2, "can't $divide by zero")
  return quotient(numberFor('$divide', a), divisor)
})

function quotient(a: BsonNumber, b: BsonNumber): unknown {
  const inDecimals = a.kind === 'decimal' || b.kind === 'decimal'
  return (inDecimals ? divideDecimals(a, b) : undefined) ?? new Double(Number(a.value) / Number(b.value))
}

const mod = withArguments('$mod', 2, 2, (a, b) => {
  if (isNullish(a) || isNullish(b)) return null
  const [left, right] = [numberFor('$mod', a), numberFor('$mod', b)]
  if (Number(right.value) === 0) throw mongoError(16610, "can't $mod by zero")
  if (isWhole(left) && isWhole(right)) {
    const kind = left.kind === 'long' || right.kind === 'long' ? 'long' : 'int'
    return wrapWhole(BigInt(left.value) % BigInt(right.value), kind)
  }
  return new Double(Number(left.value) % Number(right.value))
})

const isWhole = (number: BsonNumber): boolean => number.kind === 'int' || number.kind === 'long'

function roundWith(name: string, round: (value: number) => number): ExpressionOperator {
  return withArguments(name, 1, 1, value => {
    if (isNullish(value)) return null
    const number = numberFor(name, value)
    return isWhole(number) ? value : new Double(round(Number(number.value)))
  })
}

const abs = withArguments('$abs', 1, 1, value => {
  if (isNullish(value)) return null
  const number = numberFor('$abs', value)
  return Number(number.value) < 0 ? wrapNumber(negate(number)) : value
})

/** Arithmetic with the kinds of BSON numbers kept; dividing gives a double, or a decimal. */
export const numberOperators = {
  $add: add,
  $subtract: subtract,
  $multiply: multiply,
  $divide: divide,
  $mod: mod,
  $abs: abs,
  $floor: roundWith('$floor', Math.floor),
  $ceil: roundWith('$ceil', Math.ceil),
  $rand: () => () => new Double(Math.random()),
} as const satisfies Record<string, ExpressionOperator>

/** The sum of the numbers among the values; others are passed over. */
export function sumOf(values: readonly unknown[]): unknown {
  let sum: BsonNumber = zero
  for (const value of values) {
    const number = readNumber(value)
    if (number !== undefined) sum = calculate('add', sum, number)
  }
  return wrapNumber(sum)
}

/** The mean of so many numbers of this sum: a double, a decimal where the sum is one, null of none. */
export function meanOf(sum: unknown, count: number): unknown {
  const number = readNumber(sum)
  if (number === undefined || count === 0) return null
  return quotient(number, { kind: 'int', value: count })
}

/** A count as MongoDB writes it: an int, or a long beyond 2^31. */
export const countOf = (count: number): Int32 | Long => wrapWhole(BigInt(count), 'int') ?? new Int32(0)

/** The standard deviation of the numbers among the values: of all there are, or of a sample of them. */
export function deviationOf(values: readonly unknown[], sample: boolean): unknown {
  const numbers = values.map(toDouble).filter(number => number !== undefined)
  const divisor = sample ? numbers.length - 1 : numbers.length
  if (divisor < 1) return null
  const mean = numbers.reduce((sum, number) => sum + number, 0) / numbers.length
  return new Double(Math.sqrt(numbers.reduce((sum, number) => sum + (number - mean) ** 2, 0) / divisor))
}
