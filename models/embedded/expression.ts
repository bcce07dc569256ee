import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { expressionOperators } from './expression-operators.ts'
import { mingoOperator } from './mingo.ts'
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

/** What an expression sees: the document, and the variables that `$let`, `$map` and others bind. */
export interface Scope {
  root: unknown
  variables: Readonly<Record<string, unknown>>
}

/** A compiled part of an expression. */
export type Evaluate = (scope: Scope) => unknown

/** Makes `Evaluate` of a part; the operators get it to compile their arguments. */
export type Compile = (expression: unknown) => Evaluate

/**
 * Compiles an aggregation expression: paths, variables, operators, literals. Values keep their BSON types.
 *
 * @throws code 168 for an unknown operator, 17276 for an undefined variable, and the codes of the operators
 */
export function compileExpression(expression: unknown, options: ExpressionOptions = {}): Expression {
  const evaluate = compile(expression)
  const now = { NOW: new Date() }
  const outer = options.variables
  if (outer === undefined) return root => evaluate({ root, variables: now })
  return root => evaluate({ root, variables: { ...now, ...outer } })
}

function compile(expression: unknown): Evaluate {
  if (typeof expression === 'string') return compileText(expression)
  if (Array.isArray(expression)) {
    const items = expression.map(compile)
    return scope => items.map(item => item(scope) ?? null)
  }
  if (!isDocument(expression) || expression._bsontype === 'DBRef') return () => expression
  const entries = Object.entries(expression)
  const operator = entries.find(([name]) => name.startsWith('$'))
  if (operator === undefined) return compileDocument(entries)
  if (entries.length > 1) {
    throw mongoError(15983, 'An object representing an expression must have exactly one field')
  }
  return compileOperator(operator[0], operator[1])
}

function compileOperator(name: string, operand: unknown): Evaluate {
  if (Object.hasOwn(expressionOperators, name)) {
    return expressionOperators[name as keyof typeof expressionOperators](operand, compile)
  }
  return mingoOperator(name, operand, compile)
}

function compileDocument(entries: [string, unknown][]): Evaluate {
  const fields = entries.map(([name, value]) => [name, compile(value)] as const)
  return scope => {
    const result: Document = {}
    for (const [name, evaluate] of fields) {
      const value = evaluate(scope)
      if (value !== undefined) setField(result, name, value)
    }
    return result
  }
}

function compileText(text: string): Evaluate {
  if (!text.startsWith('$')) return () => text
  if (!text.startsWith('$$')) return path(scope => scope.root, text.slice(1))
  const [name = '', ...rest] = text.slice(2).split('.')
  return path(variable(name), rest.join('.'))
}

function variable(name: string): Evaluate {
  if (name === 'ROOT') return scope => scope.root
  if (name === 'CURRENT')
    return scope => (Object.hasOwn(scope.variables, 'CURRENT') ? scope.variables.CURRENT : scope.root)
  if (name === 'REMOVE') return () => undefined
  return scope => {
    if (Object.hasOwn(scope.variables, name)) return scope.variables[name]
    throw mongoError(17276, `Use of undefined variable: ${name}`)
  }
}

function path(start: Evaluate, text: string): Evaluate {
  if (text === '') return start
  const parts = text.split('.')
  if (parts.includes('')) throw mongoError(15998, 'FieldPath field names may not be empty strings.')
  if (parts.length === 1) {
    const [name] = parts as [string]
    return scope => step(start(scope), parts, 0, name)
  }
  return scope => walk(start(scope), parts, 0)
}

function step(value: unknown, parts: readonly string[], at: number, name: string): unknown {
  return Array.isArray(value) ? walk(value, parts, at) : fieldOf(value, name)
}

/** Paths of expressions go through arrays at any depth of the way, and take no number for a place in one. */
function walk(value: unknown, parts: readonly string[], at: number): unknown {
  if (at === parts.length) return value
  if (!Array.isArray(value)) {
    const next = fieldOf(value, parts[at] as string)
    return next === undefined ? undefined : walk(next, parts, at + 1)
  }
  const found = value.map(item => (Array.isArray(item) ? undefined : walk(item, parts, at)))
  return found.filter(item => item !== undefined)
}
