import type { Document } from 'bson'
import { compileSimpleStage, type SimpleStage, simpleStages } from './aggregate-simple.ts'
import { mongoError } from './errors.ts'
import { isDocument } from './values.ts'

/**
 * Compiles an update that is a pipeline of `$set`, `$addFields`, `$unset`, `$project`, `$replaceRoot` and
 * `$replaceWith`. A result without `_id` keeps the one that the document had.
 *
 * @throws code 72 for any other stage
 */
export function compileUpdatePipeline(
  pipeline: readonly Document[],
  variables?: Document,
): (document: Document) => Document {
  const stages = pipeline.map(stage => {
    const [name = '', ...more] = isDocument(stage) ? Object.keys(stage) : []
    if (more.length > 0) {
      throw mongoError(40323, 'A pipeline stage specification object must contain exactly one field.')
    }
    if (!Object.hasOwn(simpleStages, name)) {
      throw mongoError(72, `${name} is not allowed to be used within an update`)
    }
    return compileSimpleStage(name as SimpleStage, stage[name], { variables })
  })
  return document => {
    const result = stages.reduce((changed, stage) => stage(changed), document)
    if (document._id === undefined || result._id !== undefined) return result
    return { _id: document._id, ...result }
  }
}
