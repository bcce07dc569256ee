import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { hasOperators } from './types.ts'
import { copyOf, makePlace, setAt } from './update-path.ts'
import { isDocument, ranks, typeRank } from './values.ts'

/**
 * The document that an upsert begins with: the fields that the filter requires to equal one value, also within `$and`,
 * within an `$or`, `$in` or `$all` of one entry.
 *
 * @throws code 54 when the filter gives one path two values
 */
export function upsertSeed(filter: Document): Document {
  const found = new Map<string, unknown>()
  collect(filter, found)
  const seed: Document = {}
  if (found.has('_id')) seed._id = copyOf(found.get('_id'))
  for (const [path, value] of found)
    if (path !== '_id') setAt(makePlace(seed, path.split('.')), copyOf(value))
  return seed
}

function collect(filter: Document, found: Map<string, unknown>): void {
  for (const [key, operand] of Object.entries(filter)) {
    if (key === '$and' || (key === '$or' && Array.isArray(operand) && operand.length === 1)) {
      if (Array.isArray(operand)) for (const entry of operand) if (isDocument(entry)) collect(entry, found)
    } else if (!key.startsWith('$')) {
      for (const value of requiredValues(operand)) add(key, value, found)
    }
  }
}

function requiredValues(operand: unknown): unknown[] {
  if (typeRank(operand) === ranks.regex) return []
  if (!hasOperators(operand)) return [operand]
  const single = (list: unknown): unknown[] => {
    if (!Array.isArray(list) || list.length !== 1) return []
    return typeRank(list[0]) === ranks.regex || hasOperators(list[0]) ? [] : list
  }
  return [
    ...(Object.hasOwn(operand, '$eq') ? [operand.$eq] : []),
    ...single(operand.$in),
    ...single(operand.$all),
  ]
}

function add(path: string, value: unknown, found: Map<string, unknown>): void {
  for (const other of found.keys()) {
    if (path === other) {
      throw mongoError(54, `cannot infer query fields to set, path '${path}' is matched twice`)
    }
    const [short, long] = path.length < other.length ? [path, other] : [other, path]
    if (long.startsWith(`${short}.`)) {
      throw mongoError(
        54,
        `cannot infer query fields to set, both paths '${other}' and '${path}' are matched`,
      )
    }
  }
  found.set(path, value)
}
