import type { Compile, Evaluate } from './expression.ts'
import { arrayOperators } from './expression-arrays.ts'
import { conversionOperators } from './expression-conversions.ts'
import { dateOperators } from './expression-dates.ts'
import { logicOperators } from './expression-logic.ts'
import { numberOperators } from './expression-numbers.ts'
import { objectOperators } from './expression-objects.ts'
import { setOperators } from './expression-sets.ts'
import { textOperators } from './expression-text.ts'

/** Compiles the operand of an operator. */
export type ExpressionOperator = (operand: unknown, compile: Compile) => Evaluate

/**
 * The operators of expressions that are computed here because types, order, time zones or variables matter; all
 * others are left to mingo.
 */
export const expressionOperators = {
  ...logicOperators,
  ...numberOperators,
  ...arrayOperators,
  ...setOperators,
  ...objectOperators,
  ...conversionOperators,
  ...textOperators,
  ...dateOperators,
} as const satisfies Record<string, ExpressionOperator>
