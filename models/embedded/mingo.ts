import { Double } from 'bson'
import { Context, ProcessingMode } from 'mingo/core'
import * as expressions from 'mingo/operators/expression'
import { mongoError } from './errors.ts'
import { readNumber, wrapWhole } from './numbers.ts'

/** The operators that mingo answers as MongoDB does, checked one by one. */
const kept = new Set(
  (
    '$divide $abs $ceil $floor $mod $arrayElemAt $concatArrays $isArray $reverseArray $slice ' +
    '$concat $strLenBytes $strLenCP $substrCP $trim $replaceAll'
  ).split(' '),
)

const options = {
  context: Context.init({ expression: { $literal: expressions.$literal } as never }),
  idKey: '_id',
  scriptEnabled: false,
  useStrictMode: true,
  failOnError: true,
  processingMode: ProcessingMode.CLONE_OFF,
}

/** What a wrong argument of an operator is told by, where that is known. */
const codes: Readonly<Record<string, number>> = { $concat: 16702, $arrayElemAt: 28689 }

/** Whether an operator can be left to mingo. */
export const isMingos = (name: string): boolean => kept.has(name)

/**
 * Calls an operator of mingo. Numbers among its arguments go there as JavaScript's; what is in arrays keeps its type.
 *
 * @throws code 2, or one of `codes`, with mingo's reason
 */
export function callMingo(name: string, values: readonly unknown[], names?: readonly string[]): unknown {
  const operator = (expressions as unknown as Record<string, (...all: unknown[]) => unknown>)[name]
  const literals = values.map(value => ({ $literal: plain(name, value) }))
  const one = literals.length === 1 && !name.startsWith('$concat') ? literals[0] : literals
  const operand = names ? Object.fromEntries(literals.map((literal, i) => [names[i], literal])) : one
  try {
    return typed(name, operator?.(null, operand, options), values)
  } catch (cause) {
    const message = `Failed to evaluate ${name}: ${(cause as Error).message}`
    throw Object.assign(mongoError(codes[name] ?? 2, message), { cause })
  }
}

/** A number as JavaScript's. What would lose digits is refused, but by `$divide`, which gives a double anyway. */
function plain(name: string, value: unknown): unknown {
  const number = readNumber(value)
  if (number === undefined) return value
  const exact = number.kind !== 'long' || name === '$divide' || Number.isSafeInteger(Number(number.value))
  if (exact && number.kind !== 'decimal') return Number(number.value)
  throw mongoError(2, `${name} of a ${number.kind} like this is not supported by this database`)
}

/** A number of the widest kind among the arguments. */
function typed(name: string, result: unknown, values: readonly unknown[]): unknown {
  if (typeof result !== 'number') return result
  if (Number.isNaN(result)) throw new Error('not a number')
  const kinds = values.map(value => readNumber(value)?.kind)
  const whole = Number.isSafeInteger(result) && !kinds.includes('double') && name !== '$divide'
  return whole ? wrapWhole(BigInt(result), kinds.includes('long') ? 'long' : 'int') : new Double(result)
}
