import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileList, compileNamed, isNullish, withArguments } from './expression-arguments.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { fieldOf } from './paths.ts'
import { typeName } from './types.ts'
import { setField } from './update-path.ts'
import { fieldsOf, isDocument } from './values.ts'

/** Lays documents over each other; null and missing are passed over. */
export function mergeDocuments(values: readonly unknown[]): Document {
  const result: Document = {}
  for (const value of values) {
    if (isNullish(value)) continue
    if (!isDocument(value))
      throw mongoError(40400, `$mergeObjects requires object inputs, but input is of type ${typeName(value)}`)
    for (const [name, item] of Object.entries(fieldsOf(value))) setField(result, name, item)
  }
  return result
}

function toObject(value: unknown): Document | null {
  if (isNullish(value)) return null
  if (!Array.isArray(value))
    throw mongoError(40386, `$arrayToObject requires an array input, found: ${typeName(value)}`)
  const result: Document = {}
  for (const pair of value) {
    const [name, item] = Array.isArray(pair) ? pair : [fieldOf(pair, 'k'), fieldOf(pair, 'v')]
    if (typeof name !== 'string') throw mongoError(40394, '$arrayToObject requires keys of type string')
    setField(result, name, item)
  }
  return result
}

const fieldOperator = (name: '$setField' | '$unsetField'): ExpressionOperator => {
  const names = name === '$setField' ? ['field!', 'input!', 'value!'] : ['field!', 'input!']
  return (operand, compile) => {
    const named = compileNamed(name, operand, names, compile)
    return scope => {
      const input = named.value('input', scope)
      if (isNullish(input)) return null
      const result = mergeDocuments([input])
      const field = String(named.value('field', scope))
      const value = named.value('value', scope)
      if (value === undefined) delete result[field]
      else setField(result, field, value)
      return result
    }
  }
}

/** Operators on documents. */
export const objectOperators = {
  $mergeObjects: (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => {
      const values = list.map(evaluate => evaluate(scope))
      const [only] = values
      return mergeDocuments(values.length === 1 && Array.isArray(only) ? only : values)
    }
  },
  $objectToArray: withArguments('$objectToArray', 1, 1, value => {
    if (isNullish(value)) return null
    if (!isDocument(value))
      throw mongoError(40390, `$objectToArray requires a document input, found: ${typeName(value)}`)
    return Object.entries(fieldsOf(value)).map(([k, v]) => ({ k, v }))
  }),
  $arrayToObject: withArguments('$arrayToObject', 1, 1, toObject),
  $setField: fieldOperator('$setField'),
  $unsetField: fieldOperator('$unsetField'),
  $getField: (operand, compile) => {
    if (!isDocument(operand) || operand.field === undefined) {
      const name = compile(operand)
      return scope => fieldOf(scope.root, String(name(scope)))
    }
    const named = compileNamed('$getField', operand, ['field!', 'input'], compile)
    const withInput = named.part('input') !== undefined
    return scope => {
      const input = withInput ? named.value('input', scope) : scope.root
      return isNullish(input) ? input : fieldOf(input, String(named.value('field', scope)))
    }
  },
} as const satisfies Record<string, ExpressionOperator>
