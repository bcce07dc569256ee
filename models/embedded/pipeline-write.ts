import type { Document } from 'bson'
import { documentRange } from './catalog.ts'
import { withId } from './documents.ts'
import type { Engine } from './engine.ts'
import { MongoError, mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import type { Stored } from './records.ts'
import { compileUpdate } from './update.ts'
import { firstTarget } from './update-one.ts'
import { isDocument } from './values.ts'

interface Target {
  readonly db: string
  readonly name: string
}

/**
 * Puts the results of a pipeline in the place of a collection's documents; its indexes stay. To be called inside
 * `store.write`, so that the old documents are there again when it throws.
 */
export function writeOut(engine: Engine, db: string, spec: unknown, results: Iterable<Document>): void {
  const target = targetOf(db, spec, '$out')
  const documents = [...results]
  const before = engine.catalog.ensure(target.db, target.name)
  const count = engine.catalog.count(before)
  engine.store.removeRange(documentRange(before))
  engine.catalog.clearIndexes(before)
  engine.catalog.adjustCount(before, -count)
  for (const doc of documents) engine.records.insert(engine.catalog.need(target.db, target.name), doc)
}

/** What `$merge` does with a result that has a counterpart. */
type WhenMatched = (old: Stored, result: Document) => Document | undefined

/**
 * Merges the results of a pipeline into a collection as `$merge` describes it. To be called inside `store.write`.
 * Throws MongoError 51183 when the `on` fields have no unique index, 11000 or 13113 where `fail` is asked for.
 */
export function writeMerge(engine: Engine, db: string, spec: unknown, results: Iterable<Document>): void {
  const options: Document = isDocument(spec) ? spec : { into: spec }
  const target = targetOf(db, options.into, '$merge')
  const on = options.on === undefined ? ['_id'] : ([options.on].flat() as string[])
  const matched = whenMatched(options)
  const documents = [...results]
  checkOnFields(engine, target, on)
  for (const result of documents) {
    const collection = engine.catalog.ensure(target.db, target.name)
    const doc = result._id === undefined ? withId(result) : result
    const filter = Object.fromEntries(on.map(path => [path, { $eq: onValue(doc, path) }]))
    const old = firstTarget(engine, collection, { filter })
    if (!old) insertUnmatched(engine, target, doc, options.whenNotMatched ?? 'insert')
    else {
      const changed = matched(old, result)
      if (changed) engine.records.replace(collection, old, { ...changed, _id: old.doc._id })
    }
  }
}

function insertUnmatched(engine: Engine, target: Target, doc: Document, mode: unknown): void {
  if (mode === 'discard') return
  if (mode === 'fail') {
    throw new MongoError(
      13113,
      'MergeStageNoMatchingDocument',
      '$merge could not find a matching document in the target collection',
    )
  }
  if (mode !== 'insert') throw mongoError(2, `Enumeration value '${mode}' for whenNotMatched is not valid`)
  engine.records.insert(engine.catalog.need(target.db, target.name), doc)
}

function whenMatched(options: Document): WhenMatched {
  const mode: unknown = options.whenMatched ?? 'merge'
  if (Array.isArray(mode)) return pipelineMatched(mode, options.let)
  switch (mode) {
    case 'replace':
      return (_old, result) => result
    case 'keepExisting':
      return () => undefined
    case 'merge':
      return (old, result) => ({ ...old.doc, ...result })
    case 'fail':
      return old => {
        throw mongoError(11000, '$merge found a matching document', {
          keyPattern: { _id: 1 },
          keyValue: { _id: old.doc._id },
        })
      }
    default:
      throw mongoError(2, `Enumeration value '${mode}' for whenMatched is not valid`)
  }
}

function pipelineMatched(pipeline: Document[], variables: unknown): WhenMatched {
  const named = isDocument(variables) ? variables : { new: '$$ROOT' }
  const computed = Object.entries(named).map(([name, value]) => [name, compileExpression(value, {})] as const)
  return (old, result) => {
    const values = computed.map(([name, value]) => [name, value(result)])
    return compileUpdate(pipeline, { let: { new: result, ...Object.fromEntries(values) } }).apply(old.doc, {
      insert: false,
    }).doc
  }
}

function checkOnFields(engine: Engine, target: Target, on: readonly string[]): void {
  if (on.length === 1 && on[0] === '_id') return
  const wanted = [...on].sort().join('\0')
  const indexes = engine.catalog.find(target.db, target.name)?.indexes ?? []
  const found = indexes.some(
    index =>
      index.unique &&
      !index.partial &&
      index.fields
        .map(field => field.path)
        .sort()
        .join('\0') === wanted,
  )
  if (!found) throw mongoError(51183, 'Cannot find index to verify that join fields will be unique')
}

function onValue(doc: Document, path: string): unknown {
  const value = path.split('.').reduce<unknown>((at, part) => (isDocument(at) ? at[part] : undefined), doc)
  if (value === undefined || value === null || Array.isArray(value)) {
    throw mongoError(51132, '$merge write error: the on fields cannot be missing, null or an array')
  }
  return value
}

function targetOf(db: string, spec: unknown, stage: string): Target {
  if (typeof spec === 'string') return { db, name: spec }
  if (isDocument(spec) && typeof spec.coll === 'string') return { db: spec.db ?? db, name: spec.coll }
  throw mongoError(16990, `${stage} needs the name of a collection`)
}
