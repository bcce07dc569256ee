import type { Document } from 'bson'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { ranks, typeRank } from '../values.ts'

/** A command as a connection received it: the first key of `body` is its name. */
export interface Call {
  readonly body: Document
  readonly db: string
  /** Documents that came beside the body, as raw BSON. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>
  readonly connectionId: number
}

/** Answers a call with the fields of the reply (`ok: 1` is added), or throws MongoError. */
export type Command = (engine: Engine, call: Call) => Document | Promise<Document>

type Guard<T> = (value: unknown) => value is T

export const isText: Guard<string> = value => typeof value === 'string'
const isNumber: Guard<unknown> = (value): value is unknown => typeRank(value) === ranks.number

/** A field of a command, where it is given. Throws MongoError 14 when it is of another type. */
export function field<T>(body: Document, name: string, is: Guard<T>): T | undefined {
  const value: unknown = body[name] ?? undefined
  if (value === undefined || is(value)) return value
  throw mongoError(14, `BSON field '${name}' is the wrong type`)
}

/** A field that must be given. Throws MongoError 40414 when it is missing, 14 when it is of another type. */
export function needed<T>(body: Document, name: string, is: Guard<T>): T {
  const value = field(body, name, is)
  if (value !== undefined) return value
  throw mongoError(40414, `BSON field '${name}' is missing but a required field`)
}

/** An integer of `least` or more, where it is given. Throws MongoError 14 or 51024. */
export function integer(body: Document, name: string, least = 0): number | undefined {
  const value = field(body, name, isNumber)
  if (value === undefined) return undefined
  const whole = Math.trunc(Number(value))
  if (whole >= least) return whole
  throw mongoError(51024, `BSON field '${name}' value must be >= ${least}, actual value '${whole}'`)
}

/** The collection a command names in its first field. Throws MongoError 73 when that is no string. */
export function collectionName({ body }: Call): string {
  const name: unknown = Object.values(body)[0]
  if (isText(name) && name !== '') return name
  throw mongoError(73, `collection name has invalid type or is empty in ${Object.keys(body)[0]}`)
}
