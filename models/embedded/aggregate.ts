import type { Document } from 'bson'
import { compileGroup } from './aggregate-group.ts'
import { compileLookup, compileUnwind } from './aggregate-lookup.ts'
import { compileSimpleStage, type SimpleStage, simpleStages } from './aggregate-simple.ts'
import { mongoError } from './errors.ts'
import { compileMatch } from './match.ts'
import { readNumber } from './numbers.ts'
import { inOrder, readSort } from './sort.ts'
import { isDocument } from './values.ts'

/** What a pipeline can reach besides its input. */
export interface PipelineContext {
  /** All documents of another collection of the same database; empty when there is none of that name. */
  collection(name: string): Iterable<Document>
  /** Values of `$$name`. */
  let?: Document | undefined
}

/** A compiled stage: takes documents and gives documents, none of which it changes. */
export type Stage = (input: Iterable<Document>) => Iterable<Document>

/**
 * Compiles a pipeline to one stage. It reads documents one by one; only stages that need all of them at once (`$sort`,
 * `$group` and the like) keep them.
 *
 * @throws MongoError for a stage or an expression that is wrong or not supported
 */
export function compilePipeline(pipeline: readonly unknown[], context: PipelineContext): Stage {
  const compiled = pipeline.map((stage, i) => compileStage(stage, i, context))
  return input => compiled.reduce<Iterable<Document>>((documents, stage) => stage(documents), input)
}

/** What `compilePipeline` is. */
export type CompilePipeline = typeof compilePipeline

/** The codes for stages that there are, but not here or not at this place; unknown ones have 40324. */
const refusals: Readonly<Record<string, number>> = { $changeStream: 40573, $out: 40601, $merge: 40601 }

function compileStage(stage: unknown, place: number, context: PipelineContext): Stage {
  const [[name, operand] = [''], ...more] = isDocument(stage) ? Object.entries(stage) : []
  if (name === '' || more.length > 0) {
    throw mongoError(40323, 'A pipeline stage specification object must contain exactly one field.')
  }
  if (Object.hasOwn(simpleStages, name)) {
    const change = compileSimpleStage(name as SimpleStage, operand, { variables: context.let })
    return function* (input) {
      for (const document of input) yield change(document)
    }
  }
  const compile = Object.hasOwn(stages, name) ? stages[name] : undefined
  if (compile !== undefined) return compile(operand, context, place)
  const code = Object.hasOwn(refusals, name) ? refusals[name] : undefined
  throw mongoError(code ?? 40324, `Unrecognized pipeline stage name, or not one for this place: '${name}'`)
}

/** The whole number that a stage such as `$limit` takes. */
function wholeOperand(name: string, operand: unknown, least: number): number {
  const whole = Number(readNumber(operand)?.value)
  if (Number.isInteger(whole) && whole >= least) return whole
  const code = Number.isInteger(whole) ? (least > 0 ? 15958 : 5107200) : 5107201
  throw mongoError(code, `invalid argument to ${name} stage: Expected an integer of at least ${least}`)
}

function* slice(input: Iterable<Document>, skip: number, limit: number): Generator<Document> {
  let count = 0
  for (const document of input) {
    if (count >= skip) yield document
    count += 1
    if (count >= limit) return
  }
}

function documentOf(code: number, operand: unknown): Document {
  if (isDocument(operand)) return operand
  throw mongoError(code, 'the specification of this stage must be an object')
}

function pipelineOf(operand: unknown, context: PipelineContext): Stage {
  if (Array.isArray(operand)) return compilePipeline(operand, context)
  throw mongoError(40170, 'a pipeline must be an array')
}

const stages: Readonly<Record<string, (operand: unknown, context: PipelineContext, place: number) => Stage>> =
  {
    $match: (operand, context) => {
      const matcher = compileMatch(documentOf(15959, operand), { let: context.let })
      return function* (input) {
        for (const document of input) if (matcher.test(document)) yield document
      }
    },
    $sort: operand => {
      const sort = readSort(documentOf(15973, operand))
      const itself = (document: Document) => document
      return input => inOrder(input, sort, itself, itself)
    },
    $limit: operand => {
      const limit = wholeOperand('$limit', operand, 1)
      return input => slice(input, 0, limit)
    },
    $skip: operand => {
      const skip = wholeOperand('$skip', operand, 0)
      return input => slice(input, skip, Number.POSITIVE_INFINITY)
    },
    $group: (operand, context) => compileGroup(operand, { variables: context.let }),
    $sortByCount: (operand, context) =>
      compilePipeline([{ $group: { _id: operand, count: { $sum: 1 } } }, { $sort: { count: -1 } }], context),
    $count: (operand, context) => {
      if (typeof operand === 'string' && /^[^$.][^.]*$/.test(operand)) {
        return compilePipeline(
          [{ $group: { _id: null, [operand]: { $sum: 1 } } }, { $unset: '_id' }],
          context,
        )
      }
      throw mongoError(40156, 'the count field must be a non-empty string that is no path')
    },
    $unwind: compileUnwind,
    $lookup: (operand, context) => compileLookup(operand, context, compilePipeline),
    $facet: (operand, context) => {
      const facets = Object.entries(documentOf(40169, operand))
      const runs = facets.map(([name, pipeline]) => [name, pipelineOf(pipeline, context)] as const)
      return function* (input) {
        const all = [...input]
        yield Object.fromEntries(runs.map(([name, run]) => [name, [...run(all)]]))
      }
    },
    $unionWith: (operand, context) => {
      const { coll, pipeline = [] } = isDocument(operand) ? operand : { coll: operand }
      const run = pipelineOf(pipeline, context)
      return function* (input) {
        yield* input
        yield* run(context.collection(String(coll)))
      }
    },
    $documents: (operand, _context, place) => {
      if (place === 0 && Array.isArray(operand)) return () => operand
      throw mongoError(40602, '$documents needs an array, and is only valid as the first stage in a pipeline')
    },
  }

/** The beginning of a pipeline in the words of a `find`, which indexes can serve, and the stages that are left. */
export interface LeadingQuery {
  filter: Document | undefined
  sort: Document | undefined
  skip: number | undefined
  limit: number | undefined
  rest: Document[]
}

/** Takes `$match` (several are joined by `$and`), `$sort`, `$skip` and `$limit`, in this order, off a pipeline. */
export function splitLeadingMatch(pipeline: readonly Document[]): LeadingQuery {
  const rest = [...pipeline]
  const take = <T>(name: string, read: (operand: unknown) => T): T | undefined => {
    const [first] = rest
    if (!isDocument(first) || Object.keys(first).join() !== name) return undefined
    rest.shift()
    return read(first[name])
  }
  const filters: Document[] = []
  const match = () => take('$match', operand => documentOf(15959, operand))
  for (let filter = match(); filter !== undefined; filter = match()) filters.push(filter)
  return {
    filter: filters.length > 1 ? { $and: filters } : filters[0],
    sort: take('$sort', operand => documentOf(15973, operand)),
    skip: take('$skip', operand => wholeOperand('$skip', operand, 0)),
    limit: take('$limit', operand => wholeOperand('$limit', operand, 1)),
    rest,
  }
}

/** The `$out` or `$merge` that ends a pipeline, with the stages before it; `undefined` when there is none. */
export function trailingWrite(
  pipeline: readonly Document[],
): { kind: '$out' | '$merge'; spec: unknown; before: Document[] } | undefined {
  const last = pipeline.at(-1)
  const kind = (['$out', '$merge'] as const).find(name => isDocument(last) && Object.hasOwn(last, name))
  return kind && { kind, spec: last?.[kind], before: pipeline.slice(0, -1) }
}
