import type { Document } from 'bson'
import { compileGroup } from './aggregate-group.ts'
import { compileLookup, compileUnwind } from './aggregate-lookup.ts'
import { mongoError } from './errors.ts'
import { compileExpression, type ExpressionOptions } from './expression.ts'
import { compileMatch } from './match.ts'
import { readNumber } from './numbers.ts'
import { compileAddFields, compileProjection } from './project.ts'
import { inOrder, readSort } from './sort.ts'
import { describe } from './types.ts'
import { isDocument } from './values.ts'

/** What a pipeline can reach besides its input. */
export interface PipelineContext {
  /** What a filter finds in another collection of the same database; nothing when there is none of that name. */
  collection(name: string, filter: Document): Iterable<Document>
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
export function compilePipeline(pipeline: unknown, context: PipelineContext): Stage {
  if (!Array.isArray(pipeline)) throw mongoError(40170, 'a pipeline must be an array')
  const compiled = pipeline.map((stage, place) => compileStage(stage, context, place))
  return input => compiled.reduce<Iterable<Document>>((documents, stage) => stage(documents), input)
}

/** The name of a stage, which begins with `$`, and what it is given. Throws code 40323 for anything else. */
export function readStage(stage: unknown): [name: string, operand: unknown] {
  const [first, ...more] = isDocument(stage) ? Object.entries(stage) : []
  if (first?.[0].startsWith('$') && more.length === 0) return first
  throw mongoError(40323, 'A pipeline stage must contain exactly one field, the name of the stage.')
}

function compileStage(stage: unknown, context: PipelineContext, place: number): Stage {
  const [name, operand] = readStage(stage)
  const change = simpleStages[name]?.(operand, { variables: context.let })
  if (change) return input => mapped(input, change)
  const compiled = stages[name]?.(operand, context, place)
  if (compiled) return compiled
  const code = name === '$changeStream' ? 40573 : 40324
  throw mongoError(code, `Unrecognized pipeline stage name, or not one for this place: '${name}'`)
}

function* mapped(input: Iterable<Document>, change: (document: Document) => Document): Generator<Document> {
  for (const document of input) yield change(document)
}

function documentOf(code: number, operand: unknown): Document {
  if (isDocument(operand)) return operand
  throw mongoError(code, 'the specification of this stage must be an object')
}

function wholeOf(code: number, operand: unknown, least: number): number {
  const whole = Number(readNumber(operand)?.value)
  if (Number.isInteger(whole) && whole >= least) return whole
  throw mongoError(code, `invalid argument to the stage: Expected an integer of at least ${least}`)
}

type CompileChange = (operand: unknown, options: ExpressionOptions) => (document: Document) => Document

const addFields: CompileChange = (operand, options) => compileAddFields(documentOf(40272, operand), options)

const replaceWith: CompileChange = (operand, options) => {
  const expression = compileExpression(operand, options)
  return document => {
    const result = expression(document)
    if (isDocument(result)) return result
    throw mongoError(40228, `'newRoot' expression must evaluate to an object, but was: ${describe(result)}`)
  }
}

/** The stages that make one document of one, by name: all that an update may have. */
export const simpleStages: Readonly<Record<string, CompileChange>> = {
  $set: addFields,
  $addFields: addFields,
  $unset: operand => {
    const paths = [operand].flat()
    if (paths.length > 0 && paths.every(path => typeof path === 'string' && path !== '')) {
      return compileProjection(Object.fromEntries(paths.map(path => [path, false])), { stage: true })
    }
    throw mongoError(31002, '$unset specification must be a string or an array of strings')
  },
  $project: (operand, options) => {
    if (Object.keys(documentOf(40272, operand)).length > 0) {
      return compileProjection(documentOf(40272, operand), { ...options, stage: true })
    }
    throw mongoError(51272, '$project specification must have at least one field')
  },
  $replaceRoot: (operand, options) => replaceWith(documentOf(40229, operand).newRoot, options),
  $replaceWith: replaceWith,
}

function* slice(input: Iterable<Document>, skip: number, limit: number): Generator<Document> {
  let count = 0
  for (const document of input) {
    if (count >= skip) yield document
    count += 1
    if (count >= limit) return
  }
}

type CompileStage = (operand: unknown, context: PipelineContext, place: number) => Stage | undefined

const stages: Readonly<Record<string, CompileStage>> = {
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
    const limit = wholeOf(15958, operand, 1)
    return input => slice(input, 0, limit)
  },
  $skip: operand => {
    const skip = wholeOf(5107200, operand, 0)
    return input => slice(input, skip, Number.POSITIVE_INFINITY)
  },
  $group: (operand, context) => compileGroup(operand, { variables: context.let }),
  $sortByCount: (operand, context) =>
    compilePipeline([{ $group: { _id: operand, count: { $sum: 1 } } }, { $sort: { count: -1 } }], context),
  $count: (operand, context) => {
    if (typeof operand !== 'string' || !/^[^$.][^.]*$/.test(operand))
      throw mongoError(40156, 'the count field must be a non-empty string that is no path')
    return compilePipeline([{ $group: { _id: null, [operand]: { $sum: 1 } } }, { $unset: '_id' }], context)
  },
  $unwind: compileUnwind,
  $lookup: (operand, context) => compileLookup(operand, context, compilePipeline),
  $facet: (operand, context) => {
    const facets = Object.entries(documentOf(40169, operand))
    const runs = facets.map(([name, pipeline]) => [name, compilePipeline(pipeline, context)] as const)
    return function* (input) {
      const all = [...input]
      yield Object.fromEntries(runs.map(([name, run]) => [name, [...run(all)]]))
    }
  },
  $documents: (operand, _context, place) =>
    place === 0 && Array.isArray(operand) ? () => operand : undefined,
}

/**
 * Takes `$match` (several are joined by `$and`), `$sort`, `$skip` and `$limit`, in this order, off a pipeline: what a
 * `find` can do, and indexes can serve. The stages that are left are its `rest`.
 */
export function splitLeadingMatch(pipeline: readonly Document[]) {
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
    skip: take('$skip', operand => wholeOf(5107200, operand, 0)),
    limit: take('$limit', operand => wholeOf(15958, operand, 1)),
    rest,
  }
}

/** The `$out` or `$merge` that ends a pipeline, with the stages before it; `undefined` when there is none. */
export function trailingWrite(pipeline: readonly Document[]) {
  const [kind, spec] = Object.entries(pipeline.at(-1) ?? {})[0] ?? []
  return kind === '$out' || kind === '$merge' ? { kind, spec, before: pipeline.slice(0, -1) } : undefined
}
