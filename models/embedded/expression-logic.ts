import { Int32 } from 'bson'
import { mongoError } from './errors.ts'
import type { Evaluate, Scope } from './expression.ts'
import { compileList, compileNamed, isNullish, withArguments } from './expression-arguments.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { isTruthy } from './match-operators.ts'
import { compareValues, isDocument } from './values.ts'

const compared = (name: string, answer: (order: number) => unknown): ExpressionOperator =>
  withArguments(name, 2, 2, (a, b) => answer(compareValues(a, b)))

/** The scope with further variables. */
export function bind(scope: Scope, variables: Record<string, unknown>): Scope {
  return { root: scope.root, variables: { ...scope.variables, ...variables } }
}

const cond: ExpressionOperator = (operand, compile) => {
  let parts: unknown[]
  if (Array.isArray(operand)) parts = operand
  else {
    const named = compileNamed('$cond', operand, ['if!', 'then!', 'else!'], compile)
    parts = ['if', 'then', 'else'].map(name => named.raw(name))
  }
  if (parts.length !== 3) {
    throw mongoError(16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`)
  }
  const [test, yes, no] = parts.map(compile) as [Evaluate, Evaluate, Evaluate]
  return scope => (isTruthy(test(scope)) ? yes(scope) : no(scope))
}

const choose: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$switch', operand, ['branches!', 'default'], compile)
  const branches: unknown = named.raw('branches')
  if (!Array.isArray(branches)) throw mongoError(40061, '$switch expected an array for branches')
  const compiled = branches.map(branch => {
    const parts = compileNamed('$switch', branch, ['case!', 'then!'], compile)
    return { test: parts.part('case') as Evaluate, answer: parts.part('then') as Evaluate }
  })
  const otherwise = named.part('default')
  return scope => {
    const found = compiled.find(({ test }) => isTruthy(test(scope)))
    if (found !== undefined) return found.answer(scope)
    if (otherwise !== undefined) return otherwise(scope)
    throw mongoError(
      40066,
      '$switch could not find a matching branch for an input, and no default was specified.',
    )
  }
}

const letIn: ExpressionOperator = (operand, compile) => {
  const named = compileNamed('$let', operand, ['vars!', 'in!'], compile)
  const vars: unknown = named.raw('vars')
  if (!isDocument(vars)) throw mongoError(10065, 'invalid parameter: expected an object (vars)')
  const parts = Object.entries(vars).map(([name, value]) => [name, compile(value)] as const)
  const inner = named.part('in') as Evaluate
  return scope => inner(bind(scope, Object.fromEntries(parts.map(([name, value]) => [name, value(scope)]))))
}

/** Conditions, comparisons, variables and literals. */
export const logicOperators = {
  $literal: operand => () => operand,
  $cond: cond,
  $switch: choose,
  $let: letIn,
  $ifNull: (operand, compile) => {
    const list = compileList(operand, compile)
    if (list.length < 2) throw mongoError(1257300, '$ifNull needs at least two arguments')
    return scope => {
      let value: unknown
      for (const evaluate of list) {
        value = evaluate(scope)
        if (!isNullish(value)) return value
      }
      return value
    }
  },
  $and: (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => list.every(evaluate => isTruthy(evaluate(scope)))
  },
  $or: (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => list.some(evaluate => isTruthy(evaluate(scope)))
  },
  $not: withArguments('$not', 1, 1, value => !isTruthy(value)),
  $eq: compared('$eq', order => order === 0),
  $ne: compared('$ne', order => order !== 0),
  $gt: compared('$gt', order => order > 0),
  $gte: compared('$gte', order => order >= 0),
  $lt: compared('$lt', order => order < 0),
  $lte: compared('$lte', order => order <= 0),
  $cmp: compared('$cmp', order => new Int32(Math.sign(order))),
} as const satisfies Record<string, ExpressionOperator>
