import type { Document } from 'bson'
import { readDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { MongoError, mongoError } from '../errors.ts'
import { truthy } from '../index-definition.ts'
import type { SearchRequest } from '../search.ts'
import { allTargets, type Change, changeDocuments, firstTarget } from '../update-one.ts'
import { isDocument } from '../values.ts'
import {
  arrayField,
  type Call,
  type Command,
  collationField,
  collectionName,
  documentField,
  integerField,
  variablesField,
} from './command.ts'

const MAX_BATCH = 100_000

/** Runs the statements of a write command one by one; errors are listed, and end it only when it is ordered. */
function runStatements<T>(
  body: Document,
  statements: readonly T[],
  run: (statement: T, index: number) => void,
): { writeErrors?: Document[] } {
  if (statements.length === 0 || statements.length > MAX_BATCH) {
    throw mongoError(
      16,
      `Write batch sizes must be between 1 and ${MAX_BATCH}. Got ${statements.length} operations.`,
    )
  }
  const ordered = body.ordered === undefined || truthy(body.ordered)
  const writeErrors: Document[] = []
  for (const [index, statement] of statements.entries()) {
    try {
      run(statement, index)
    } catch (error) {
      if (!(error instanceof MongoError)) throw error
      writeErrors.push({ index, code: error.code, ...error.extra, errmsg: error.message })
      if (ordered) break
    }
  }
  return writeErrors.length > 0 ? { writeErrors } : {}
}

/** The statements of a command, from its document sequence or its body. */
function statementsOf(call: Call, name: string): Document[] {
  const sequence = call.sequences.get(name)
  if (sequence) return sequence.map(readDocument)
  const list = arrayField(call.body, name)
  if (!list) throw mongoError(40414, `BSON field '${name}' is missing but a required field`)
  return list.map(item => {
    if (!isDocument(item)) throw mongoError(14, `the elements of '${name}' must be documents`)
    return item
  })
}

const insert: Command = (engine, call) => {
  const name = collectionName(call)
  const documents = statementsOf(call, 'documents')
  const raw = call.sequences.get('documents')
  return engine.store.write(() => {
    let n = 0
    engine.catalog.ensure(call.db, name)
    const errors = runStatements(call.body, documents, (doc, i) => {
      engine.records.insert(engine.catalog.need(call.db, name), doc, raw?.[i])
      n += 1
    })
    return { n, ...errors }
  })
}

const update: Command = (engine, call) => {
  const name = collectionName(call)
  const variables = variablesField(call.body)
  const changes = statementsOf(call, 'updates').map(statement =>
    readChange(call.db, name, statement, variables),
  )
  return engine.store.write(() => {
    let n = 0
    let nModified = 0
    const upserted: Document[] = []
    const errors = runStatements(call.body, changes, (change, index) => {
      const done = changeDocuments(engine, change)
      n += done.matched
      nModified += done.modified
      if ('upsertedId' in done) {
        n += 1
        upserted.push({ index, _id: done.upsertedId })
      }
    })
    return { n, nModified, ...(upserted.length > 0 ? { upserted } : {}), ...errors }
  })
}

function readChange(db: string, name: string, statement: Document, variables: Document | undefined): Change {
  const multi = truthy(statement.multi)
  if (statement.sort !== undefined) {
    throw mongoError(40415, "BSON field 'update.updates.sort' is an unknown field.")
  }
  return {
    db,
    name,
    filter: documentField(statement, 'q') ?? {},
    update: updateOf(statement.u),
    multi,
    upsert: truthy(statement.upsert),
    hint: statement.hint,
    collation: collationField(statement),
    arrayFilters: arrayField(statement, 'arrayFilters') as Document[] | undefined,
    let: { ...variables, ...documentField(statement, 'c') },
  }
}

function updateOf(value: unknown): Document | Document[] {
  if (Array.isArray(value) || isDocument(value)) return value as Document | Document[]
  throw mongoError(9, 'Update argument must be either an object or an array')
}

const remove: Command = (engine, call) => {
  const name = collectionName(call)
  const variables = variablesField(call.body)
  const statements = statementsOf(call, 'deletes')
  return engine.store.write(() => {
    let n = 0
    const errors = runStatements(call.body, statements, statement => {
      const limit = integerField(statement, 'limit')
      if (limit !== 0 && limit !== 1) {
        throw mongoError(9, `The limit field in delete objects must be 0 or 1. Got ${limit}`)
      }
      const wanted = {
        filter: documentField(statement, 'q') ?? {},
        hint: statement.hint,
        let: variables,
        collation: collationField(statement),
      }
      n += removeDocuments(engine, call.db, name, wanted, limit === 1)
    })
    return { n, ...errors }
  })
}

function removeDocuments(
  engine: Engine,
  db: string,
  name: string,
  wanted: SearchRequest,
  single: boolean,
): number {
  const collection = engine.catalog.find(db, name)
  if (!collection) return 0
  const first = single ? firstTarget(engine, collection, wanted) : undefined
  const found = single ? (first ? [first] : []) : allTargets(engine, collection, wanted)
  let n = 0
  for (const one of found) {
    engine.records.remove(collection, one)
    n += 1
  }
  return n
}

export const writeCommands: Record<string, Command> = { insert, update, delete: remove }
