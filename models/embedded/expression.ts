import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { missing, operatorNamed, type Parts } from './expression-forms.ts'
import { isTruthy } from './expression-operators.ts'
import { fieldOf } from './paths.ts'
import { setField } from './update-path.ts'
import { isDocument } from './values.ts'

/** Computes a value from a document; `undefined` is a missing value. */
export type Expression = (document: unknown) => unknown

/** What an expression can refer to from outside. */
export interface ExpressionOptions {
  /** Values of `$$name`, read anew at each evaluation. */
  variables?: Document | undefined
}

/** A compiled part of an expression; the document it sees is the variable `CURRENT`. */
export type Evaluate = (variables: Document) => unknown

/** Makes `Evaluate` of a part. */
export type Compile = (expression: unknown) => Evaluate

/**
 * Compiles an aggregation expression: paths, variables, operators, literals. Values keep their BSON types.
 *
 * @throws code 168 for an operator that is unknown or not supported, 15983 for several in one place, 16020 for a wrong
 *   number of arguments; when it runs, 17276 for an undefined variable and the codes of the operators
 */
export function compileExpression(expression: unknown, options: ExpressionOptions = {}): Expression {
  const evaluate = compile(expression)
  const NOW = new Date()
  return document => {
    const system = { NOW, REMOVE: undefined, ROOT: document, CURRENT: document }
    return evaluate(options.variables ? { ...options.variables, ...system } : system)
  }
}

const compile: Compile = expression => {
  if (typeof expression === 'string') return expression.startsWith('$') ? path(expression) : () => expression
  if (Array.isArray(expression)) {
    const items = expression.map(compile)
    return variables => items.map(item => item(variables) ?? null)
  }
  if (!isDocument(expression) || expression._bsontype === 'DBRef') return () => expression
  const entries = Object.entries(expression)
  const operator = entries.find(([name]) => name.startsWith('$'))
  if (operator !== undefined) {
    if (entries.length === 1) return compileOperator(...operator)
    throw mongoError(15983, 'An object representing an expression must have exactly one field')
  }
  const fields = entries.map(([name, value]) => [name, compile(value)] as const)
  return variables => {
    const result: Document = {}
    for (const [name, evaluate] of fields) {
      const value = evaluate(variables)
      if (value !== undefined) setField(result, name, value)
    }
    return result
  }
}

function path(text: string): Evaluate {
  const whole = text.startsWith('$$') ? text.slice(2) : `CURRENT.${text.slice(1)}`
  const [variable = '', ...parts] = whole.split('.')
  if (variable === '' || parts.includes('')) {
    throw mongoError(15998, 'FieldPath field names may not be empty strings.')
  }
  return variables => {
    if (Object.hasOwn(variables, variable)) return walk(variables[variable], parts, 0)
    throw mongoError(17276, `Use of undefined variable: ${variable}`)
  }
}

/** Paths of expressions go through arrays of documents, and take no number for a place in an array. */
function walk(value: unknown, parts: readonly string[], at: number): unknown {
  if (at === parts.length) return value
  if (!Array.isArray(value)) return walk(fieldOf(value, parts[at] as string), parts, at + 1)
  const found = value.map(item => (Array.isArray(item) ? undefined : walk(item, parts, at)))
  return found.filter(item => item !== undefined)
}

function compileOperator(name: string, operand: unknown): Evaluate {
  if (name === '$literal') return () => operand
  if (name === '$let') return compileLet(operand)
  if (name === '$switch') return compileSwitch(operand)
  const { names, needed, evaluate } = operatorNamed(name)
  const named = names !== undefined && isDocument(operand) && !Object.keys(operand)[0]?.startsWith('$')
  const unknown = named ? Object.keys(operand).find(key => !names.includes(key)) : undefined
  const list = named ? names.map(key => operand[key]) : Array.isArray(operand) ? operand : [operand]
  const most = names?.length ?? (needed || Number.POSITIVE_INFINITY)
  const lacking = list.length < needed || list.slice(0, needed).includes(undefined)
  if (lacking || list.length > most || unknown !== undefined) {
    throw mongoError(16020, `Expression ${name} takes as its arguments: ${names?.join(', ') ?? needed}`)
  }
  const given = list.map(part => (part === undefined ? missing : compile(part)))
  const parts = [...given, ...(names ?? []).slice(list.length).map(() => missing)]
  return variables => evaluate(variables, ...(parts as Parts))
}

function compileLet(operand: unknown): Evaluate {
  const vars = fieldOf(operand, 'vars')
  if (!isDocument(vars)) throw mongoError(16874, "$let needs 'vars' and 'in'")
  const bound = Object.entries(vars).map(([name, value]) => [name, compile(value)] as const)
  const body = compile(fieldOf(operand, 'in'))
  return variables =>
    body({ ...variables, ...Object.fromEntries(bound.map(([name, value]) => [name, value(variables)])) })
}

function compileSwitch(operand: unknown): Evaluate {
  const branches = fieldOf(operand, 'branches')
  if (!Array.isArray(branches)) throw mongoError(40060, "$switch needs an array of 'branches'")
  const tests = branches.map(
    branch => [compile(fieldOf(branch, 'case')), compile(fieldOf(branch, 'then'))] as const,
  )
  const fallback = compile(fieldOf(operand, 'default'))
  return variables => {
    const found = tests.find(([test]) => isTruthy(test(variables)))?.[1]
    if (found === undefined && fieldOf(operand, 'default') === undefined) {
      throw mongoError(40066, '$switch could not find a matching branch for an input, and has no default')
    }
    return (found ?? fallback)(variables)
  }
}
