import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { isDocument } from './values.ts'

/** Brings a value into the form in which a collation compares it; documents and arrays are gone through. */
export type Fold = <T>(value: T) => T

const foldsByStrength: Record<number, (text: string) => string> = {
  1: text => text.normalize('NFD').toLowerCase().replace(/\p{M}/gu, ''),
  2: text => text.normalize('NFD').toLowerCase(),
  3: text => text.normalize('NFD'),
}

/**
 * Reads a collation. Plain comparison is undefined. Of all others those of strength 1 (letters), 2 (and accents) and 3
 * (and case) are known, as folding: equality follows the collation, but the order is that of the folded text's code points,
 * not the one of the language. Throws code 2 for any other, which this database has not.
 */
export function readCollation(spec: Document | undefined): Fold | undefined {
  if (!spec || spec.locale === 'simple') return undefined
  const { locale, strength = 3, ...more } = spec
  const foldText = foldsByStrength[Number(strength)]
  if (!foldText || Object.keys(more).length > 0)
    throw mongoError(2, `collation '${locale}' of strength ${strength} is not supported by this database`)
  const fold = (value: unknown): unknown => {
    if (typeof value === 'string') return foldText(value)
    if (Array.isArray(value)) return value.map(fold)
    if (!isDocument(value) || '_bsontype' in value) return value
    return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, fold(field)]))
  }
  return fold as Fold
}

/** Folds a filter. Throws code 2 for operators whose operand is no value to compare. */
export function foldFilter(filter: Document, fold: Fold): Document {
  const refused = /"\$(regex|expr|type)":/.exec(JSON.stringify(filter))
  if (refused) throw mongoError(2, `$${refused[1]} with a collation is not supported by this database`)
  return fold(filter)
}
