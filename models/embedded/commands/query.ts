import type { Document } from 'bson'
import { compilePipeline, splitLeadingMatch, trailingWrite } from '../aggregate.ts'
import { type Collection, readable } from '../catalog.ts'
import { readCollation } from '../collation.ts'
import { MAX_DOCUMENT_BYTES, writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { compileExpression } from '../expression.ts'
import { type PreparedQuery, prepareQuery, type Query } from '../find.ts'
import { isTruthy } from '../match-operators.ts'
import { visitPath } from '../paths.ts'
import { writeMerge, writeOut } from '../pipeline-write.ts'
import { isDocument, valueKey } from '../values.ts'
import { type Call, type Command, collectionName, field, integer, isText, needed } from './command.ts'

/** What a command or a statement searches for; `filter` names the field with the filter. */
export function readQuery(body: Document, filter: string): Query {
  return {
    filter: field(body, filter, isDocument) ?? {},
    sort: field(body, 'sort', isDocument),
    projection: field(body, 'projection', isDocument),
    skip: integer(body, 'skip'),
    limit: Math.abs(integer(body, 'limit', Number.MIN_SAFE_INTEGER) ?? 0),
    hint: body.hint,
    let: readVariables(body),
    collation: readCollation(field(body, 'collation', isDocument)),
  }
}

/** The variables of a whole command: `NOW`, one moment for all of it, and its `let` with its expressions evaluated. */
export function readVariables(body: Document): Document {
  const variables: Document = { NOW: new Date() }
  const bound = Object.entries(field(body, 'let', isDocument) ?? {})
  const values = bound.map(([name, value]) => [name, compileExpression(value, { variables })({})])
  return { ...Object.fromEntries(values), ...variables }
}

/** A planned query with what it was planned from. */
export interface Lookup extends PreparedQuery {
  readonly collection: Collection
  readonly query: Query
}

/** Plans a query. A collection that does not exist is empty, whatever index is hinted at. */
export function lookUp(engine: Engine, db: string, name: string, asked: Query): Lookup {
  const collection = readable(engine.catalog, db, name)
  const query = collection.indexes.length === 0 ? { ...asked, hint: undefined } : asked
  return { collection, query, ...prepareQuery(engine.store, collection, query) }
}

/** How many documents a query finds; without a filter none is read. */
function countFound(engine: Engine, { collection, query, documents }: Lookup): number {
  const { filter, hint, skip = 0, limit } = query
  let n = 0
  if (hint !== undefined || Object.keys(filter).length > 0) for (const _ of documents()) n += 1
  else n = Math.min(limit || Number.POSITIVE_INFINITY, Math.max(0, engine.catalog.count(collection) - skip))
  return n
}

/** Answers with a cursor over results and with its first batch, as large as the command asks. */
export function openCursor(
  engine: Engine,
  { body }: Call,
  ns: string,
  results: Iterable<Uint8Array>,
): Document {
  const batchSize = integer(field(body, 'cursor', isDocument) ?? body, 'batchSize')
  const options = { ns, batchSize, single: isTruthy(body.singleBatch) }
  const { documents, id } = engine.cursors.open(results[Symbol.iterator](), options)
  return { cursor: { firstBatch: documents, id, ns } }
}

/** What the driver's `countDocuments` asks for after its `$match`, `$skip` and `$limit`. */
const COUNT = '[{"$group":{"_id":1,"n":{"$sum":1}}}]'

/**
 * Compiles a pipeline: `leading` is what an index can serve of it, `rest` the stages after that without the `$out` or
 * `$merge` at the end, which is `write`.
 */
export function preparePipeline(engine: Engine, { body, db }: Call) {
  const stages = needed(body, 'pipeline', Array.isArray)
  if (!stages.every(isDocument)) throw mongoError(14, "'pipeline' must be an array of documents")
  const write = trailingWrite(stages)
  const { rest, filter, ...order } = splitLeadingMatch(write?.before ?? stages)
  const query = { ...readQuery(body, 'filter'), ...order, filter: filter ?? {} }
  const leading = lookUp(engine, db, isText(body.aggregate) ? body.aggregate : '', query)
  const contents = (found: Lookup) => mapped(found.documents(), ({ doc }) => doc)
  // Sessions are not kept here: the one that asks is all there is to list.
  const session = rest[0]?.$listLocalSessions && { _id: body.lsid ?? null, lastUse: new Date() }
  const run = compilePipeline(session ? rest.slice(1) : rest, {
    collection: (other, filter) => contents(lookUp(engine, db, other, { filter })),
    let: query.let,
  })
  if (JSON.stringify(rest) === COUNT) {
    const counted = (n: number) => (n > 0 ? [{ _id: 1, n }] : [])
    return { leading, rest, write, documents: () => counted(countFound(engine, leading)) }
  }
  if (query.collation && rest.length > 0) {
    throw mongoError(2, 'a collation beyond the first $match and $sort is not supported by this database')
  }
  return { leading, rest, write, documents: () => run(session ? [session] : contents(leading)) }
}

function* mapped<T, U>(items: Iterable<T>, to: (item: T) => U): Generator<U> {
  for (const item of items) yield to(item)
}

export const queryCommands: Record<string, Command> = {
  find(engine, call) {
    const name = collectionName(call)
    integer(call.body, 'limit')
    const { results } = lookUp(engine, call.db, name, readQuery(call.body, 'filter'))
    return openCursor(engine, call, `${call.db}.${name}`, results())
  },
  getMore(engine, { body, db }) {
    const ns = `${db}.${needed(body, 'collection', isText)}`
    const { documents, id } = engine.cursors.more(String(body.getMore), ns, integer(body, 'batchSize'))
    return { cursor: { nextBatch: documents, id, ns } }
  },
  killCursors(engine, { body }) {
    const ids = needed(body, 'cursors', Array.isArray)
    const cursorsKilled = ids.filter(id => engine.cursors.kill(String(id)))
    const cursorsNotFound = ids.filter(id => !cursorsKilled.includes(id))
    return { cursorsKilled, cursorsNotFound, cursorsAlive: [], cursorsUnknown: [] }
  },
  count(engine, call) {
    const query = readQuery(call.body, 'query')
    return { n: countFound(engine, lookUp(engine, call.db, collectionName(call), query)) }
  },
  distinct(engine, call) {
    const path = needed(call.body, 'key', isText).split('.')
    const asked = readQuery(call.body, 'query')
    const { query, documents } = lookUp(engine, call.db, collectionName(call), asked)
    const values = new Map<string, unknown>()
    let bytes = 0
    const add = (value: unknown): void => {
      const key = valueKey(query.collation ? query.collation(value) : value).toString('latin1')
      if (value === undefined || values.has(key)) return
      values.set(key, value)
      bytes += key.length
      if (bytes > MAX_DOCUMENT_BYTES) throw mongoError(17217, 'distinct too big, 16mb cap')
    }
    for (const { doc } of documents()) {
      visitPath(doc, path, false, value => {
        for (const one of Array.isArray(value) ? value : [value]) add(one)
        return false
      })
    }
    return { values: [...values].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, value]) => value) }
  },
  aggregate(engine, call) {
    const { body, db } = call
    if (!field(body, 'cursor', isDocument)) throw mongoError(9, "The 'cursor' option is required")
    const ns = `${db}.${isText(body.aggregate) ? body.aggregate : '$cmd.aggregate'}`
    const { leading, rest, documents, write } = preparePipeline(engine, call)
    if (!write) {
      const results = rest.length > 0 ? mapped(documents(), writeDocument) : leading.results()
      return openCursor(engine, call, ns, results)
    }
    return engine.store.write(() => {
      const into = write.kind === '$out' ? writeOut : writeMerge
      into(engine, db, write.spec, preparePipeline(engine, call).documents())
      return openCursor(engine, call, ns, [])
    })
  },
}
