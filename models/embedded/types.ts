import { EJSON } from 'bson'
import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { isDocument, ranks, typeRank } from './values.ts'

/** MongoDB's names of the BSON types and their numbers, which `$type` takes either of. */
export const typeNumbers = {
  double: 1,
  string: 2,
  object: 3,
  array: 4,
  binData: 5,
  undefined: 6,
  objectId: 7,
  bool: 8,
  date: 9,
  null: 10,
  regex: 11,
  dbPointer: 12,
  javascript: 13,
  symbol: 14,
  javascriptWithScope: 15,
  int: 16,
  timestamp: 17,
  long: 18,
  decimal: 19,
  minKey: -1,
  maxKey: 127,
} as const satisfies Record<string, number>

/** The name of a BSON type, or `missing` for a field that is not there. */
export type TypeName = keyof typeof typeNumbers | 'missing'

const namesByRank = new Map<number, TypeName>([
  ...Object.entries(ranks).map(([name, rank]): [number, TypeName] => [rank, name as TypeName]),
  [ranks.binary, 'binData'],
  [ranks.code, 'javascript'],
  [ranks.codeWithScope, 'javascriptWithScope'],
])

/** MongoDB's name for the type of a value, as `$type` and error messages use it. */
export function typeName(value: unknown): TypeName {
  const rank = typeRank(value)
  if (rank === ranks.number) return readNumber(value)?.kind ?? 'double'
  if (rank === ranks.string && typeof value !== 'string') return 'symbol'
  return namesByRank.get(rank) ?? 'object'
}

/**
 * A test for the operand of `$type`: a name, a number, `number` for all numeric kinds, or an array of these. Throws
 * code 2 for what is no type, 9 for none, 14 for an operand that is neither text nor number.
 */
export function compileType(operand: unknown): (value: unknown) => boolean {
  const names = new Set([operand].flat().flatMap(oneType))
  if (names.size === 0) throw mongoError(9, '$type must match at least one type')
  return value => names.has(typeName(value))
}

function oneType(operand: unknown): TypeName[] {
  if (operand === 'number') return ['double', 'int', 'long', 'decimal']
  const number = readNumber(operand)
  if (typeof operand !== 'string' && number === undefined)
    throw mongoError(14, 'type must be represented as a number or a string')
  const found = (Object.keys(typeNumbers) as (keyof typeof typeNumbers)[]).find(name =>
    number === undefined ? name === operand : typeNumbers[name] === Number(number.value),
  )
  if (found === undefined) throw mongoError(2, `Unknown type name alias or code: ${describe(operand)}`)
  return [found]
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
