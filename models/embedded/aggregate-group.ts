import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { identityOf, isDocument } from './values.ts'

/** Of so many values these keep only what they come to, so that a group does not keep them all. */
const kept = 1000
const folded = ['$sum', '$min', '$max', '$first', '$last', '$mergeObjects']

/** The accumulators as expressions of the array of a group's values. */
const accumulators = new Map<string, unknown>([
  ...[...folded, '$avg'].map(name => [name, { [name]: '$values' }] as const),
  ['$push', '$values'],
  ['$addToSet', { $setUnion: '$values' }],
  ['$count', { $size: '$values' }],
])

function compileAccumulator(field: string, spec: unknown, options: ExpressionOptions) {
  const [[name, operand] = [''], ...more] = isDocument(spec) ? Object.entries(spec) : []
  if (field.includes('.')) throw mongoError(40235, `The field name '${field}' cannot contain '.'`)
  if (more.length > 0 || !accumulators.has(name))
    throw mongoError(15952, `The field '${field}' must be an object with one accumulator, not '${name}'`)
  const value = compileExpression(operand, options)
  const accumulate = compileExpression(accumulators.get(name))
  const result = (values: unknown[]) => accumulate({ values }) ?? null
  const add = (values: unknown[], document: Document) => {
    const next = value(document)
    if (next !== undefined || (name !== '$push' && name !== '$addToSet')) values.push(next)
    if (values.length === kept && folded.includes(name)) values.splice(0, kept, result(values))
  }
  return { field, add, result }
}

/**
 * Compiles `$group`: groups come in the order in which they are met first.
 *
 * @throws code 15952, 15955 and 40235 for a wrong specification
 */
export function compileGroup(spec: unknown, options: ExpressionOptions) {
  if (!isDocument(spec) || !Object.hasOwn(spec, '_id'))
    throw mongoError(15955, 'a group specification must be an object and include an _id')
  const { _id, ...fields } = spec
  const keyOf = compileExpression(_id, options)
  const parts = Object.entries(fields).map(([field, part]) => compileAccumulator(field, part, options))
  return function* (input: Iterable<Document>): Generator<Document> {
    const groups = new Map<string, { id: unknown; values: unknown[][] }>()
    for (const document of input) {
      const id = keyOf(document) ?? null
      const key = identityOf(id)
      const group = groups.get(key) ?? { id, values: parts.map(() => []) }
      groups.set(key, group)
      for (const [i, part] of parts.entries()) part.add(group.values[i] as unknown[], document)
    }
    for (const { id, values } of groups.values()) {
      const fields = parts.map(({ field, result }, i) => [field, result(values[i] as unknown[])])
      yield Object.fromEntries([['_id', id], ...fields])
    }
  }
}
