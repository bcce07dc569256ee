import { mongoError } from './errors.ts'
import type { Compile, Evaluate, Scope } from './expression.ts'
import { typeName } from './types.ts'
import { isDocument } from './values.ts'

/** Compiles an operand that is a list of expressions; one that is no list is a list of one. */
export function compileList(operand: unknown, compile: Compile): Evaluate[] {
  return (Array.isArray(operand) ? operand : [operand]).map(compile)
}

/**
 * An operator of a fixed number of arguments that only depends on their values.
 *
 * @throws code 16020 when there are fewer or more
 */
export function withArguments(
  name: string,
  least: number,
  most: number,
  compute: (...values: unknown[]) => unknown,
): (operand: unknown, compile: Compile) => Evaluate {
  return (operand, compile) => {
    const list = compileList(operand, compile)
    if (list.length < least || list.length > most) {
      const wanted = least === most ? `exactly ${least}` : `${least} to ${most}`
      throw mongoError(16020, `Expression ${name} takes ${wanted} arguments. ${list.length} were passed in.`)
    }
    return scope => compute(...list.map(evaluate => evaluate(scope)))
  }
}

/** Reads the named arguments of an operator such as `{$map: {input, as, in}}`. */
export interface NamedArguments {
  /** The evaluated argument, `undefined` when it is not given. */
  value(name: string, scope: Scope): unknown
  /** Compiled, for arguments that are evaluated under other variables. */
  part(name: string): Evaluate | undefined
  /** As it stands in the query. */
  raw(name: string): unknown
}

/**
 * Compiles the named arguments of an operator.
 *
 * @param names all allowed names; those that end in `!` must be given
 * @throws code 9 for a missing or unknown argument
 */
export function compileNamed(
  operator: string,
  operand: unknown,
  names: readonly string[],
  compile: Compile,
): NamedArguments {
  if (!isDocument(operand)) throw mongoError(9, `${operator} only supports an object as its argument`)
  const allowed = names.map(name => name.replace('!', ''))
  const unknown = Object.keys(operand).find(name => !allowed.includes(name))
  if (unknown !== undefined) throw mongoError(9, `Unrecognized parameter to ${operator}: ${unknown}`)
  const missing = names.find(name => name.endsWith('!') && operand[name.slice(0, -1)] === undefined)
  if (missing !== undefined) throw mongoError(9, `Missing '${missing.slice(0, -1)}' parameter to ${operator}`)
  const parts = new Map(Object.entries(operand).map(([name, value]) => [name, compile(value)]))
  return {
    value: (name, scope) => parts.get(name)?.(scope),
    part: name => parts.get(name),
    raw: name => operand[name],
  }
}

/** Whether a value is null or missing, for which most operators answer null. */
export const isNullish = (value: unknown): value is null | undefined => value === null || value === undefined

/**
 * An argument that must be an array.
 *
 * @throws code 28689 for anything else
 */
export function arrayFor(name: string, value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(28689, `The argument to ${name} must be an array, but was of type: ${typeName(value)}`)
}
