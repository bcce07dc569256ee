import { type Document, Long } from 'bson'
import { readable } from '../catalog.ts'
import type { Fold } from '../collation.ts'
import type { Batch } from '../cursors.ts'
import { writeDocument } from '../documents.ts'
import { mongoError } from '../errors.ts'
import { prepareQuery, type Query } from '../find.ts'
import { truthy } from '../index-definition.ts'
import { encodeKeyInfo } from '../keys.ts'
import { valuesAt } from '../paths.ts'
import { RawDocuments } from '../reply.ts'
import { ranks, typeRank } from '../values.ts'
import {
  type Command,
  collationField,
  collectionName,
  countField,
  documentField,
  integerField,
  variablesField,
} from './command.ts'

const UNSUPPORTED_FIND = ['tailable', 'awaitData', 'min', 'max', 'returnKey', 'showRecordId'] as const

/** The reply of a command that opens a cursor. */
export function cursorReply(batch: Batch, ns: string, name: 'firstBatch' | 'nextBatch'): Document {
  return { cursor: { [name]: new RawDocuments(batch.documents), id: batch.id, ns } }
}

/** The query that a `find` command (or one of its kind) asks for. */
export function readQuery(body: Document): Query {
  for (const option of UNSUPPORTED_FIND) {
    const value: unknown = body[option]
    if (typeof value === 'object' ? Object.keys(value ?? {}).length > 0 : truthy(value)) {
      throw mongoError(2, `the option ${option} is not supported by this database`)
    }
  }
  return {
    filter: documentField(body, 'filter') ?? {},
    sort: documentField(body, 'sort'),
    projection: documentField(body, 'projection'),
    skip: countField(body, 'skip'),
    limit: Math.abs(integerField(body, 'limit') ?? 0),
    hint: body.hint,
    let: variablesField(body),
    collation: collationField(body),
  }
}

const find: Command = (engine, call) => {
  const { body, db } = call
  const name = collectionName(call)
  const collection = readable(engine.catalog, db, name)
  const prepared = prepareQuery(engine.store, collection, readQuery(body))
  const ns = `${db}.${name}`
  const limit = integerField(body, 'limit') ?? 0
  const batch = engine.cursors.open(prepared.results(), {
    ns,
    collectionId: collection.id,
    batchSize: countField(body, 'batchSize'),
    single: truthy(body.singleBatch) || limit < 0,
    expires: !truthy(body.noCursorTimeout),
  })
  return cursorReply(batch, ns, 'firstBatch')
}

const getMore: Command = (engine, { body, db }) => {
  const ns = `${db}.${body.collection}`
  const batch = engine.cursors.more(longOf(body.getMore), ns, countField(body, 'batchSize'))
  return cursorReply(batch, ns, 'nextBatch')
}

const killCursors: Command = (engine, { body }) => {
  const ids = Array.isArray(body.cursors) ? body.cursors.map(longOf) : []
  const killed = ids.map(id => engine.cursors.kill(id))
  return {
    cursorsKilled: ids.filter((_, i) => killed[i]),
    cursorsNotFound: ids.filter((_, i) => !killed[i]),
    cursorsAlive: [],
    cursorsUnknown: [],
  }
}

function longOf(value: unknown): Long {
  if (Long.isLong(value)) return value
  if (typeRank(value) === ranks.number) return Long.fromNumber(Number(value))
  throw mongoError(14, 'a cursor id must be of type long')
}

const count: Command = (engine, call) => {
  const { body, db } = call
  const collection = engine.catalog.find(db, collectionName(call))
  const filter = documentField(body, 'query') ?? {}
  const skip = countField(body, 'skip') ?? 0
  const limit = Math.abs(integerField(body, 'limit') ?? 0)
  if (!collection) {
    prepareQuery(engine.store, readable(engine.catalog, db, 'none'), { filter })
    return { n: 0 }
  }
  if (Object.keys(filter).length === 0 && body.hint === undefined) {
    const rest = Math.max(0, engine.catalog.count(collection) - skip)
    return { n: limit > 0 ? Math.min(limit, rest) : rest }
  }
  const collation = collationField(body)
  const query = prepareQuery(engine.store, collection, { filter, skip, limit, hint: body.hint, collation })
  let n = 0
  for (const _ of query.documents()) n += 1
  return { n }
}

const distinct: Command = (engine, call) => {
  const { body, db } = call
  const collection = readable(engine.catalog, db, collectionName(call))
  const collation = collationField(body)
  const path: unknown = body.key
  if (typeof path !== 'string' || path === '')
    throw mongoError(14, "BSON field 'distinct.key' must be a string")
  const query = prepareQuery(engine.store, collection, {
    filter: documentField(body, 'query') ?? {},
    hint: body.hint,
    collation,
  })
  return { values: distinctValues(query.documents(), path, collation) }
}

function distinctValues(
  documents: Iterable<{ doc: Document }>,
  path: string,
  collation: Fold | undefined,
): unknown[] {
  const values = new Map<string, unknown>()
  for (const { doc } of documents) {
    for (const value of presentValues(doc, path)) {
      const compared = collation ? collation(value) : value
      const key = encodeKeyInfo([compared], [1], Number.MAX_SAFE_INTEGER).key.toString('latin1')
      if (!values.has(key)) values.set(key, value)
    }
  }
  const sorted = [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value)
  writeDocument({ values: sorted })
  return sorted
}

/** The values at a path without those that only stand for a missing field. */
function presentValues(doc: Document, path: string): unknown[] {
  const values = valuesAt(doc, path).filter(value => value !== undefined)
  if (!values.includes(null)) return values
  return isPresentNull(doc, path.split('.')) ? values : values.filter(value => value !== null)
}

function isPresentNull(value: unknown, parts: readonly string[]): boolean {
  if (Array.isArray(value)) {
    return value.some(item => (parts.length === 0 ? item === null : isPresentNull(item, parts)))
  }
  if (parts.length === 0) return value === null
  if (typeof value !== 'object' || value === null) return false
  const [first, ...rest] = parts
  return isPresentNull((value as Document)[first as string], rest)
}

export const queryCommands: Record<string, Command> = { find, getMore, killCursors, count, distinct }
