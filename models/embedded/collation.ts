import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { isDocument } from './values.ts'

/** Brings a value into the form in which a collation compares it; documents and arrays are gone through. */
export type Fold = <T>(value: T) => T

/** Operators whose operand is no value to compare, or whose meaning folded values would change. */
const REFUSED = new Set(['$regex', '$expr', '$where', '$type'])

/**
 * Reads a collation. Plain comparison is undefined. Of all others those of strength 1 (letters only) and 2 (letters
 * and accents, not case) are known, as folding: equality follows the collation, order is that of the folded text.
 * Throws MongoError 2 for any other, which this database has not.
 */
export function readCollation(spec: Document | undefined): Fold | undefined {
  if (!spec || spec.locale === 'simple') return undefined
  const strength = Number(spec.strength ?? 3)
  if ((strength !== 1 && strength !== 2) || spec.caseLevel === true || spec.numericOrdering === true) {
    throw mongoError(
      2,
      `collation '${spec.locale}' of strength ${strength} is not supported by this database`,
    )
  }
  return value => foldValue(value, strength === 1) as typeof value
}

/** Folds a filter. Throws MongoError 2 for operators that do not go together with a collation here. */
export function foldFilter(filter: Document, fold: Fold): Document {
  refuseOperators(filter)
  return fold(filter)
}

function foldValue(value: unknown, bare: boolean): unknown {
  if (typeof value === 'string') return foldText(value, bare)
  if (Array.isArray(value)) return value.map(item => foldValue(item, bare))
  if (!isDocument(value) || '_bsontype' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, foldValue(field, bare)]))
}

function foldText(text: string, bare: boolean): string {
  const apart = text.normalize('NFD').toLowerCase()
  return bare ? apart.replace(/\p{M}/gu, '') : apart
}

function refuseOperators(value: unknown): void {
  if (Array.isArray(value)) value.forEach(refuseOperators)
  if (!isDocument(value)) return
  for (const [name, field] of Object.entries(value)) {
    if (REFUSED.has(name)) throw mongoError(2, `${name} with a collation is not supported by this database`)
    refuseOperators(field)
  }
}
