import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { afterPrefix } from './keys.ts'
import { compileMatch, type Matcher } from './match.ts'
import type { Range } from './store.ts'
import { compareValues, equalValues, isDocument, ranks, typeRank } from './values.ts'

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
  readonly directions: readonly (1 | -1)[]
  /** The index over `_id`, which is the order of the documents themselves and has no entries of its own. */
  readonly primary: boolean
  readonly unique: boolean
  readonly sparse: boolean
  readonly partial: { readonly filter: Document; readonly matcher: Matcher } | undefined
  /** Seconds after which a document is removed, for a TTL index. */
  readonly expireAfterSeconds: number | undefined
  /** Some document has an array at one of the fields. */
  readonly multikey: boolean
}

const INDEX_TAG = 0x20

/** The keys of an index. */
export function indexRange(index: { id: number }): Range {
  const start = indexPrefix(index)
  return { start, end: afterPrefix(start) }
}

/** What every key of an index begins with. */
export function indexPrefix(index: { id: number }): Buffer {
  const prefix = Buffer.allocUnsafe(5)
  prefix[0] = INDEX_TAG
  prefix.writeUInt32BE(index.id, 1)
  return prefix
}

/** Makes an index of its stored description. */
export function defineIndex(id: number, spec: Document, multikey: boolean): Index {
  const fields = Object.entries(spec.key as Document).map(([path, direction]): IndexField => {
    return { path, parts: path.split('.'), direction: Number(direction) < 0 ? -1 : 1 }
  })
  const filter = spec.partialFilterExpression as Document | undefined
  return {
    id,
    name: spec.name,
    spec,
    fields,
    directions: fields.map(field => field.direction),
    primary: fields.length === 1 && fields[0]?.path === '_id',
    unique: truthy(spec.unique),
    sparse: truthy(spec.sparse),
    partial: filter && { filter, matcher: compileMatch(filter) },
    expireAfterSeconds: spec.expireAfterSeconds === undefined ? undefined : Number(spec.expireAfterSeconds),
    multikey,
  }
}

const KNOWN_OPTIONS = new Set([
  'v',
  'key',
  'name',
  'ns',
  'unique',
  'sparse',
  'background',
  'partialFilterExpression',
  'expireAfterSeconds',
  'hidden',
  'collation',
  'storageEngine',
  'prepareUnique',
])

/**
 * Checks the description of an index and returns it as it will be stored. Throws MongoError 67 for kinds of index
 * that this database has not (text, geo, hashed, wildcard), 197 for unknown options.
 */
export function normaliseIndexSpec(spec: Document): Document {
  const key: unknown = spec.key
  if (!isDocument(key) || Object.keys(key).length === 0) {
    throw mongoError(67, 'Index keys cannot be an empty object')
  }
  for (const [path, direction] of Object.entries(key)) checkField(path, direction)
  for (const option of Object.keys(spec)) {
    if (!KNOWN_OPTIONS.has(option)) {
      throw mongoError(197, `The field '${option}' is not valid for an index specification`)
    }
  }
  if (typeof spec.name !== 'string' || spec.name === '') {
    throw mongoError(9, "The 'name' field is a required property of an index specification")
  }
  if (spec.collation !== undefined && spec.collation.locale !== 'simple') {
    throw mongoError(67, 'an index with a collation is not supported by this database')
  }
  if (truthy(spec.sparse) && spec.partialFilterExpression) {
    throw mongoError(67, 'cannot mix "partialFilterExpression" and "sparse" options')
  }
  if (spec.expireAfterSeconds !== undefined) {
    const seconds = Number(spec.expireAfterSeconds)
    if (!Number.isFinite(seconds) || seconds < 0 || seconds > 2147483647) {
      throw mongoError(67, 'TTL index expireAfterSeconds must be between 0 and 2147483647')
    }
    if (Object.keys(key).length > 1 || '_id' in key) {
      throw mongoError(67, 'TTL indexes are single-field indexes, and not over _id')
    }
  }
  const { ns: _ns, background: _background, v: _v, ...kept } = spec
  for (const option of ['unique', 'sparse', 'hidden']) if (!truthy(kept[option])) delete kept[option]
  return { v: 2, ...kept }
}

function checkField(path: string, direction: unknown): void {
  if (typeof direction === 'string') {
    throw mongoError(67, `index type '${direction}' is not supported by this database`)
  }
  if (
    typeRank(direction) !== ranks.number ||
    !Number.isFinite(Number(direction)) ||
    Number(direction) === 0
  ) {
    throw mongoError(67, 'Values in the index key pattern cannot be 0 and must be numbers')
  }
  if (path === '' || path.split('.').includes('')) {
    throw mongoError(67, 'Index keys cannot contain an empty field')
  }
  if (path.startsWith('$') || path.includes('.$') || path.includes('$**')) {
    throw mongoError(67, `Index key contains an illegal field name: ${path}`)
  }
}

/**
 * How a wanted index stands to those a collection has: undefined when it is new, the index when the same exists.
 * Throws MongoError 85 or 86 when one exists with that name or key but different options, as MongoDB does.
 */
export function existingIndex(indexes: readonly Index[], spec: Document): Index | undefined {
  const sameKey = (index: Index) => patternText(index.spec.key) === patternText(spec.key)
  const named = indexes.find(index => index.name === spec.name)
  const keyed = indexes.find(index => sameKey(index) && equalValues(partialOf(index.spec), partialOf(spec)))
  if (keyed?.primary) return keyed
  if (keyed) {
    const same = sameOptions(keyed.spec, spec)
    if (keyed.name === spec.name) {
      if (same) return keyed
      throw mongoError(
        86,
        `An existing index has the same name as the requested index. Requested index: ${patternText(spec.key)}, existing index: ${keyed.name}`,
      )
    }
    const hint = same ? `Index already exists with a different name: ${keyed.name}` : undefined
    throw mongoError(85, hint ?? `An equivalent index already exists with different options: ${keyed.name}`)
  }
  if (named) throw mongoError(86, `An index named ${named.name} exists with other keys`)
  return undefined
}

/** The key pattern of an index as text that is equal for equal patterns. */
export function patternText(key: Document): string {
  return JSON.stringify(Object.entries(key).map(([path, direction]) => [path, Number(direction)]))
}

function partialOf(spec: Document): unknown {
  return spec.partialFilterExpression ?? null
}

function sameOptions(a: Document, b: Document): boolean {
  return (
    truthy(a.unique) === truthy(b.unique) &&
    truthy(a.sparse) === truthy(b.sparse) &&
    compareValues(a.expireAfterSeconds ?? null, b.expireAfterSeconds ?? null) === 0
  )
}

/** Whether a flag of a command or index is set: `true` or a number other than 0. */
export function truthy(flag: unknown): boolean {
  return typeof flag === 'boolean' ? flag : flag !== undefined && flag !== null && Number(flag) !== 0
}
