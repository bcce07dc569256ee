import type { Document } from 'bson'
import { dateParameters } from './dates.ts'
import { mongoError } from './errors.ts'
import { type Compute, isNullish, strictOperators, totalOperators } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { callMingo, isMingos } from './mingo.ts'
import { fieldOf } from './paths.ts'
import { isDocument } from './values.ts'

/** Computes a value from a document; `undefined` is a missing value. */
export type Expression = (document: unknown) => unknown

/** What an expression can refer to from outside. */
export interface ExpressionOptions {
  /** Values of `$$name`, read anew at each evaluation. `NOW` is among them: one moment for a whole command. */
  variables?: Document | undefined
}

/** A compiled part of an expression; the document it sees is the variable `CURRENT`. */
type Evaluate = (variables: Document) => unknown

/**
 * Compiles an aggregation expression: paths, variables, operators, literals. Values keep their BSON types.
 *
 * @throws code 168 for an operator that is unknown or not supported, 15983 for several in one place, 16020 for a wrong
 *   number of arguments; when it runs, 17276 for an undefined variable and the codes of the operators
 */
export function compileExpression(expression: unknown, options: ExpressionOptions = {}): Expression {
  const evaluate = compile(expression)
  return document => evaluate({ ...options.variables, REMOVE: undefined, ROOT: document, CURRENT: document })
}

function compile(expression: unknown): Evaluate {
  if (typeof expression === 'string') return expression.startsWith('$') ? path(expression) : () => expression
  if (Array.isArray(expression)) {
    const items = expression.map(compile)
    return variables => items.map(item => item(variables) ?? null)
  }
  if (!isDocument(expression) || expression._bsontype === 'DBRef') return () => expression
  const entries = Object.entries(expression)
  const operator = entries.find(([name]) => name.startsWith('$'))
  if (operator !== undefined) {
    if (entries.length === 1) return (special[operator[0]] ?? compileOperator)(operator[1], operator[0])
    throw mongoError(15983, 'An object representing an expression must have exactly one field')
  }
  const fields = compileFields(expression)
  return variables => Object.fromEntries(fields(variables).filter(([, value]) => value !== undefined))
}

function compileFields(fields: Document): (variables: Document) => [name: string, value: unknown][] {
  const compiled = Object.entries(fields).map(([name, value]) => [name, compile(value)] as const)
  return variables => compiled.map(([name, evaluate]) => [name, evaluate(variables)])
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

/** Operators whose operand is no list of expressions. */
const special: Readonly<Record<string, (operand: unknown) => Evaluate>> = {
  $literal: operand => () => operand,
  $let: operand => {
    const vars = fieldOf(operand, 'vars')
    if (!isDocument(vars)) throw mongoError(16874, "$let needs 'vars' and 'in'")
    const [bound, body] = [compileFields(vars), compile(fieldOf(operand, 'in'))]
    return variables => body({ ...variables, ...Object.fromEntries(bound(variables)) })
  },
  $switch: operand => {
    const [branches, otherwise] = [fieldOf(operand, 'branches'), fieldOf(operand, 'default')]
    if (!Array.isArray(branches)) throw mongoError(40060, "$switch needs an array of 'branches'")
    const tests = branches.map(
      branch => [compile(fieldOf(branch, 'case')), compile(fieldOf(branch, 'then'))] as const,
    )
    const none: Evaluate = () => {
      throw mongoError(40066, '$switch could not find a matching branch for an input, and has no default')
    }
    const rest = otherwise === undefined ? none : compile(otherwise)
    return variables => (tests.find(([test]) => isTruthy(test(variables)))?.[1] ?? rest)(variables)
  },
  $filter: operand =>
    forEach(operand, { name: '$filter', part: 'cond', lacking: 28648, noArray: 28651 }, (items, test) =>
      items.filter(item => isTruthy(test(item))),
    ),
  $map: operand =>
    forEach(operand, { name: '$map', part: 'in', lacking: 16880, noArray: 16883 }, (items, of) =>
      items.map(item => of(item) ?? null),
    ),
}

/** An operator that evaluates one of its parts for each element of its `input`, which it calls `$$this` or as `as` says. */
function forEach(
  operand: unknown,
  { name, part, lacking, noArray }: { name: string; part: 'cond' | 'in'; lacking: number; noArray: number },
  apply: (items: unknown[], of: (item: unknown) => unknown) => unknown[],
): Evaluate {
  const { input, [part]: each, as = 'this', ...others } = isDocument(operand) ? operand : {}
  if (input === undefined || each === undefined || Object.keys(others).length > 0)
    throw mongoError(lacking, `${name} needs 'input' and '${part}', and takes 'as' beside them`)
  const [items, body] = [compile(input), compile(each)]
  return variables => {
    const list = items(variables)
    if (isNullish(list)) return null
    if (!Array.isArray(list)) throw mongoError(noArray, `input to ${name} must be an array`)
    return apply(list, item => body({ ...variables, [String(as)]: item }))
  }
}

/** Evaluates such of its parts as it needs; there are as many as it takes. */
type Form = (variables: Document, ...parts: Evaluate[]) => unknown

/** Operators that evaluate not all of their arguments. */
const forms: Readonly<Record<string, Form>> = {
  $and: (variables, ...parts) => parts.every(part => isTruthy(part(variables))),
  $or: (variables, ...parts) => parts.some(part => isTruthy(part(variables))),
  $ifNull: (variables, ...parts) =>
    parts.reduce<unknown>((value, part) => (isNullish(value) ? part(variables) : value), undefined),
  $cond: (variables, test, yes, no) => (isTruthy(test(variables)) ? yes : no)(variables),
}

/** The names of the arguments where they have some; those with a question mark may be missing. */
const parameters: Readonly<Record<string, string>> = {
  ...dateParameters,
  $cond: 'if then else',
  $setField: 'field input value',
  $trim: 'input chars?',
  $replaceAll: 'input find replacement',
}

/** Operators of mingo that have an answer for null. */
const takeNull = ['$isArray', '$strLenCP', '$strLenBytes', '$substrCP']

/** Makes an operator of named or listed arguments, all of which it is given evaluated unless it has a form. */
function compileOperator(operand: unknown, name: string): Evaluate {
  const listed = parameters[name]?.split(' ')
  const names = listed?.map(one => one.replace('?', ''))
  const mingos: Compute | undefined = isMingos(name)
    ? (...values) => callMingo(name, values, names)
    : undefined
  const compute = totalOperators[name] ?? strictOperators[name] ?? mingos
  if (!forms[name] && !compute) throw mongoError(168, `Unrecognized expression '${name}'`)
  const needed = listed ? listed.filter(one => !one.endsWith('?')).length : (compute?.length ?? 0)
  const parts = partsOf(operand, name, needed, names)
  const takesNull = takeNull.includes(name) || name in totalOperators
  const isNull = (value: unknown, i: number) =>
    value === null || (value === undefined && (!names || i < needed))
  const evaluate: Form = (variables, ...all) => {
    const values = all.map(part => part(variables))
    return !takesNull && values.some(isNull) ? null : compute?.(...values)
  }
  const form = forms[name] ?? evaluate
  return variables => form(variables, ...parts)
}

/** The compiled arguments, as many as there are `names`; of them `needed` must be given, 0 for any number. */
function partsOf(operand: unknown, operator: string, needed: number, names?: readonly string[]) {
  const byName = names && isDocument(operand) && !Object.keys(operand)[0]?.startsWith('$')
  const list: unknown[] = byName ? names.map(name => operand[name]) : [operand].flat()
  const unknown = byName && Object.keys(operand).some(name => !names.includes(name))
  const lacking = list.length < needed || list.slice(0, needed).includes(undefined)
  if (unknown || lacking || list.length > (names?.length ?? (needed || Number.POSITIVE_INFINITY))) {
    throw mongoError(16020, `Expression ${operator} takes as its arguments: ${names?.join(', ') ?? needed}`)
  }
  return Array.from({ length: names?.length ?? list.length }, (_, i) => compile(list[i]))
}
