import type { Document } from 'bson'
import { readDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { MongoError, mongoError } from '../errors.ts'
import { prepareQuery, type Query } from '../find.ts'
import { compileMatch } from '../match.ts'
import { isTruthy } from '../match-operators.ts'
import { compileProjection } from '../project.ts'
import { type Change, type Changed, changeDocuments, targets } from '../update-one.ts'
import { isDocument } from '../values.ts'
import { type Call, type Command, collectionName, field, integer, needed } from './command.ts'
import { readQuery, readVariables } from './query.ts'

/** So many errors of one command are told with their message. */
const TOLD_ERRORS = 1000

/** Runs statements one by one and adds up what they did; errors are listed, and end it when it is ordered. */
function runStatements<T>(body: Document, statements: readonly T[], run: (one: T, index: number) => Changed) {
  const ordered = body.ordered === undefined || isTruthy(body.ordered)
  const [upserted, writeErrors]: [Document[], Document[]] = [[], []]
  let [n, nModified] = [0, 0]
  for (const [index, statement] of statements.entries()) {
    try {
      const done = run(statement, index)
      n += done.matched
      nModified += done.modified
      if ('upsertedId' in done) upserted.push({ index, _id: done.upsertedId })
    } catch (error) {
      if (!(error instanceof MongoError)) throw error
      // Of very many only the codes, so that they fit into the answer.
      const told =
        writeErrors.length < TOLD_ERRORS ? { ...error.extra, errmsg: error.message } : { errmsg: '' }
      writeErrors.push({ index, code: error.code, ...told })
      if (ordered) break
    }
  }
  return {
    n: n + upserted.length,
    ...(body.update && { nModified }),
    ...(upserted.length > 0 && { upserted }),
    ...(writeErrors.length > 0 && { writeErrors }),
  }
}

/** The documents of a write command, from its document sequence or its body. Throws MongoError 16 for none. */
function documentsOf({ body, sequences }: Call, name: string): Document[] {
  const list = sequences.get(name)?.map(readDocument) ?? needed(body, name, Array.isArray)
  if (!list.every(isDocument)) throw mongoError(14, `the elements of '${name}' must be documents`)
  if (list.length > 0) return list
  throw mongoError(16, `a write needs at least one of '${name}'`)
}

/** Reads the statements of `update` or `delete`. The limit of each query is 1 or 0, which is all. */
export function readStatements(call: Call, name: 'updates' | 'deletes'): { body: Document; query: Query }[] {
  const variables = readVariables(call.body)
  return documentsOf(call, name).map(body => {
    if (body.sort !== undefined) throw mongoError(40415, `BSON field '${name}.sort' is an unknown field.`)
    needed(body, 'q', isDocument)
    const limit = name === 'updates' ? Number(!isTruthy(body.multi)) : integer(body, 'limit')
    if (limit === 0 || limit === 1) return { body, query: { ...readQuery(body, 'q'), let: variables, limit } }
    throw mongoError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`)
  })
}

function readChange(call: Call, body: Document, update: unknown, query: Query): Change {
  if (!Array.isArray(update) && !isDocument(update)) {
    throw mongoError(9, 'Update argument must be either an object or an array')
  }
  const arrayFilters: Document[] | undefined = field(body, 'arrayFilters', Array.isArray)
  const where = { db: call.db, name: collectionName(call) }
  return { ...query, ...where, update, upsert: isTruthy(body.upsert), arrayFilters }
}

/** Removes what a query finds, all or the first. */
function removeFound(engine: Engine, call: Call, query: Query): Changed {
  const collection = engine.catalog.find(call.db, collectionName(call))
  let done: Changed = { matched: 0, modified: 0 }
  if (!collection) return done
  for (const target of targets(engine, collection, prepareQuery(engine.store, collection, query))) {
    engine.records.remove(collection, target)
    done = { matched: done.matched + 1, modified: 0, before: target.bytes }
  }
  return done
}

/** How the answer shows a document: as it is stored, or as the `fields` of the command project it. */
function projector(fields: Document, { filter, let: variables }: Query) {
  if (Object.keys(fields).length === 0) return (bytes?: Uint8Array) => bytes ?? null
  const project = compileProjection(fields, { variables })
  const matcher = compileMatch(filter, { let: variables })
  return (bytes?: Uint8Array): Document | null => {
    const doc = bytes && readDocument(bytes)
    return doc ? project(doc, matcher.position(doc)) : null
  }
}

const findAndModify: Command = (engine, call) => {
  const { body } = call
  const [removes, upserts, showsNew] = [isTruthy(body.remove), isTruthy(body.upsert), isTruthy(body.new)]
  if (removes === (body.update !== undefined) || (removes && (upserts || showsNew))) {
    throw mongoError(9, 'either an update or remove=true is needed, the latter without upsert and new')
  }
  const query = { ...readQuery(body, 'query'), limit: 1 }
  const change = removes ? undefined : readChange(call, body, body.update, query)
  const show = projector(field(body, 'fields', isDocument) ?? {}, query)
  return engine.store.write(() => {
    const done = change ? changeDocuments(engine, change) : removeFound(engine, call, query)
    const upserted = 'upsertedId' in done ? { upserted: done.upsertedId } : {}
    const n = 'upsertedId' in done ? 1 : done.matched
    const lastErrorObject = { n, ...(change && { updatedExisting: done.matched > 0 }), ...upserted }
    return { lastErrorObject, value: show(showsNew ? done.after : done.before) }
  })
}

export const writeCommands: Record<string, Command> = {
  insert(engine, call) {
    const name = collectionName(call)
    const documents = documentsOf(call, 'documents')
    const raw = call.sequences.get('documents')
    return engine.store.write(() => {
      engine.catalog.ensure(call.db, name)
      return runStatements(call.body, documents, (doc, i) => {
        engine.records.insert(engine.catalog.need(call.db, name), doc, raw?.[i])
        return { matched: 1, modified: 0 }
      })
    })
  },
  update(engine, call) {
    const statements = readStatements(call, 'updates')
    const changes = statements.map(({ body, query }) => readChange(call, body, body.u, query))
    return engine.store.write(() => runStatements(call.body, changes, one => changeDocuments(engine, one)))
  },
  delete(engine, call) {
    const queries = readStatements(call, 'deletes').map(({ query }) => query)
    return engine.store.write(() => runStatements(call.body, queries, one => removeFound(engine, call, one)))
  },
  findAndModify,
}
