import { type Document, Long } from 'bson'
import type { compilePipeline, PipelineContext, Stage } from './aggregate.ts'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { fieldOf, valuesAt } from './paths.ts'
import { compileAddFields } from './project.ts'
import { isDocument } from './values.ts'

/** A document with a value at a path, as `$addFields` puts it there. */
const put = (document: Document, path: string, value: unknown): Document =>
  compileAddFields({ [path]: { $literal: value } })(document)

const areTexts = (...values: unknown[]) => values.every(value => typeof value === 'string')
const parameters = ['from', 'localField', 'foreignField', 'let', 'pipeline', 'as']

/**
 * Compiles `$lookup`: joined by equal fields, by a pipeline, or by both. Null and missing equal each other, and an
 * array stands for each of its elements.
 *
 * @throws code 9 for a wrong specification
 */
export function compileLookup(
  operand: unknown,
  context: PipelineContext,
  compile: typeof compilePipeline,
): Stage {
  const spec: Document = isDocument(operand) ? operand : {}
  const { from, localField, foreignField, as, pipeline } = spec
  const byFields = areTexts(localField, foreignField)
  // An empty array has `undefined` for a value, which nothing equals. `$in` would take a pattern for what it matches.
  const equalTo = (values: unknown[]) => ({
    $or: values.map(value => ({ [foreignField]: value === undefined ? { $in: [] } : { $eq: value } })),
  })
  const known = Object.keys(spec).every(name => parameters.includes(name))
  if (!known || !areTexts(from, as) || !(byFields || pipeline))
    throw mongoError(9, `$lookup takes ${parameters.join(', ')}: either two fields, or a pipeline, or both`)
  const bound = Object.entries(spec.let ?? {}).map(
    ([name, value]) => [name, compileExpression(value, { variables: context.let })] as const,
  )
  const live: Document = { ...context.let }
  const inner = compile(pipeline ?? [], { ...context, let: live })
  return function* (input) {
    for (const document of input) {
      const found = context.collection(from, byFields ? equalTo(valuesAt(document, localField)) : {})
      for (const [name, value] of bound) live[name] = value(document)
      yield put(document, as, [...inner(found)])
    }
  }
}

/**
 * Compiles `$unwind`, of a path or with `includeArrayIndex` and `preserveNullAndEmptyArrays`.
 *
 * @throws code 28818 for a path that is none
 */
export function compileUnwind(operand: unknown): Stage {
  const spec: Document = isDocument(operand) ? operand : { path: operand }
  if (!/^\$./.test(spec.path)) throw mongoError(28818, `path of $unwind needs a '$' before it: ${spec.path}`)
  const path = String(spec.path).slice(1)
  const index = (document: Document, place: Long | null) =>
    areTexts(spec.includeArrayIndex) ? put(document, spec.includeArrayIndex, place) : document
  return function* (input) {
    for (const document of input) {
      const value = path.split('.').reduce<unknown>(fieldOf, document)
      const items = [value ?? []].flat()
      for (const [i, item] of items.entries()) {
        yield Array.isArray(value)
          ? index(put(document, path, item), Long.fromNumber(i))
          : index(document, null)
      }
      if (items.length > 0 || spec.preserveNullAndEmptyArrays !== true) continue
      yield index(Array.isArray(value) ? put(document, path, undefined) : document, null)
    }
  }
}
