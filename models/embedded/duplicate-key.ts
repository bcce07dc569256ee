import type { Document, ObjectId } from 'bson'
import { type MongoError, mongoError } from './errors.ts'
import type { Index } from './index-definition.ts'
import { ranks, textOf, typeRank } from './values.ts'

/**
 * The error for a second document with the values of a unique index, in the words that mongoose plugins and log
 * readers look for, with `keyPattern` and `keyValue`.
 */
export function duplicateKey(
  collection: { db: string; name: string },
  index: Index,
  values: readonly unknown[],
): MongoError {
  const keyValue: Document = {}
  index.fields.forEach((field, i) => {
    keyValue[field.path] = values[i] ?? null
  })
  const shown = Object.entries(keyValue).map(([path, value]) => `${path}: ${show(value)}`)
  const message = `E11000 duplicate key error collection: ${collection.db}.${collection.name} index: ${index.name} dup key: { ${shown.join(', ')} }`
  return mongoError(11000, message, { keyPattern: index.spec.key, keyValue })
}

function show(value: unknown): string {
  switch (typeRank(value)) {
    case ranks.missing:
      return 'undefined'
    case ranks.null:
      return 'null'
    case ranks.string:
      return JSON.stringify(textOf(value))
    case ranks.objectId:
      return `ObjectId('${(value as ObjectId).toHexString()}')`
    case ranks.date:
      return `new Date(${(value as Date).getTime()})`
    case ranks.object: {
      const fields = Object.entries(value as Document).map(([name, field]) => `${name}: ${show(field)}`)
      return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}'
    }
    case ranks.array: {
      const items = (value as unknown[]).map(show)
      return items.length > 0 ? `[ ${items.join(', ')} ]` : '[]'
    }
    default:
      return String(value)
  }
}
