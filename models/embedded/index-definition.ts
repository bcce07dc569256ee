import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { fieldLimit, ID_LIMIT } from './keys.ts'
import { compileMatch, type Matcher } from './match.ts'
import { isTruthy } from './match-operators.ts'
import { readNumber } from './numbers.ts'
import { hasOperators } from './types.ts'
import { equalValues, isDocument } from './values.ts'

/** One field of an index. */
export interface IndexField {
  readonly path: string
  readonly parts: readonly string[]
  readonly direction: 1 | -1
}

/** An index as stored in the catalogue, with what is derived from it. */
export interface Index {
  readonly id: number
  readonly name: string
  /** What listIndexes answers. */
  readonly spec: Document
  readonly fields: readonly IndexField[]
  /** The index over `_id`: its entries are the documents themselves. */
  readonly primary: boolean
  readonly unique: boolean
  readonly sparse: boolean
  readonly partial: { readonly filter: Document; readonly matcher: Matcher } | undefined
  /** Seconds after which a document is removed, for a TTL index. */
  readonly expireAfterSeconds: number | undefined
  /** How long the key of each value may be. */
  readonly limit: number
  /** Some document has an array at one of the fields. */
  readonly multikey: boolean
  /** Some value was too long for a key, so that the entries are not quite in order. */
  readonly long: boolean
}

/** What an index has become by the documents that are in it. */
export type IndexState = Pick<Index, 'multikey' | 'long'>

/** Makes an index of its stored description. */
export function defineIndex(id: number, spec: Document, { multikey, long }: IndexState): Index {
  const fields = Object.entries(spec.key as Document).map(([path, direction]): IndexField => {
    return { path, parts: path.split('.'), direction: Number(direction) < 0 ? -1 : 1 }
  })
  const filter = spec.partialFilterExpression as Document | undefined
  const primary = fields.length === 1 && fields[0]?.path === '_id'
  return {
    id,
    name: spec.name,
    spec,
    fields,
    primary,
    unique: isTruthy(spec.unique),
    sparse: isTruthy(spec.sparse),
    partial: filter && { filter, matcher: compileMatch(filter) },
    expireAfterSeconds: spec.expireAfterSeconds === undefined ? undefined : Number(spec.expireAfterSeconds),
    limit: primary ? ID_LIMIT : fieldLimit(fields.length),
    multikey,
    long,
  }
}

/** Options that are not kept: they are about how an index is built, or the same for all. */
const passingOptions = ['v', 'ns', 'background']
const keptOptions = [
  'key',
  'name',
  'unique',
  'sparse',
  'partialFilterExpression',
  'expireAfterSeconds',
  'hidden',
  'collation',
]

/**
 * Checks the description of an index and returns it as it will be stored. Throws code 67 for kinds of index that this
 * database has not (text, geo, hashed, wildcard, collation) and for wrong keys, 9 without a name, 14 for what is no
 * description, 197 for unknown options.
 */
export function normaliseIndexSpec(spec: unknown): Document {
  if (!isDocument(spec)) throw mongoError(14, 'each index must be described by a document')
  const { key, name, expireAfterSeconds } = spec
  const fields = isDocument(key) ? Object.entries(key) : []
  if (fields.length === 0) throw mongoError(67, 'Index keys cannot be an empty object')
  if (fields.length === 1 && Number(key._id) === -1)
    throw mongoError(2, 'the index over _id must be {_id: 1}')
  for (const [path, direction] of fields) {
    if (typeof direction === 'string')
      throw mongoError(67, `index type '${direction}' is not supported by this database`)
    if (!Number.isFinite(Number(readNumber(direction)?.value)) || Number(direction) === 0)
      throw mongoError(67, 'Values in the index key pattern must be numbers other than 0')
    if (path.split('.').some(part => part === '' || part.startsWith('$')))
      throw mongoError(67, `Index key contains an illegal field name: '${path}'`)
  }
  const unknown = Object.keys(spec).find(option => ![...passingOptions, ...keptOptions].includes(option))
  if (unknown) throw mongoError(197, `The field '${unknown}' is not valid for an index specification`)
  if (typeof name !== 'string' || name === '')
    throw mongoError(9, "The 'name' field is a required property of an index")
  if (spec.collation !== undefined && spec.collation.locale !== 'simple')
    throw mongoError(67, 'an index with a collation is not supported by this database')
  if (isTruthy(spec.sparse) && spec.partialFilterExpression)
    throw mongoError(67, 'cannot mix "partialFilterExpression" and "sparse" options')
  if (expireAfterSeconds !== undefined) {
    const seconds = Number(expireAfterSeconds)
    if (!(seconds >= 0 && seconds <= 2147483647))
      throw mongoError(67, 'TTL index expireAfterSeconds must be between 0 and 2147483647')
    if (fields.length > 1 || '_id' in key)
      throw mongoError(67, 'TTL indexes are single-field indexes, and not over _id')
  }
  if (spec.partialFilterExpression !== undefined) checkPartial(spec.partialFilterExpression)
  const kept = keptOptions.map(option => [option, spec[option]] as const)
  const flags = ['unique', 'sparse', 'hidden']
  return {
    v: 2,
    ...Object.fromEntries(
      kept.filter(([option, value]) => value !== undefined && (!flags.includes(option) || isTruthy(value))),
    ),
  }
}

const partialOperators = ['$eq', '$in', '$gt', '$gte', '$lt', '$lte', '$exists', '$type']

/** Lets pass what MongoDB lets pass as the filter of a partial index. Throws code 67 for anything else. */
function checkPartial(filter: unknown): void {
  if (!isDocument(filter)) throw mongoError(67, 'partialFilterExpression must be a document')
  for (const [path, condition] of Object.entries(filter)) {
    if (path === '$and' && Array.isArray(condition)) condition.forEach(checkPartial)
    const operators = hasOperators(condition) ? Object.entries(condition) : []
    const refused = operators.find(
      ([name, operand]) => !partialOperators.includes(name) || (name === '$exists' && !isTruthy(operand)),
    )
    if (refused || (path.startsWith('$') && path !== '$and'))
      throw mongoError(67, `unsupported expression in partial index: ${refused?.[0] ?? path}`)
  }
}

/**
 * How a wanted index stands to those a collection has: undefined when it is new, the index when the same exists.
 * Throws code 85 or 86 when one exists with that name or key but different options, as MongoDB does.
 */
export function existingIndex(indexes: readonly Index[], spec: Document): Index | undefined {
  const same = (a: Document, option: string) => equalValues(a[option] ?? null, spec[option] ?? null)
  const keyed = indexes.find(
    index =>
      patternText(index.spec.key) === patternText(spec.key) && same(index.spec, 'partialFilterExpression'),
  )
  if (keyed?.primary) return keyed
  if (keyed) {
    const flags = same(keyed.spec, 'unique') && same(keyed.spec, 'sparse')
    if (keyed.name === spec.name && !flags)
      throw mongoError(86, `Index ${keyed.name} exists with other options`)
    if (keyed.name === spec.name && same(keyed.spec, 'expireAfterSeconds')) return keyed
    throw mongoError(85, `An equivalent index exists with another name or other options: ${keyed.name}`)
  }
  if (indexes.some(({ name }) => name === spec.name))
    throw mongoError(86, `An index named ${spec.name} exists with other keys`)
  return undefined
}

/** The key pattern of an index as text that is equal for equal patterns. */
export function patternText(key: Document): string {
  return JSON.stringify(Object.entries(key).map(([path, direction]) => [path, Number(direction)]))
}
