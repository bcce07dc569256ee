import { Double, Int32 } from 'bson'
import { Context, ProcessingMode } from 'mingo/core'
import * as expressions from 'mingo/operators/expression'
import { mongoError } from './errors.ts'
import type { Compile, Evaluate } from './expression.ts'
import { readNumber } from './numbers.ts'
import { compileRegex } from './regex.ts'
import { hasOperators } from './types.ts'
import { isDocument, ranks, typeRank } from './values.ts'

type Operator = (document: unknown, expression: unknown, options: unknown) => unknown

/** What is not left to mingo: it would run code from the query, or answers otherwise than MongoDB. */
const refused = new Set(['$function', '$sampleRate', '$toHashedIndexKey', '$median', '$percentile'])

let context: Context | undefined

function options() {
  context ??= Context.init({ expression: { ...expressions } as never })
  return mingoOptions(context)
}

/** The settings that mingo runs with here; the most important one is that it runs no code from queries. */
export function mingoOptions(operators: Context) {
  return {
    context: operators,
    idKey: '_id',
    scriptEnabled: false,
    useStrictMode: true,
    failOnError: true,
    processingMode: ProcessingMode.CLONE_OFF,
  }
}

/**
 * Compiles an operator that only computes with its arguments, and that this database leaves to mingo. The arguments
 * are evaluated here; mingo gets plain values and its answer is turned back. On the way numbers lose their kind: what
 * comes back is an int where it is whole and fits, else a double (so longs and decimals beyond 2^53 lose digits).
 *
 * @throws code 168 for an operator that there is not; when it runs, code 2 with mingo's reason
 */
export function mingoOperator(name: string, operand: unknown, compile: Compile): Evaluate {
  const operators = expressions as unknown as Record<string, Operator>
  const operator = Object.hasOwn(operators, name) && !refused.has(name) ? operators[name] : undefined
  if (operator === undefined) throw mongoError(168, `Unrecognized expression '${name}'`)
  const argument = compileArgument(operand, compile)
  return scope => {
    try {
      return fromPlain(operator(null, argument(scope), options()))
    } catch (cause) {
      const error = mongoError(2, `Failed to evaluate ${name}: ${(cause as Error).message}`)
      error.cause = cause
      throw error
    }
  }
}

/** Evaluates the arguments but keeps their arrangement, and marks each as literal so that none is evaluated again. */
function compileArgument(operand: unknown, compile: Compile): Evaluate {
  const literal =
    (evaluate: Evaluate): Evaluate =>
    scope => ({ $literal: toPlain(evaluate(scope)) })
  if (Array.isArray(operand)) {
    const items = operand.map(item => literal(compile(item)))
    return scope => items.map(item => item(scope))
  }
  if (isDocument(operand) && !hasOperators(operand)) {
    const fields = Object.entries(operand).map(([name, value]) => [name, literal(compile(value))] as const)
    return scope => Object.fromEntries(fields.map(([name, evaluate]) => [name, evaluate(scope)]))
  }
  return literal(compile(operand))
}

/** Numbers and patterns as JavaScript has them, down through documents and arrays; every other value as it is. */
export function toPlain(value: unknown): unknown {
  const number = readNumber(value)
  if (number !== undefined) return Number(number.value)
  if (typeRank(value) === ranks.regex) return compileRegex(value)
  if (Array.isArray(value)) return value.map(toPlain)
  if (!isDocument(value) || value._bsontype === 'DBRef') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toPlain(item)]))
}

/** The reverse of `toPlain`, as far as it can be known: whole numbers that fit become ints, others doubles. */
export function fromPlain(value: unknown): unknown {
  if (typeof value === 'number') {
    return readNumber(value)?.kind === 'int' ? new Int32(value) : new Double(value)
  }
  if (Array.isArray(value)) return value.map(fromPlain)
  if (!isDocument(value) || value._bsontype === 'DBRef') return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fromPlain(item)]))
}
