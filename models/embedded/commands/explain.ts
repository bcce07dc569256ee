import { hostname } from 'node:os'
import type { Document } from 'bson'
import { trailingWrite } from '../aggregate.ts'
import { type Collection, readable } from '../catalog.ts'
import type { Engine } from '../engine.ts'
import { mongoError } from '../errors.ts'
import { type PreparedQuery, prepareQuery, type Query } from '../find.ts'
import type { Access } from '../plan.ts'
import type { Examined } from '../scan.ts'
import { isDocument } from '../values.ts'
import { pipelineOf, preparePipeline } from './aggregate.ts'
import { type Call, type Command, collectionName, countField, documentField } from './command.ts'
import { readQuery } from './query.ts'

type Verbosity = 'queryPlanner' | 'executionStats' | 'allPlansExecution'

const explain: Command = (engine, call) => {
  const inner = documentField(call.body, 'explain')
  if (!inner) throw mongoError(14, "'explain' must be a command")
  const verbosity = (call.body.verbosity ?? 'allPlansExecution') as Verbosity
  const innerCall: Call = { ...call, body: inner, sequences: new Map() }
  const name = Object.keys(inner)[0] ?? ''
  if (name === 'aggregate') return explainAggregate(engine, innerCall, verbosity)
  const query = explained[name]?.(inner)
  if (!query) throw mongoError(59, `Explain failed due to unknown command: ${name}`)
  const collection = readable(engine.catalog, call.db, collectionName(innerCall))
  const prepared = prepareQuery(engine.store, collection, query)
  return {
    ...describePlan(collection, query, prepared, verbosity),
    command: inner,
    serverInfo: { host: hostname(), version: '7.0.0' },
  }
}

/** What the commands that can be explained search for. */
const explained: Readonly<Record<string, (body: Document) => Query | undefined>> = {
  find: readQuery,
  count: body => ({
    filter: documentField(body, 'query') ?? {},
    skip: countField(body, 'skip'),
    limit: countField(body, 'limit'),
    hint: body.hint,
  }),
  distinct: body => ({ filter: documentField(body, 'query') ?? {}, hint: body.hint }),
  findAndModify: body => ({
    filter: documentField(body, 'query') ?? {},
    sort: documentField(body, 'sort'),
    limit: 1,
    hint: body.hint,
  }),
  update: body => firstStatement(body.updates),
  delete: body => firstStatement(body.deletes),
}

function firstStatement(statements: unknown): Query | undefined {
  const first: unknown = Array.isArray(statements) ? statements[0] : undefined
  if (!isDocument(first)) return undefined
  return { filter: documentField(first, 'q') ?? {}, hint: first.hint }
}

/** Explains a pipeline: the plan of its beginning, then the stages that are left. */
export function explainAggregate(engine: Engine, call: Call, verbosity: Verbosity): Document {
  const whole = pipelineOf(call.body)
  const pipeline = trailingWrite(whole)?.before ?? whole
  const prepared = preparePipeline(engine, call, pipeline)
  const query = { filter: leadingFilter(pipeline), sort: undefined }
  const cursor = describePlan(prepared.collection, query, prepared.leading, verbosity)
  const rest = whole.slice(whole.length - prepared.rest.length - (whole.length - pipeline.length))
  const tail = { command: call.body, serverInfo: { host: hostname(), version: '7.0.0' } }
  return rest.length === 0 ? { ...cursor, ...tail } : { stages: [{ $cursor: cursor }, ...rest], ...tail }
}

function leadingFilter(pipeline: readonly Document[]): Document {
  const first: unknown = pipeline[0]?.$match
  return isDocument(first) ? first : {}
}

function describePlan(
  collection: Collection,
  query: Query,
  prepared: PreparedQuery,
  verbosity: Verbosity,
): Document {
  const planned = {
    explainVersion: '1',
    queryPlanner: {
      namespace: `${collection.db}.${collection.name}`,
      indexFilterSet: false,
      parsedQuery: query.filter,
      winningPlan: planStages(query, prepared),
      rejectedPlans: [],
    },
  }
  if (verbosity === 'queryPlanner') return planned
  const examined: Examined = { keys: 0, docs: 0 }
  const began = performance.now()
  let nReturned = 0
  for (const _ of prepared.documents(examined)) nReturned += 1
  const counted = {
    nReturned,
    executionTimeMillis: Math.round(performance.now() - began),
    totalKeysExamined: examined.keys,
    totalDocsExamined: examined.docs,
  }
  return {
    ...planned,
    executionStats: {
      executionSuccess: true,
      ...counted,
      executionStages: { ...planStages(query, prepared), nReturned },
    },
  }
}

function planStages(query: Query, { plan }: PreparedQuery): Document {
  const access = accessStages(plan.access, query.filter)
  const sorted =
    plan.sorted || !query.sort ? access : { stage: 'SORT', sortPattern: query.sort, inputStage: access }
  const skipped = query.skip ? { stage: 'SKIP', skipAmount: query.skip, inputStage: sorted } : sorted
  const limited = query.limit ? { stage: 'LIMIT', limitAmount: query.limit, inputStage: skipped } : skipped
  if (!query.projection || Object.keys(query.projection).length === 0) return limited
  return { stage: 'PROJECTION_DEFAULT', transformBy: query.projection, inputStage: limited }
}

function accessStages(access: Access, filter: Document): Document {
  switch (access.kind) {
    case 'collection':
      return { stage: 'COLLSCAN', filter, direction: access.reverse ? 'backward' : 'forward' }
    case 'id':
      if (access.exact) return { stage: 'IDHACK', indexName: '_id_', keyPattern: { _id: 1 } }
      return {
        stage: 'FETCH',
        filter,
        inputStage: { stage: 'IXSCAN', indexName: '_id_', keyPattern: { _id: 1 }, direction: 'forward' },
      }
    case 'index': {
      const { index, reverse, bounds } = access
      return {
        stage: 'FETCH',
        filter,
        inputStage: {
          stage: 'IXSCAN',
          indexName: index.name,
          keyPattern: index.spec.key,
          isMultiKey: index.multikey,
          isUnique: index.unique,
          isSparse: index.sparse,
          isPartial: index.partial !== undefined,
          direction: reverse ? 'backward' : 'forward',
          indexBounds: bounds,
        },
      }
    }
    case 'union':
      return {
        stage: 'SUBPLAN',
        inputStage: {
          stage: 'OR',
          inputStages: access.branches.map(branch => accessStages(branch, {})),
        },
      }
  }
}

export const explainCommands: Record<string, Command> = { explain }
