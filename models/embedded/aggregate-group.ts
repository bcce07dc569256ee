import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { operatorNamed, type Parts } from './expression-forms.ts'
import { identityOf } from './expression-operators.ts'
import { setField } from './update-path.ts'
import { isDocument } from './values.ts'

/** The accumulators: operators of expressions, some by another name, each given the array of a group's values. */
const renamed: Readonly<Record<string, string>> = {
  $push: '$concatArrays',
  $addToSet: '$setUnion',
  $count: '$size',
}
/** Of so many values these keep only what they come to, so that a group does not keep them all. */
const kept = 1000
const folded = ['$sum', '$min', '$max', '$first', '$last', '$mergeObjects']

function compileAccumulator(field: string, spec: unknown, options: ExpressionOptions) {
  const [[name, operand] = [''], ...more] = isDocument(spec) ? Object.entries(spec) : []
  if (field.includes('.')) throw mongoError(40235, `The field name '${field}' cannot contain '.'`)
  if (more.length > 0 || !name.startsWith('$')) {
    throw mongoError(40234, `The field '${field}' must be an object with one accumulator`)
  }
  const operator = Object.hasOwn(renamed, name) ? renamed[name] : name
  if (operator === name && name !== '$avg' && !folded.includes(name))
    throw mongoError(15952, `unknown group operator '${name}'`)
  const value = compileExpression(operand, options)
  const { evaluate } = operatorNamed(operator ?? name)
  const result = (values: unknown[]) => evaluate({}, ...([() => values] as unknown as Parts)) ?? null
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
 * @throws code 15947, 15952, 15955 and 402xx for a wrong specification
 */
export function compileGroup(spec: unknown, options: ExpressionOptions) {
  if (!isDocument(spec)) throw mongoError(15947, "a group's fields must be specified in an object")
  if (!Object.hasOwn(spec, '_id')) throw mongoError(15955, 'a group specification must include an _id')
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
      const result: Document = { _id: id }
      for (const [i, part] of parts.entries())
        setField(result, part.field, part.result(values[i] as unknown[]))
      yield result
    }
  }
}
