import { type Document, Long } from 'bson'
import type { Stage } from './aggregate.ts'
import { mongoError } from './errors.ts'
import { fieldOf } from './paths.ts'
import { isDocument } from './values.ts'

type Setter = (document: Document, value: unknown) => Document

/**
 * Compiles `$unwind`, of a path or with `includeArrayIndex` and `preserveNullAndEmptyArrays`.
 *
 * @throws code 28812 and 28818 for a path that is none
 */
export function compileUnwind(operand: unknown, setterOf: (path: string) => Setter): Stage {
  const spec: Document = isDocument(operand) ? operand : { path: operand }
  const { path } = spec
  if (typeof path !== 'string')
    throw mongoError(28812, 'expected either a string or an object as specification for $unwind')
  if (!path.startsWith('$') || path.length < 2) {
    throw mongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`)
  }
  const parts = path.slice(1).split('.')
  const put = setterOf(path.slice(1))
  const putIndex = typeof spec.includeArrayIndex === 'string' ? setterOf(spec.includeArrayIndex) : undefined
  const indexed = (document: Document, index: number | undefined) =>
    putIndex === undefined
      ? document
      : putIndex(document, index === undefined ? null : Long.fromNumber(index))
  return function* (input) {
    for (const document of input) {
      const value = parts.reduce<unknown>(fieldOf, document)
      if (Array.isArray(value) && value.length > 0) {
        for (const [i, item] of value.entries()) yield indexed(put(document, item), i)
      } else if (!Array.isArray(value) && value !== null && value !== undefined) {
        yield indexed(document, undefined)
      } else if (spec.preserveNullAndEmptyArrays === true) {
        yield indexed(Array.isArray(value) ? put(document, undefined) : document, undefined)
      }
    }
  }
}
