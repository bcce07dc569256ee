import type { Document } from 'bson'
import { Aggregator } from 'mingo/aggregator'
import { Context } from 'mingo/core'
import * as accumulators from 'mingo/operators/accumulator'
import * as expressions from 'mingo/operators/expression'
import * as stages from 'mingo/operators/pipeline'
import * as queries from 'mingo/operators/query'
import type { PipelineContext, Stage } from './aggregate.ts'
import { mongoError } from './errors.ts'
import { fromPlain, mingoOptions, toPlain } from './mingo.ts'

/** The stages that are left to mingo, expressions in them included. */
export const mingoStages: ReadonlySet<string> = new Set(['$bucketAuto', '$graphLookup', '$redact'])

let context: Context | undefined

function allOperators(): Context {
  context ??= Context.init({
    accumulator: { ...accumulators } as never,
    expression: { ...expressions } as never,
    pipeline: { ...stages } as never,
    query: { ...queries } as never,
  })
  return context
}

/**
 * Compiles a stage that mingo runs. Numbers lose their kind on the way, as `mingoOperator` says.
 *
 * @throws when it runs, code 2 with mingo's reason
 */
export function compileMingoStage(
  name: string,
  operand: unknown,
  { collection, let: variables }: PipelineContext,
): Stage {
  return input => {
    const options = {
      ...mingoOptions(allOperators()),
      collectionResolver: (from: string) => [...collection(from)].map(plainDocument),
      ...(variables === undefined ? {} : { variables: plainDocument(variables) }),
    }
    try {
      const aggregator = new Aggregator([{ [name]: toPlain(operand) }], options)
      return aggregator.run([...input].map(plainDocument)).map(document => fromPlain(document) as Document)
    } catch (cause) {
      const error = mongoError(2, `Failed to run ${name}: ${(cause as Error).message}`)
      error.cause = cause
      throw error
    }
  }
}

const plainDocument = (document: Document) => toPlain(document) as Document
