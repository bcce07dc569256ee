import type { Document } from 'bson'
import type { Predicates } from './predicates.ts'
import { compareValues, equalValues, isDocument, typeRank } from './values.ts'

/**
 * Whether every document that matches `filter` also matches the filter of a partial index, as far as that is easily
 * seen: each of its conditions stands in the filter as it is, or follows from an equality or a range there.
 */
export function implies(filter: Document, predicates: Predicates, partial: Document): boolean {
  return Object.entries(partial).every(([path, condition]) => {
    if (path === '$and' && Array.isArray(condition)) {
      return condition.every(part => isDocument(part) && implies(filter, predicates, part))
    }
    if (path.startsWith('$')) return false
    if (path in filter && equalValues(filter[path], condition)) return true
    const operators = isDocument(condition) && Object.keys(condition)[0]?.startsWith('$')
    const list = operators ? Object.entries(condition as Document) : [['$eq', condition] as const]
    return list.every(([operator, operand]) => follows(predicates, path, operator, operand))
  })
}

function follows(predicates: Predicates, path: string, operator: string, operand: unknown): boolean {
  const known = predicates.paths.get(path)
  if (!known) return false
  const all = (test: (value: unknown) => boolean) =>
    known.points !== undefined && known.points.length > 0 && known.points.every(test)
  const sameType = (value: unknown) => typeRank(value) === typeRank(operand)
  const order = (value: unknown) => compareValues(value, operand)
  switch (operator) {
    case '$exists':
      return (operand === true || Number(operand) === 1) && known.present
    case '$eq':
      return all(value => equalValues(value, operand))
    case '$in':
      return Array.isArray(operand) && all(value => operand.some(one => equalValues(one, value)))
    case '$gt':
    case '$gte': {
      const allowed = (value: unknown, open: boolean) =>
        sameType(value) && (order(value) > 0 || (order(value) === 0 && (operator === '$gte' || open)))
      if (all(value => allowed(value, false))) return true
      return known.lower !== undefined && allowed(known.lower.value, !known.lower.inclusive)
    }
    case '$lt':
    case '$lte': {
      const allowed = (value: unknown, open: boolean) =>
        sameType(value) && (order(value) < 0 || (order(value) === 0 && (operator === '$lte' || open)))
      if (all(value => allowed(value, false))) return true
      return known.upper !== undefined && allowed(known.upper.value, !known.upper.inclusive)
    }
    default:
      return false
  }
}
