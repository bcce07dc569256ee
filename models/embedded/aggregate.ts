import type { Document } from 'bson'
import { compileBucket, compileGroup, wholeOperand } from './aggregate-group.ts'
import { compileLookup, setterOf } from './aggregate-lookup.ts'
import { compileSimpleStage, type SimpleStage, simpleStages } from './aggregate-simple.ts'
import { compileUnwind } from './aggregate-unwind.ts'
import { mongoError } from './errors.ts'
import { countOf } from './expression-numbers.ts'
import { compileMatch } from './match.ts'
import { compileMingoStage, mingoStages } from './mingo-stages.ts'
import { compileSort } from './sort.ts'
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
 * Runs an aggregation pipeline. Documents are read from `input` one by one; only stages that need all of them at once
 * (`$sort`, `$group` and the like) keep them.
 *
 * @throws MongoError for a stage or an expression that is wrong or not supported
 */
export function runPipeline(
  input: Iterable<Document>,
  pipeline: readonly Document[],
  context: PipelineContext,
): Document[] {
  return [...compilePipeline(pipeline, context)(input)]
}

/** Compiles a pipeline to one stage. */
export function compilePipeline(pipeline: readonly Document[], context: PipelineContext): Stage {
  const stages = pipeline.map((stage, i) => compileStage(stage, i, context))
  return input => stages.reduce<Iterable<Document>>((documents, stage) => stage(documents), input)
}

/** The name and the operand of a stage. */
function stageParts(stage: unknown): [name: string, operand: unknown] {
  const entries = isDocument(stage) ? Object.entries(stage) : []
  const [entry] = entries
  if (entry === undefined || entries.length > 1) {
    throw mongoError(40323, 'A pipeline stage specification object must contain exactly one field.')
  }
  return entry
}

function compileStage(stage: unknown, place: number, context: PipelineContext): Stage {
  const [name, operand] = stageParts(stage)
  if (Object.hasOwn(simpleStages, name)) {
    const change = compileSimpleStage(name as SimpleStage, operand, { variables: context.let })
    return function* (input) {
      for (const document of input) yield change(document)
    }
  }
  if (Object.hasOwn(stages, name)) return stages[name as keyof typeof stages](operand, context, place)
  if (mingoStages.has(name)) return compileMingoStage(name, operand, context)
  if (name === '$changeStream') {
    throw mongoError(40573, 'The $changeStream stage is only supported on replica sets')
  }
  if (name === '$out' || name === '$merge') {
    throw mongoError(40601, `${name} can only be the final stage in the pipeline`)
  }
  throw mongoError(40324, `Unrecognized pipeline stage name: '${name}'`)
}

function* limited(input: Iterable<Document>, limit: number): Generator<Document> {
  let count = 0
  for (const document of input) {
    yield document
    count += 1
    if (count === limit) return
  }
}

function* without(input: Iterable<Document>, skip: number): Generator<Document> {
  let count = 0
  for (const document of input) {
    if (count >= skip) yield document
    count += 1
  }
}

function count(operand: unknown): Stage {
  if (typeof operand !== 'string' || operand === '' || operand.startsWith('$') || operand.includes('.')) {
    throw mongoError(40156, 'the count field must be a non-empty string that is no path')
  }
  return function* (input) {
    let total = 0
    for (const _document of input) total += 1
    if (total > 0) yield { [operand]: countOf(total) }
  }
}

function facet(operand: unknown, context: PipelineContext): Stage {
  if (!isDocument(operand)) throw mongoError(40169, 'the $facet specification must be a non-empty object')
  const facets = Object.entries(operand).map(([name, pipeline]) => {
    if (!Array.isArray(pipeline)) throw mongoError(40170, 'arguments to $facet must be arrays')
    return [name, compilePipeline(pipeline, context)] as const
  })
  return function* (input) {
    const all = [...input]
    yield Object.fromEntries(facets.map(([name, run]) => [name, [...run(all)]]))
  }
}

function unionWith(operand: unknown, context: PipelineContext): Stage {
  const spec: Document = typeof operand === 'string' ? { coll: operand } : isDocument(operand) ? operand : {}
  const run = compilePipeline(Array.isArray(spec.pipeline) ? spec.pipeline : [], context)
  return function* (input) {
    yield* input
    yield* run(typeof spec.coll === 'string' ? context.collection(spec.coll) : [])
  }
}

function sample(operand: unknown): Stage {
  const size = wholeOperand('$sample', isDocument(operand) ? operand.size : undefined, 0)
  return input => {
    const all = [...input]
    for (let i = 0; i < Math.min(size, all.length); i += 1) {
      const other = i + Math.floor(Math.random() * (all.length - i))
      const taken = all[i] as Document
      all[i] = all[other] as Document
      all[other] = taken
    }
    return all.slice(0, size)
  }
}

const stages = {
  $match: (operand, context) => {
    if (!isDocument(operand)) throw mongoError(15959, 'the match filter must be an expression in an object')
    const matcher = compileMatch(operand, { let: context.let })
    return function* (input) {
      for (const document of input) if (matcher.test(document)) yield document
    }
  },
  $sort: operand => {
    if (!isDocument(operand)) throw mongoError(15973, 'the $sort key specification must be an object')
    const compare = compileSort(operand)
    return input => [...input].sort(compare)
  },
  $limit: operand => {
    const limit = wholeOperand('$limit', operand, 1)
    return input => limited(input, limit)
  },
  $skip: operand => {
    const skip = wholeOperand('$skip', operand, 0)
    return input => without(input, skip)
  },
  $group: (operand, context) => compileGroup(operand, { variables: context.let }),
  $bucket: (operand, context) => compileBucket(operand, { variables: context.let }),
  $sortByCount: (operand, context) => {
    const group = compileGroup({ _id: operand, count: { $sum: 1 } }, { variables: context.let })
    const compare = compileSort({ count: -1 })
    return input => group(input).sort(compare)
  },
  $unwind: operand => compileUnwind(operand, setterOf),
  $count: count,
  $facet: facet,
  $lookup: (operand, context) => compileLookup(operand, context, compilePipeline),
  $unionWith: unionWith,
  $sample: sample,
  $documents: (operand, _context, place) => {
    if (place > 0) throw mongoError(40602, '$documents is only valid as the first stage in a pipeline')
    if (!Array.isArray(operand)) throw mongoError(5858203, '$documents needs an array')
    return () => operand
  },
} as const satisfies Record<string, (operand: unknown, context: PipelineContext, place: number) => Stage>

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
  const take = (name: string): unknown => {
    const [first] = rest
    if (!isDocument(first) || !Object.hasOwn(first, name) || Object.keys(first).length !== 1) return undefined
    rest.shift()
    return first[name]
  }
  const filters: Document[] = []
  for (let filter = take('$match'); filter !== undefined; filter = take('$match')) {
    if (!isDocument(filter)) throw mongoError(15959, 'the match filter must be an expression in an object')
    filters.push(filter)
  }
  const filter =
    filters.length > 1 ? { $and: filters.filter(one => Object.keys(one).length > 0) } : filters[0]
  const sort = take('$sort')
  if (sort !== undefined && !isDocument(sort))
    throw mongoError(15973, 'the $sort key specification must be an object')
  const skip = take('$skip')
  const limit = take('$limit')
  return {
    filter: filter?.$and?.length === 0 ? {} : filter,
    sort,
    skip: skip === undefined ? undefined : wholeOperand('$skip', skip, 0),
    limit: limit === undefined ? undefined : wholeOperand('$limit', limit, 1),
    rest,
  }
}

/** The `$out` or `$merge` that ends a pipeline, with the stages before it; `undefined` when there is none. */
export function trailingWrite(
  pipeline: readonly Document[],
): { kind: '$out' | '$merge'; spec: unknown; before: Document[] } | undefined {
  const last = pipeline.at(-1)
  if (!isDocument(last)) return undefined
  const kind = (['$out', '$merge'] as const).find(name => Object.hasOwn(last, name))
  return kind === undefined ? undefined : { kind, spec: last[kind], before: pipeline.slice(0, -1) }
}
