import { type Document, Long } from 'bson'
import type { CompilePipeline, PipelineContext, Stage } from './aggregate.ts'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { identityOf } from './expression-operators.ts'
import { fieldOf, valuesAt } from './paths.ts'
import { compileAddFields } from './project.ts'
import { isDocument } from './values.ts'

/** Puts a value at a path of a document, as `$addFields` does. */
function setterOf(path: string): (document: Document, value: unknown) => Document {
  const live: Document = {}
  const set = compileAddFields({ [path]: '$$value' }, { variables: live })
  return (document, value) => {
    live.value = value
    return set(document)
  }
}

/** The identities of the values to join by; an empty array has none. */
const keysAt = (document: Document, field: string): string[] =>
  valuesAt(document, field)
    .filter(value => value !== undefined)
    .map(identityOf)

function joined(foreign: readonly Document[], field: string): (local: readonly string[]) => Document[] {
  const places = new Map<string, Set<number>>()
  for (const [i, document] of foreign.entries()) {
    for (const key of keysAt(document, field)) places.set(key, (places.get(key) ?? new Set()).add(i))
  }
  return local => {
    const found = new Set(local.flatMap(key => [...(places.get(key) ?? [])]))
    return [...found].sort((a, b) => a - b).map(i => foreign[i] as Document)
  }
}

const parameters = ['from', 'localField', 'foreignField', 'let', 'pipeline', 'as']

/**
 * Compiles `$lookup`: joined by equal fields, by a pipeline, or by both. Null and missing equal each other, and an
 * array stands for each of its elements.
 *
 * @throws code 9 for a wrong specification
 */
export function compileLookup(operand: unknown, context: PipelineContext, compile: CompilePipeline): Stage {
  const spec: Document = isDocument(operand) ? operand : {}
  const { from, localField: local, foreignField, as, pipeline } = spec
  const byFields = typeof local === 'string' && typeof foreignField === 'string'
  const known = Object.keys(spec).every(name => parameters.includes(name))
  if (
    typeof from !== 'string' ||
    typeof as !== 'string' ||
    !known ||
    !(byFields || Array.isArray(pipeline))
  ) {
    throw mongoError(9, `$lookup takes ${parameters.join(', ')}: either two fields, or a pipeline, or both`)
  }
  const live: Document = {}
  const variables = { variables: context.let }
  const bound = Object.entries(spec.let ?? {}).map(
    ([name, value]) => [name, compileExpression(value, variables)] as const,
  )
  const inner = pipeline && compile(pipeline, { ...context, let: live })
  const put = setterOf(as)
  return function* (input) {
    const foreign = [...context.collection(from)]
    const find = byFields ? joined(foreign, foreignField) : () => foreign
    for (const document of input) {
      const found = find(byFields ? keysAt(document, local) : [])
      Object.assign(live, context.let)
      for (const [name, value] of bound) live[name] = value(document)
      yield put(document, inner ? [...inner(found)] : found)
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
  const path = String(spec.path)
  if (!/^\$./.test(path)) throw mongoError(28818, `path of $unwind should be prefixed with a '$': ${path}`)
  const put = setterOf(path.slice(1))
  const putIndex = typeof spec.includeArrayIndex === 'string' ? setterOf(spec.includeArrayIndex) : undefined
  return function* (input) {
    for (const document of input) {
      const value = path.slice(1).split('.').reduce<unknown>(fieldOf, document)
      const items = Array.isArray(value) ? value : value === null || value === undefined ? [] : [value]
      for (const [i, item] of items.entries()) {
        const unwound = value === item ? document : put(document, item)
        yield putIndex ? putIndex(unwound, Array.isArray(value) ? Long.fromNumber(i) : null) : unwound
      }
      if (items.length > 0 || spec.preserveNullAndEmptyArrays !== true) continue
      const kept = Array.isArray(value) ? put(document, undefined) : document
      yield putIndex ? putIndex(kept, null) : kept
    }
  }
}
