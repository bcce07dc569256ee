import type { Document } from 'bson'
import type { Collection } from './catalog.ts'
import { type Fold, foldFilter } from './collation.ts'
import { compileMatch, type Matcher } from './match.ts'
import { makePlan, type Plan } from './plan.ts'
import { compileSort } from './sort.ts'

/** Which documents are wanted, in which order. */
export interface SearchRequest {
  readonly filter: Document
  /** Fields with 1 or -1, or `{ $natural: 1 | -1 }`. */
  readonly sort?: Document | undefined
  readonly hint?: unknown
  readonly let?: Document | undefined
  readonly collation?: Fold | undefined
}

export interface Search {
  readonly plan: Plan
  readonly matcher: Matcher
  /** The order that is asked for; undefined when there is none, or the plan yields it. */
  readonly compare: ((a: Document, b: Document) => number) | undefined
}

/** Compiles and plans a search. Throws MongoError for whatever is wrong with filter, sort or hint. */
export function prepareSearch(collection: Collection, request: SearchRequest): Search {
  const { filter, hint, collation } = request
  const given = request.sort && Object.keys(request.sort).length > 0 ? request.sort : undefined
  const natural = given && '$natural' in given ? { $natural: given.$natural } : undefined
  const sort = natural ? undefined : given
  const compare = sort && compileSort(sort)
  if (!collation) {
    const matcher = compileMatch(filter, { let: request.let })
    const plan = makePlan(collection, { filter, sort, hint: hint ?? natural })
    return { plan, matcher, compare: plan.sorted ? undefined : compare }
  }
  const folded = compileMatch(foldFilter(filter, collation), { let: request.let })
  return {
    plan: { access: { kind: 'collection', reverse: Number(natural?.$natural) < 0 }, sorted: !sort },
    matcher: {
      test: doc => folded.test(collation(doc)),
      position: doc => folded.position(collation(doc)),
    },
    compare: compare && ((a, b) => compare(collation(a), collation(b))),
  }
}
