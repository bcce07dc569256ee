import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { isDocument } from './values.ts'

/** Brings a value into the form in which a collation compares it; documents and arrays are gone through. */
export type Fold = <T>(value: T) => T

/** Operators whose operand is no value to compare, or whose meaning folded values would change. */
const REFUSED = new Set(['$regex', '$expr', '$where', '$type'])

/**
 * Reads a collation. Plain comparison is undefined. Of all others those of strength 1 (letters), 2 (and accents) and 3
 * (and case) are known, as folding: equality follows the collation, but the order is that of the folded text's code
 * points, not the one of the language. Throws MongoError 2 for any other, which this database has not.
 */
export function readCollation(spec: Document | undefined): Fold | undefined {
  if (!spec || spec.locale === 'simple') return undefined
  const strength = Number(spec.strength ?? 3)
  if (!(strength in folds) || spec.caseLevel === true || spec.numericOrdering === true) {
    throw mongoError(
      2,
      `collation '${spec.locale}' of strength ${strength} is not supported by this database`,
    )
  }
  const foldText = folds[strength as keyof typeof folds]
  return value => foldValue(value, foldText) as typeof value
}

const folds = {
  1: (text: string) => text.normalize('NFD').toLowerCase().replace(/\p{M}/gu, ''),
  2: (text: string) => text.normalize('NFD').toLowerCase(),
  3: (text: string) => text.normalize('NFD'),
} as const

/** Folds a filter. Throws MongoError 2 for operators that do not go together with a collation here. */
export function foldFilter(filter: Document, fold: Fold): Document {
  refuseOperators(filter)
  return fold(filter)
}

function foldValue(value: unknown, foldText: (text: string) => string): unknown {
  if (typeof value === 'string') return foldText(value)
  if (Array.isArray(value)) return value.map(item => foldValue(item, foldText))
  if (!isDocument(value) || '_bsontype' in value) return value
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, foldValue(field, foldText)]))
}

function refuseOperators(value: unknown): void {
  if (Array.isArray(value)) value.forEach(refuseOperators)
  if (!isDocument(value)) return
  for (const [name, field] of Object.entries(value)) {
    if (REFUSED.has(name)) throw mongoError(2, `${name} with a collation is not supported by this database`)
    refuseOperators(field)
  }
}
