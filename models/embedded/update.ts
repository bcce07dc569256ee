import { type Document, serialize } from 'bson'
import { mongoError } from './errors.ts'
import { describe } from './types.ts'
import { copyOf } from './update-path.ts'
import { compileUpdatePipeline } from './update-pipeline.ts'
import { operatorUpdate } from './update-steps.ts'
import { equalValues } from './values.ts'

/** What an update needs to know besides the document. */
export interface UpdateContext {
  /** The place that the positional `$` stands for (`Matcher.position`). */
  position?: number | undefined
  /** Whether the document is about to be inserted by an upsert: only then `$setOnInsert` works. */
  insert: boolean
}

/** A compiled update. */
export interface Updater {
  kind: 'replace' | 'operators' | 'pipeline'
  /**
   * The changed document; the one given stays as it is. `modified` is false when not a byte has changed.
   *
   * @throws MongoError where the document does not allow the update, and code 66 where it would change `_id`
   */
  apply(document: Document, context: UpdateContext): { doc: Document; modified: boolean }
}

/** Settings of an update command that its meaning depends on. */
export interface UpdateOptions {
  arrayFilters?: readonly Document[] | undefined
  let?: Document | undefined
}

/**
 * Compiles a replacement, an update by operators, or an aggregation pipeline.
 *
 * @throws code 9 for an unknown operator, 40 for two changes of one path, 2, 14, 52 and 56 for what an operator or a
 *   path may not be
 */
export function compileUpdate(update: Document | readonly Document[], options: UpdateOptions = {}): Updater {
  if (Array.isArray(update)) {
    if (options.arrayFilters !== undefined && options.arrayFilters.length > 0) {
      throw mongoError(9, 'arrayFilters may not be specified for pipeline-style updates')
    }
    const run = compileUpdatePipeline(update, options.let)
    return updater('pipeline', document => run(document))
  }
  const first = Object.keys(update)[0]
  if (first?.startsWith('$') !== true) return updater('replace', replacement(update))
  return updater('operators', operatorUpdate(update, options))
}

function updater(
  kind: Updater['kind'],
  change: (document: Document, context: UpdateContext) => Document,
): Updater {
  return {
    kind,
    apply: (document, context) => {
      const doc = change(document, context)
      if (document._id !== undefined && !equalValues(document._id, doc._id)) {
        const altered = `was found to have been altered to _id: ${describe(doc._id)}`
        throw mongoError(
          66,
          kind === 'operators'
            ? "Performing an update on the path '_id' would modify the immutable field '_id'"
            : `After applying the update, the (immutable) field '_id' ${altered}`,
        )
      }
      return { doc, modified: Buffer.compare(serialize(document), serialize(doc)) !== 0 }
    },
  }
}

function replacement(update: Document): (document: Document) => Document {
  const dollar = Object.keys(update).find(name => name.startsWith('$'))
  if (dollar !== undefined) {
    throw mongoError(52, `The dollar ($) prefixed field '${dollar}' in '${dollar}' is not valid for storage.`)
  }
  return document => {
    const { _id = document._id, ...fields } = update
    return copyOf(_id === undefined ? fields : { _id, ...fields })
  }
}
