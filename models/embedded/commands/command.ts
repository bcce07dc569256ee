import type { Document } from 'bson'
import { type Fold, readCollation } from '../collation.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { compileExpression } from '../expression.ts'
import { isDocument, ranks, typeRank } from '../values.ts'

/** A command as a connection received it. */
export interface Call {
  /** The command document; its first key is the command's name. */
  readonly body: Document
  readonly db: string
  /** Documents that came beside the body, as raw BSON. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>
  readonly connectionId: number
}

/** Answers a call with the fields of the reply (`ok: 1` is added), or throws MongoError. */
export type Command = (engine: Engine, call: Call) => Document | Promise<Document>

/** The collection a command names in its first field. Throws MongoError 73 when that is no string. */
export function collectionName(call: Call): string {
  const value: unknown = Object.values(call.body)[0]
  if (typeof value !== 'string' || value === '') {
    throw mongoError(73, `collection name has invalid type or is empty in ${Object.keys(call.body)[0]}`)
  }
  return value
}

/** A field that must be a document where it is given. Throws MongoError 14 otherwise. */
export function documentField(body: Document, name: string): Document | undefined {
  const value: unknown = body[name]
  if (value === undefined || value === null) return undefined
  if (isDocument(value)) return value
  throw mongoError(14, `BSON field '${name}' is the wrong type, expected type 'object'`)
}

/** A field that must be an integer of 0 or more where it is given. Throws MongoError 14 or 2 otherwise. */
export function countField(body: Document, name: string): number | undefined {
  const value = integerField(body, name)
  if (value !== undefined && value < 0) {
    throw mongoError(51024, `BSON field '${name}' value must be >= 0, actual value '${value}'`)
  }
  return value
}

/** A field that must be an integer where it is given. Throws MongoError 14 otherwise. */
export function integerField(body: Document, name: string): number | undefined {
  const value: unknown = body[name]
  if (value === undefined || value === null) return undefined
  const number = typeRank(value) === ranks.number ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(Math.trunc(number))) {
    throw mongoError(14, `BSON field '${name}' is the wrong type, expected a number`)
  }
  return Math.trunc(number)
}

/** A field that must be an array where it is given, also when it came as a document sequence. */
export function arrayField(body: Document, name: string): unknown[] | undefined {
  const value: unknown = body[name]
  if (value === undefined || value === null) return undefined
  if (Array.isArray(value)) return value
  throw mongoError(14, `BSON field '${name}' is the wrong type, expected type 'array'`)
}

/** The collation of a command or statement; see `readCollation`. */
export function collationField(body: Document): Fold | undefined {
  return readCollation(documentField(body, 'collation'))
}

/** The `let` of a command with its expressions evaluated, once for the whole command. */
export function variablesField(body: Document): Document | undefined {
  const variables = documentField(body, 'let')
  if (!variables) return undefined
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [name, compileExpression(value)({})]),
  )
}

/** The size of the first batch that a command with a `cursor` field asks for. */
export function batchSizeOf(call: Call): number | undefined {
  const cursor = documentField(call.body, 'cursor')
  return cursor && countField(cursor, 'batchSize')
}
