import type { Document } from 'bson'
import { mongoError } from '../errors.ts'
import type { Examined, Query } from '../find.ts'
import { truthy } from '../index-definition.ts'
import type { Access } from '../plan.ts'
import { describe } from '../types.ts'
import { isDocument } from '../values.ts'
import { type Call, type Command, collectionName, field, isText, needed } from './command.ts'
import { type Lookup, lookUp, preparePipeline, readQuery } from './query.ts'
import { serverInfo } from './session.ts'
import { readStatements } from './write.ts'

/** A stage that counts or changes what is found, instead of handing it out. */
type Last = 'COUNT' | 'UPDATE' | 'DELETE'

/** What the commands search for, besides `aggregate`. */
const explained: Record<string, (call: Call) => [query: Query | undefined, last?: Last]> = {
  find: ({ body }) => [readQuery(body, 'filter')],
  count: ({ body }) => [readQuery(body, 'query'), 'COUNT'],
  distinct: ({ body }) => [readQuery(body, 'query')],
  update: call => [readStatements(call, 'updates')[0]?.query, 'UPDATE'],
  delete: call => [readStatements(call, 'deletes')[0]?.query, 'DELETE'],
  findAndModify({ body }) {
    return [{ ...readQuery(body, 'query'), limit: 1 }, truthy(body.remove) ? 'DELETE' : 'UPDATE']
  },
}

const explain: Command = (engine, call) => {
  const command = needed(call.body, 'explain', isDocument)
  const runs = field(call.body, 'verbosity', isText) !== 'queryPlanner'
  const inner: Call = { ...call, body: command, sequences: new Map() }
  const tail = { explainVersion: '1', command, serverInfo }
  const name = Object.keys(command)[0] ?? ''
  if (name === 'aggregate') {
    const { leading, rest, write } = preparePipeline(engine, inner)
    const $cursor = explainLookup(leading, runs)
    const stages = write ? [...rest, { [write.kind]: write.spec }] : rest
    return stages.length === 0 ? { ...$cursor, ...tail } : { stages: [{ $cursor }, ...stages], ...tail }
  }
  const [query, last] = (Object.hasOwn(explained, name) && explained[name]?.(inner)) || []
  if (!query) throw mongoError(59, `Explain failed due to unknown command: ${name}`)
  const found = lookUp(engine, call.db, collectionName(inner), query)
  return { ...explainLookup(found, runs, last), ...tail }
}

/** What a search has met; `matched` is the number of documents that fit the filter. */
type Met = Examined & { matched: number }

/** Describes a plan, and with `runs` searches by it to tell what each stage returns; nothing is changed by that. */
function explainLookup(found: Lookup, runs: boolean, last?: Last): Document {
  const { collection, query } = found
  const namespace = `${collection.db}.${collection.name}`
  const plans = { winningPlan: describeStages(found, last), rejectedPlans: [] }
  const queryPlanner = { namespace, indexFilterSet: false, parsedQuery: query.filter, ...plans }
  if (!runs) return { queryPlanner }
  const end = query.limit && found.plan.sorted ? (query.skip ?? 0) + query.limit : Number.POSITIVE_INFINITY
  const met: Met = { keys: 0, docs: 0, matched: 0 }
  const began = performance.now()
  for (const _ of found.matches(met)) {
    met.matched += 1
    if (met.matched >= end) break
  }
  const executionTimeMillis = Math.round(performance.now() - began)
  const executionStages = describeStages(found, last, met)
  const returned = { executionSuccess: true, nReturned: executionStages.nReturned, executionTimeMillis }
  const totals = { totalKeysExamined: met.keys, totalDocsExamined: met.docs }
  return { queryPlanner, executionStats: { ...returned, ...totals, executionStages } }
}

/** The stages from the outside in; those of a search that has run tell how many documents each has returned. */
function describeStages({ query, plan }: Lookup, last?: Last, met?: Met): Document {
  const { skip = 0, projection = {} } = query
  const limit = query.limit || Number.POSITIVE_INFINITY
  let left = met?.matched ?? 0
  let top = accessStage(plan.access, query.filter, met)
  const put = (stage: string, nReturned: number, fields: Document) => {
    top = { stage, ...(met && { nReturned }), ...fields, inputStage: top }
    left = nReturned
  }
  if (!plan.sorted) {
    const limitAmount = query.limit ? { limitAmount: skip + limit } : {}
    put('SORT', Math.min(left, skip + limit), { sortPattern: query.sort, type: 'simple', ...limitAmount })
  }
  const handedOut = Math.min(limit, Math.max(0, left - skip))
  if (last) {
    put(last, 0, met ? { [last === 'COUNT' ? 'nCounted' : 'nMatched']: handedOut } : {})
    return top
  }
  if (skip > 0) put('SKIP', Math.max(0, left - skip), { skipAmount: skip })
  if (Object.keys(projection).length > 0) put('PROJECTION_DEFAULT', left, { transformBy: projection })
  if (query.limit && plan.sorted) put('LIMIT', handedOut, { limitAmount: limit })
  return top
}

function accessStage(access: Access, filter: Document, met?: Met): Document {
  const docs = met && { nReturned: met.matched, docsExamined: met.docs }
  const keys = met && { keysExamined: met.keys }
  if (access.kind === 'collection') {
    return { stage: 'COLLSCAN', ...docs, filter, direction: access.reverse ? 'backward' : 'forward' }
  }
  if (access.kind === 'id' && access.exact) return { stage: 'IDHACK', ...docs, ...keys, ...primary }
  const inputStage = { ...keyStage(access), ...keys, ...(met && { nReturned: met.docs }) }
  return { stage: 'FETCH', ...docs, filter, inputStage }
}

const primary = { keyPattern: { _id: 1 }, indexName: '_id_', isMultiKey: false, isUnique: true }

/** The stage that reads the keys of an index or, for the branches of an `$or`, of several. */
function keyStage(access: Access): Document {
  if (access.kind === 'union') return { stage: 'OR', inputStages: access.branches.map(keyStage) }
  if (access.kind === 'collection') return accessStage(access, {})
  if (access.kind === 'id') {
    const _id = access.ids.map(id => `[${describe(id)}, ${describe(id)}]`)
    return { stage: 'IXSCAN', ...primary, direction: 'forward', indexBounds: { _id } }
  }
  const { index, reverse, bounds } = access
  const { name: indexName, multikey: isMultiKey, unique: isUnique, sparse: isSparse, partial } = index
  const kind = { keyPattern: index.spec.key, indexName, isMultiKey, isUnique, isSparse, isPartial: !!partial }
  const direction = reverse ? 'backward' : 'forward'
  return { stage: 'IXSCAN', ...kind, direction, indexBounds: bounds }
}

export const explainCommands: Record<string, Command> = { explain }
