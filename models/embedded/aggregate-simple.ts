import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { compileAddFields, compileProjection } from './project.ts'
import { describe, typeName } from './types.ts'
import { isDocument } from './values.ts'

type Change = (document: Document) => Document

function unset(operand: unknown): Change {
  const paths = [operand].flat()
  if (paths.length > 0 && paths.every(path => typeof path === 'string' && path !== '')) {
    return compileProjection(Object.fromEntries(paths.map(path => [path, false])), { stage: true })
  }
  throw mongoError(31002, '$unset specification must be a string or an array containing only string values')
}

function documentOf(operand: unknown): Document {
  if (isDocument(operand)) return operand
  throw mongoError(40272, `a specification stage must be an object, got ${typeName(operand)}`)
}

function replaceBy(operand: unknown, options: ExpressionOptions): Change {
  const expression = compileExpression(operand, options)
  return document => {
    const result = expression(document)
    if (isDocument(result)) return result
    throw mongoError(40228, `'newRoot' expression must evaluate to an object, but was: ${describe(result)}`)
  }
}

const addFields = (operand: unknown, options: ExpressionOptions) =>
  compileAddFields(documentOf(operand), options)

/** The stages that make one document of one. */
export const simpleStages = {
  $set: addFields,
  $addFields: addFields,
  $unset: unset,
  $project: (operand, options) => {
    if (Object.keys(documentOf(operand)).length > 0) {
      return compileProjection(documentOf(operand), { ...options, stage: true })
    }
    throw mongoError(51272, '$project specification must have at least one field')
  },
  $replaceRoot: (operand, options) => replaceBy(documentOf(operand).newRoot, options),
  $replaceWith: replaceBy,
} as const satisfies Record<string, (operand: unknown, options: ExpressionOptions) => Change>

/** The name of a stage that makes one document of one. */
export type SimpleStage = keyof typeof simpleStages

/** Compiles such a stage. */
export function compileSimpleStage(name: SimpleStage, operand: unknown, options: ExpressionOptions): Change {
  return simpleStages[name](operand, options)
}
