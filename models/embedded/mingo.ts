import { Double } from 'bson'
import { Context, ProcessingMode } from 'mingo/core'
import * as expressions from 'mingo/operators/expression'
import { mongoError } from './errors.ts'
import { readNumber, wrapWhole } from './numbers.ts'

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '))

/** The operators that mingo answers as MongoDB does, checked one by one; of numbers these give whole ones too. */
const kept = words(
  '$abs $ceil $floor $mod $pow $arrayElemAt $concatArrays $isArray $reverseArray $slice $concat $strLenBytes ' +
    '$strLenCP $substrCP $trim $ltrim $rtrim $replaceOne $replaceAll',
)
/** More of them, whose result is always a double. */
const doubles = words('$exp $ln $log10 $sqrt $sin $cos $tan $asin $acos $atan $atan2')
const variadic = words('$concat $concatArrays')

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
export const isMingos = (name: string): boolean => kept.has(name) || doubles.has(name)

/**
 * Calls an operator of mingo. Numbers among its arguments go there as JavaScript's; what is in arrays keeps its type.
 *
 * @throws code 2, or one of `codes`, with mingo's reason
 */
export function callMingo(name: string, values: readonly unknown[], names?: readonly string[]): unknown {
  const operator = (expressions as unknown as Record<string, (...all: unknown[]) => unknown>)[name]
  const literals = values.map(value => ({ $literal: plain(name, value) }))
  const one = literals.length === 1 && !variadic.has(name) ? literals[0] : literals
  const operand = names ? Object.fromEntries(literals.map((literal, i) => [names[i], literal])) : one
  try {
    return typed(name, operator?.(null, operand, options), values)
  } catch (cause) {
    throw Object.assign(
      mongoError(codes[name] ?? 2, `Failed to evaluate ${name}: ${(cause as Error).message}`),
      { cause },
    )
  }
}

function plain(name: string, value: unknown): unknown {
  const number = readNumber(value)
  if (number === undefined) return value
  const exact =
    number.kind !== 'decimal' && (number.kind !== 'long' || Number.isSafeInteger(Number(number.value)))
  if (exact) return Number(number.value)
  throw mongoError(2, `${name} of a ${number.kind} like this is not supported by this database`)
}

/** A number of the widest kind among the arguments; NaN and the like are refused where they were finite. */
function typed(name: string, result: unknown, values: readonly unknown[]): unknown {
  if (typeof result !== 'number') return result
  const numbers = values.map(readNumber).filter(number => number !== undefined)
  const finite = numbers.every(({ value }) => Number.isFinite(Number(value)))
  if (finite && (Number.isNaN(result) || result === Number.NEGATIVE_INFINITY))
    throw new Error('not in its range')
  const whole = Number.isSafeInteger(result) && numbers.every(({ kind }) => kind !== 'double')
  if (doubles.has(name) || !whole) return new Double(result)
  return wrapWhole(BigInt(result), numbers.some(({ kind }) => kind === 'long') ? 'long' : 'int')
}
