import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { compileAddFields, compileProjection } from './project.ts'
import { describe, typeName } from './types.ts'
import { isDocument } from './values.ts'

type Change = (document: Document) => Document

function unset(operand: unknown): Change {
  const paths = Array.isArray(operand) ? operand : [operand]
  if (paths.length === 0 || paths.some(path => typeof path !== 'string' || path === '')) {
    throw mongoError(31002, '$unset specification must be a string or an array containing only string values')
  }
  return compileProjection(Object.fromEntries(paths.map(path => [path, false])), { stage: true })
}

function documentOperand(name: string, operand: unknown): Document {
  if (isDocument(operand)) return operand
  throw mongoError(40272, `${name} specification stage must be an object, got ${typeName(operand)}`)
}

function replaceBy(name: string, operand: unknown, options: ExpressionOptions): Change {
  const expression = compileExpression(operand, options)
  return document => {
    const result = expression(document)
    if (isDocument(result)) return result
    throw mongoError(
      40228,
      `'newRoot' expression of ${name} must evaluate to an object, but resulting value was: ${describe(result)}`,
    )
  }
}

/** The stages that make one document of one. */
export const simpleStages = {
  $set: (operand, options) => compileAddFields(documentOperand('$set', operand), options),
  $addFields: (operand, options) => compileAddFields(documentOperand('$addFields', operand), options),
  $unset: unset,
  $project: (operand, options) => {
    const spec = documentOperand('$project', operand)
    if (Object.keys(spec).length === 0)
      throw mongoError(51272, '$project specification must have at least one field')
    return compileProjection(spec, { ...options, stage: true })
  },
  $replaceRoot: (operand, options) =>
    replaceBy('$replaceRoot', documentOperand('$replaceRoot', operand).newRoot, options),
  $replaceWith: (operand, options) => replaceBy('$replaceWith', operand, options),
} as const satisfies Record<string, (operand: unknown, options: ExpressionOptions) => Change>

/** The name of a stage that makes one document of one. */
export type SimpleStage = keyof typeof simpleStages

/** Compiles such a stage. */
export function compileSimpleStage(name: SimpleStage, operand: unknown, options: ExpressionOptions): Change {
  return simpleStages[name](operand, options)
}
