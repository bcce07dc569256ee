import type { Document } from 'bson'
import { compilePipeline, type LeadingQuery, splitLeadingMatch, trailingWrite } from '../aggregate.ts'
import { type Collection, documentRange, readable } from '../catalog.ts'
import { readDocument, writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { type PreparedQuery, prepareQuery } from '../find.ts'
import { truthy } from '../index-definition.ts'
import { writeMerge, writeOut } from '../pipeline-write.ts'
import { RawDocuments } from '../reply.ts'
import { type Examined, readRange } from '../scan.ts'

import { isDocument, ranks, typeRank } from '../values.ts'
import {
  arrayField,
  type Call,
  type Command,
  collationField,
  countField,
  documentField,
  variablesField,
} from './command.ts'
import { explainAggregate } from './explain.ts'
import { cursorReply } from './query.ts'

/** A pipeline over a collection, split into what an index can serve and the stages that are left. */
export interface PreparedPipeline {
  readonly collection: Collection
  readonly leading: PreparedQuery
  readonly rest: Document[]
  results(examined?: Examined): Iterable<Document>
  /** The same as BSON; documents that no stage has touched are taken as they are stored. */
  bytes(examined?: Examined): Iterable<Uint8Array>
}

/** Compiles a pipeline and plans its beginning. `pipeline` must not end in `$out` or `$merge`. */
export function preparePipeline(engine: Engine, call: Call, pipeline: readonly Document[]): PreparedPipeline {
  const { body, db } = call
  const name: unknown = Object.values(body)[0]
  const collection = readable(engine.catalog, db, typeof name === 'string' ? name : '')
  const variables = variablesField(body)
  const collation = collationField(body)
  const split = splitLeadingMatch(pipeline)
  const leading = prepareQuery(engine.store, collection, {
    filter: split.filter ?? {},
    sort: split.sort,
    skip: split.skip,
    limit: split.limit,
    hint: body.hint,
    let: variables,
    collation,
  })
  const counted = countOnly(engine, collection, split)
  if (collation && split.rest.length > 0 && !counted) {
    throw mongoError(2, 'a collation beyond the first $match and $sort is not supported by this database')
  }
  const run = compilePipeline(split.rest, {
    collection: other => allDocuments(engine, engine.catalog.find(db, other)),
    ...(variables ? { let: variables } : {}),
  })
  const results = (examined?: Examined) => run(documentsOf(leading, examined))
  return {
    collection,
    leading,
    rest: split.rest,
    results,
    bytes(examined) {
      if (split.rest.length === 0) return leading.results(examined)
      if (counted && !examined) return counted(leading)
      return encode(results(examined))
    },
  }
}

function* documentsOf(query: PreparedQuery, examined?: Examined): Generator<Document> {
  for (const found of query.documents(examined)) yield found.doc
}

function* encode(documents: Iterable<Document>): Generator<Uint8Array> {
  for (const doc of documents) yield writeDocument(doc)
}

function* allDocuments(engine: Engine, collection: Collection | undefined): Generator<Document> {
  if (!collection) return
  for (const { value } of readRange(engine.store, documentRange(collection))) yield readDocument(value)
}

/**
 * The pipeline of `countDocuments`, a `$group` that only counts, without reading more of the documents than the filter
 * needs; undefined when the pipeline is another.
 */
function countOnly(
  engine: Engine,
  collection: Collection,
  split: LeadingQuery,
): ((query: PreparedQuery) => Iterable<Uint8Array>) | undefined {
  const group: unknown = split.rest.length === 1 ? split.rest[0]?.$group : undefined
  if (!isDocument(group) || Object.keys(group).join() !== '_id,n') return undefined
  const sum: unknown =
    isDocument(group.n) && Object.keys(group.n).join() === '$sum' ? group.n.$sum : undefined
  const constant = typeRank(group._id) === ranks.number || group._id === null
  if (!constant || typeRank(sum) !== ranks.number || Number(sum) !== 1) return undefined
  const all = Object.keys(split.filter ?? {}).length === 0 && split.limit === undefined && !split.skip
  return function* (query) {
    let n = 0
    if (all) n = engine.catalog.count(collection)
    else for (const _ of query.documents()) n += 1
    if (n > 0) yield writeDocument({ _id: group._id, n })
  }
}

const aggregate: Command = (engine, call) => {
  const { body, db } = call
  const pipeline = pipelineOf(body)
  if (truthy(body.explain)) return explainAggregate(engine, call, 'queryPlanner')
  const cursor = documentField(body, 'cursor')
  if (!cursor)
    throw mongoError(9, "The 'cursor' option is required, except for aggregate with the explain argument")
  const name: unknown = Object.values(body)[0]
  const ns = typeof name === 'string' ? `${db}.${name}` : `${db}.$cmd.aggregate`
  const write = trailingWrite(pipeline)
  if (write) {
    return engine.store.write(() => {
      const { results } = preparePipeline(engine, call, write.before)
      const into = write.kind === '$out' ? writeOut : writeMerge
      into(engine, db, write.spec, results())
      return { cursor: { firstBatch: new RawDocuments([]), id: 0n, ns } }
    })
  }
  const prepared = preparePipeline(engine, call, pipeline)
  const batch = engine.cursors.open(prepared.bytes()[Symbol.iterator](), {
    ns,
    collectionId: prepared.collection.id,
    batchSize: countField(cursor, 'batchSize'),
  })
  return cursorReply(batch, ns, 'firstBatch')
}

/** The stages of an `aggregate` command. Throws MongoError 14 when they are no array of documents. */
export function pipelineOf(body: Document): Document[] {
  const stages = arrayField(body, 'pipeline')
  if (!stages?.every(isDocument)) throw mongoError(14, "'pipeline' must be an array of documents")
  return stages.map(stage => (stage.$listLocalSessions ? ownSession(body) : stage))
}

/** Sessions are not kept here: the one that asks is all there is to list. */
function ownSession(body: Document): Document {
  return { $documents: [{ _id: body.lsid ?? null, lastUse: new Date() }] }
}

export const aggregateCommands: Record<string, Command> = { aggregate }
