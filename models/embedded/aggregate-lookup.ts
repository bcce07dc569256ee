import type { Document } from 'bson'
import type { PipelineContext, Stage } from './aggregate.ts'
import { identityOf } from './aggregate-group.ts'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { valuesAt } from './paths.ts'
import { compileAddFields } from './project.ts'
import { isDocument } from './values.ts'

const allowed = new Set(['from', 'localField', 'foreignField', 'as', 'let', 'pipeline'])

/**
 * Compiles `$lookup`: joined by equal fields, by a pipeline, or by both. Null and missing equal each other, and an
 * array stands for each of its elements.
 *
 * @throws code 9 for a wrong specification
 */
export function compileLookup(
  spec: unknown,
  context: PipelineContext,
  compilePipeline: (pipeline: readonly Document[], context: PipelineContext) => Stage,
): Stage {
  if (!isDocument(spec)) throw mongoError(9, 'the $lookup specification must be an Object')
  const unknown = Object.keys(spec).find(name => !allowed.has(name))
  if (unknown !== undefined) throw mongoError(9, `unknown argument to $lookup: ${unknown}`)
  const { from, localField, foreignField, as } = spec
  if (typeof as !== 'string') throw mongoError(9, "must specify 'as' field for a $lookup")
  if (from !== undefined && typeof from !== 'string')
    throw mongoError(9, "$lookup argument 'from' must be a string")
  const byFields = typeof localField === 'string' && typeof foreignField === 'string'
  if (!byFields && !Array.isArray(spec.pipeline)) {
    throw mongoError(
      9,
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    )
  }
  const live: Document = {}
  const bindings = Object.entries(isDocument(spec.let) ? spec.let : {}).map(
    ([name, value]) => [name, compileExpression(value, { variables: context.let })] as const,
  )
  const inner = Array.isArray(spec.pipeline)
    ? compilePipeline(spec.pipeline, { ...context, let: live })
    : undefined
  const put = setterOf(as)
  return function* (input) {
    const foreign = typeof from === 'string' ? [...context.collection(from)] : []
    const find = byFields ? joined(foreign, foreignField as string) : () => foreign
    for (const document of input) {
      const local = byFields ? keysAt(document, localField as string) : []
      const found = find(local)
      Object.assign(live, context.let)
      for (const [name, value] of bindings) live[name] = value(document)
      yield put(document, inner === undefined ? found : [...inner(found)])
    }
  }
}

/** Puts a value at a path of a document, as `$addFields` does. */
export function setterOf(path: string): (document: Document, value: unknown) => Document {
  const live: Document = {}
  const set = compileAddFields({ [path]: '$$value' }, { variables: live })
  return (document, value) => {
    live.value = value
    return set(document)
  }
}

/** The identities of the values to join by; an empty array has none. */
function keysAt(document: Document, field: string): string[] {
  return valuesAt(document, field)
    .filter(value => value !== undefined)
    .map(identityOf)
}

function joined(foreign: readonly Document[], field: string): (local: readonly string[]) => Document[] {
  const places = new Map<string, number[]>()
  for (const [i, document] of foreign.entries()) {
    for (const key of new Set(keysAt(document, field))) {
      const found = places.get(key)
      if (found === undefined) places.set(key, [i])
      else found.push(i)
    }
  }
  return local => {
    const found = new Set<number>()
    for (const key of local) for (const i of places.get(key) ?? []) found.add(i)
    return [...found].sort((a, b) => a - b).map(i => foreign[i] as Document)
  }
}
