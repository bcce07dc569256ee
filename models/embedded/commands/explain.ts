import type { Document } from 'bson'
import { mongoError } from '../errors.ts'
import type { Query } from '../find.ts'
import type { Access } from '../plan.ts'
import { describe } from '../types.ts'
import { isDocument } from '../values.ts'
import { type Call, type Command, collectionName, field, isText, needed } from './command.ts'
import { type Lookup, lookUp, preparePipeline, readQuery } from './query.ts'
import { readStatements } from './write.ts'

/** What the commands search for, besides `aggregate`. */
const explained: Record<string, (call: Call) => Query | undefined> = {
  find: ({ body }) => readQuery(body, 'filter'),
  count: ({ body }) => readQuery(body, 'query'),
  distinct: ({ body }) => readQuery(body, 'query'),
  findAndModify: ({ body }) => ({ ...readQuery(body, 'query'), limit: 1 }),
  update: call => readStatements(call, 'updates')[0]?.query,
  delete: call => readStatements(call, 'deletes')[0]?.query,
}

const explain: Command = (engine, call) => {
  const command = needed(call.body, 'explain', isDocument)
  const runs = field(call.body, 'verbosity', isText) !== 'queryPlanner'
  const inner: Call = { ...call, body: command, sequences: new Map() }
  const name = Object.keys(command)[0] ?? ''
  if (name === 'aggregate') {
    const { leading, rest, write } = preparePipeline(engine, inner)
    const $cursor = explainLookup(leading, runs)
    const stages = write ? [...rest, { [write.kind]: write.spec }] : rest
    return stages.length === 0 ? { ...$cursor, command } : { stages: [{ $cursor }, ...stages], command }
  }
  const query = Object.hasOwn(explained, name) ? explained[name]?.(inner) : undefined
  if (!query) throw mongoError(59, `Explain failed due to unknown command: ${name}`)
  const found = lookUp(engine, call.db, collectionName(inner), query)
  return { ...explainLookup(found, runs), command }
}

/** Describes a plan, and with `runs` searches by it to tell how much that finds; nothing is changed by that. */
function explainLookup(found: Lookup, runs: boolean): Document {
  const { collection, query, plan } = found
  const { filter, sort: sortPattern, skip = 0 } = query
  const stages = (counts: Document) => {
    const inputStage = accessStage(plan.access, filter, counts)
    return plan.sorted ? inputStage : { stage: 'SORT', sortPattern, inputStage }
  }
  const namespace = `${collection.db}.${collection.name}`
  const queryPlanner = { namespace, parsedQuery: filter, winningPlan: stages({}), rejectedPlans: [] }
  if (!runs) return { queryPlanner }
  const limit = query.limit || Number.POSITIVE_INFINITY
  const examined = { keys: 0, docs: 0 }
  let matched = 0
  for (const _ of found.matches(examined)) {
    matched += 1
    if (plan.sorted && matched >= skip + limit) break
  }
  const nReturned = Math.min(limit, Math.max(0, matched - skip))
  const totals = { totalKeysExamined: examined.keys, totalDocsExamined: examined.docs }
  const executionStages = stages({ nReturned: matched })
  return { queryPlanner, executionStats: { nReturned, ...totals, executionStages } }
}

/** The stage that reads the documents; it tells the `counts` of a search that has run. */
function accessStage(access: Access, filter: Document, counts: Document): Document {
  if (access.kind === 'collection') {
    return { stage: 'COLLSCAN', ...counts, filter, direction: access.reverse ? 'backward' : 'forward' }
  }
  if (access.kind === 'id' && access.exact) return { stage: 'IDHACK', ...counts, ...primary }
  return { stage: 'FETCH', ...counts, filter, inputStage: keyStage(access) }
}

const primary = { keyPattern: { _id: 1 }, indexName: '_id_', isMultiKey: false, isUnique: true }

/** The stage that reads the keys of an index or, for the branches of an `$or`, of several. */
function keyStage(access: Access): Document {
  if (access.kind === 'union') return { stage: 'OR', inputStages: access.branches.map(keyStage) }
  if (access.kind === 'collection') return accessStage(access, {}, {})
  if (access.kind === 'id') {
    const _id = access.ids.map(id => `[${describe(id)}, ${describe(id)}]`)
    return { stage: 'IXSCAN', ...primary, direction: 'forward', indexBounds: { _id } }
  }
  const { index, reverse, bounds } = access
  const kind = { indexName: index.name, isMultiKey: index.multikey, isUnique: index.unique }
  const direction = reverse ? 'backward' : 'forward'
  return { stage: 'IXSCAN', keyPattern: index.spec.key, ...kind, direction, indexBounds: bounds }
}

export const explainCommands: Record<string, Command> = { explain }
