import type { Document } from 'bson'
import { withId } from './documents.ts'
import type { Engine } from './engine.ts'
import { mongoError } from './errors.ts'
import { prepareQuery } from './find.ts'
import { targets } from './update-one.ts'
import { isDocument } from './values.ts'

/** The database and the collection that `$out` or `$merge` names. */
function targetOf(db: string, spec: unknown): [db: string, name: string] {
  if (typeof spec === 'string') return [db, spec]
  if (isDocument(spec) && typeof spec.coll === 'string') return [String(spec.db ?? db), spec.coll]
  throw mongoError(16990, 'the stage needs the name of a collection')
}

/**
 * Puts the results of a pipeline in the place of a collection's documents; its indexes stay. To be called inside
 * `store.write`, so that the old documents are there again when it throws.
 */
export function writeOut(engine: Engine, db: string, spec: unknown, results: Iterable<Document>): void {
  const target = targetOf(db, spec)
  const documents = [...results]
  const before = engine.catalog.ensure(...target)
  const all = prepareQuery(engine.store, before, { filter: {} })
  for (const old of targets(engine, before, all)) engine.records.remove(before, old)
  for (const doc of documents) engine.records.insert(engine.catalog.need(...target), doc)
}

/**
 * Merges the results of a pipeline into a collection by `_id`. To be called inside `store.write`. Throws MongoError 2
 * for other options than `into` and `whenMatched`, which is `merge` or `fail`; 11000 when an insertion fails.
 */
export function writeMerge(engine: Engine, db: string, spec: unknown, results: Iterable<Document>): void {
  const { into, whenMatched = 'merge', ...others } = isDocument(spec) ? spec : { into: spec }
  const target = targetOf(db, into)
  if (!['merge', 'fail'].includes(whenMatched) || Object.keys(others).length > 0)
    throw mongoError(2, 'this use of $merge is not supported by this database')
  for (const result of [...results]) {
    const doc = result._id === undefined ? withId(result) : result
    const collection = engine.catalog.ensure(...target)
    const same = { filter: { _id: { $eq: doc._id } } }
    const [old] = prepareQuery(engine.store, collection, same).documents()
    if (old && whenMatched === 'merge') engine.records.replace(collection, old, { ...old.doc, ...doc })
    else engine.records.insert(collection, doc)
  }
}
