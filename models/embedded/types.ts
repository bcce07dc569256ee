import { EJSON } from 'bson'
import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { isDocument, ranks, typeRank } from './values.ts'

const numeric = ['double', 'int', 'long', 'decimal']

const namesByRank = new Map(Object.entries(ranks).map(([name, rank]) => [rank as number, name]))

/** MongoDB's name for the type of a value, as `$type` and error messages use it; `missing` for a field not there. */
export function typeName(value: unknown): string {
  const rank = typeRank(value)
  if (rank === ranks.string && typeof value !== 'string') return 'symbol'
  return readNumber(value)?.kind ?? namesByRank.get(rank) ?? 'object'
}

const typeNames = new Set<unknown>([...Object.keys(ranks), ...numeric, 'symbol'])
typeNames.delete('missing')

/** A test for the operand of `$type`: a name, `number` for all numeric kinds, or an array of these. Throws code 2. */
export function compileType(operand: unknown): (value: unknown) => boolean {
  const found = [operand].flat().flatMap(name => (name === 'number' ? numeric : name))
  const unknown = found.find(name => !typeNames.has(name))
  if (unknown !== undefined) throw mongoError(2, `Unknown or unsupported type in $type: ${describe(unknown)}`)
  return value => found.includes(typeName(value))
}

/** Whether a value is a document whose first field is an operator (`$gt`, but not the `$ref`, `$id`, `$db` of a DBRef). */
export function hasOperators(value: unknown): value is Record<string, unknown> {
  if (!isDocument(value) || value._bsontype === 'DBRef') return false
  const first = Object.keys(value)[0]
  return first?.startsWith('$') === true && !['$ref', '$id', '$db'].includes(first)
}

/** A value as error messages show it. */
export function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  const text = EJSON.stringify(value)
  return text.length > 200 ? `${text.slice(0, 200)}...` : text
}
