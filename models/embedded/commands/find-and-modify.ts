import type { Document } from 'bson'
import { readDocument, writeDocument } from '../documents.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { truthy } from '../index-definition.ts'
import { compileMatch } from '../match.ts'
import { compileProjection } from '../project.ts'
import { RawDocument } from '../reply.ts'
import { type Change, type Changed, changeDocuments, firstTarget } from '../update-one.ts'
import {
  arrayField,
  type Call,
  type Command,
  collationField,
  collectionName,
  documentField,
  variablesField,
} from './command.ts'

const findAndModify: Command = (engine, call) => {
  const { body, db } = call
  const removes = truthy(body.remove)
  const returnsNew = truthy(body.new)
  if (removes && body.update !== undefined)
    throw mongoError(9, 'Cannot specify both an update and remove=true')
  if (removes && truthy(body.upsert)) throw mongoError(9, 'Cannot specify both upsert=true and remove=true')
  if (removes && returnsNew) {
    throw mongoError(
      9,
      "Cannot specify both new=true and remove=true; 'remove' always returns the deleted document",
    )
  }
  if (!removes && body.update === undefined) {
    throw mongoError(9, 'Either an update or remove=true must be specified')
  }
  const wanted = readWanted(call, db)
  const shape = projector(body, wanted.filter)
  return engine.store.write(() => {
    if (removes) return removeOne(engine, wanted, shape)
    const update = body.update as Document | Document[]
    const done = changeDocuments(engine, { ...wanted, update, multi: false, upsert: truthy(body.upsert) })
    const value = returnsNew ? done.after : done.before
    return { lastErrorObject: lastError(done), value: value ? shape(value) : null }
  })
}

type Wanted = Omit<Change, 'update' | 'multi' | 'upsert'>

function readWanted(call: Call, db: string): Wanted {
  return {
    db,
    name: collectionName(call),
    filter: documentField(call.body, 'query') ?? {},
    sort: documentField(call.body, 'sort'),
    hint: call.body.hint,
    collation: collationField(call.body),
    arrayFilters: arrayField(call.body, 'arrayFilters') as Document[] | undefined,
    let: variablesField(call.body),
  }
}

function removeOne(engine: Engine, wanted: Wanted, shape: (bytes: Uint8Array) => RawDocument): Document {
  const collection = engine.catalog.find(wanted.db, wanted.name)
  const found = collection && firstTarget(engine, collection, wanted)
  if (!found) return { lastErrorObject: { n: 0 }, value: null }
  engine.records.remove(collection, found)
  return { lastErrorObject: { n: 1 }, value: shape(found.bytes) }
}

function lastError(done: Changed): Document {
  if (!('upsertedId' in done)) return { n: done.matched, updatedExisting: done.matched > 0 }
  return { n: 1, updatedExisting: false, upserted: done.upsertedId }
}

/** How the answer shows a document: whole, or as the `fields` of the command project it. */
function projector(body: Document, filter: Document): (bytes: Uint8Array) => RawDocument {
  const fields = documentField(body, 'fields')
  if (!fields || Object.keys(fields).length === 0) return bytes => new RawDocument(bytes)
  const project = compileProjection(fields)
  const matcher = compileMatch(filter, { let: variablesField(body) })
  return bytes => {
    const doc = readDocument(bytes)
    return new RawDocument(writeDocument(project(doc, matcher.position(doc))))
  }
}

export const findAndModifyCommands: Record<string, Command> = { findAndModify, findandmodify: findAndModify }
