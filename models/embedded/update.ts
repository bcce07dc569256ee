import type { Document } from 'bson'
import { readStage, simpleStages } from './aggregate.ts'
import { checkDepth, writeDocument } from './documents.ts'
import { mongoError } from './errors.ts'
import { compileMatch } from './match.ts'
import { isRegex } from './match-operators.ts'
import { describe, hasOperators } from './types.ts'
import { type Step, updateOperators } from './update-operators.ts'
import { changeAt, copyOf, inOrder, type Path, valueAt } from './update-path.ts'
import { equalValues, isDocument } from './values.ts'

/** What an update needs to know besides the document. */
export interface UpdateContext {
  /** The place that the positional `$` stands for (`Matcher.position`); read only where there is a `$`. */
  readonly position?: number | undefined
  /** Whether the document is about to be inserted by an upsert: only then `$setOnInsert` works. */
  readonly insert: boolean
  /** The document's BSON, if at hand. */
  readonly bytes?: Uint8Array
}

type Change = (document: Document, context: UpdateContext) => Document

/** A compiled update. */
export interface Updater {
  kind: 'replace' | 'operators' | 'pipeline'
  /**
   * The changed document and its BSON; the one given stays as it is. `modified` is false when not a byte has changed. Throws
   * MongoError where the document does not allow the update: 66 for another `_id`, 15 and 10334 for too large a result.
   */
  apply(document: Document, context: UpdateContext): { doc: Document; bytes: Buffer; modified: boolean }
}

/** Settings of an update command that its meaning depends on. */
export interface UpdateOptions {
  readonly arrayFilters?: readonly Document[] | undefined
  readonly let?: Document | undefined
}

/**
 * Compiles a replacement, an update by operators, or an aggregation pipeline. Code 9: an unknown operator; 40: two
 * changes of one path; 72: a stage that is not for updates; 2, 14, 52, 56: what an operator or a path may not be.
 */
export function compileUpdate(update: Document | readonly Document[], options: UpdateOptions = {}): Updater {
  if (Array.isArray(update)) return updater('pipeline', pipeline(update, options))
  const dollars = Object.keys(update).map(name => name.startsWith('$'))
  if (dollars[0]) return updater('operators', operators(update, options))
  if (dollars.includes(true)) throw mongoError(52, `A replacement has no operators: ${describe(update)}`)
  return updater('replace', () => update)
}

function updater(kind: Updater['kind'], change: Change): Updater {
  return {
    kind,
    apply: (document, context) => {
      const { _id } = document
      const given = _id === undefined || kind === 'operators' ? {} : { _id }
      const doc = { ...given, ...change(document, context) }
      if (_id !== undefined && !equalValues(_id, doc._id))
        throw mongoError(66, `The update would change the immutable field '_id' to ${describe(doc._id)}`)
      checkDepth(doc)
      const bytes = writeDocument(doc)
      return { doc, bytes, modified: !bytes.equals(context.bytes ?? writeDocument(document)) }
    },
  }
}

function pipeline(stages: readonly Document[], options: UpdateOptions): Change {
  if (options.arrayFilters?.length) throw mongoError(9, 'arrayFilters may not be specified for a pipeline')
  const changes = stages.map(stage => {
    const [name, operand] = readStage(stage)
    const compile = simpleStages[name]
    if (!compile) throw mongoError(72, `${name} is not allowed to be used within an update`)
    return compile(operand, { variables: options.let })
  })
  return document => changes.reduce((changed, change) => change(changed), document)
}

/** All paths are checked first, then changed in their order, which is also that of new fields. */
function operators(update: Document, options: UpdateOptions): Change {
  const given = Object.entries(update).flatMap(([name, fields]) => {
    const operator = updateOperators.get(name)
    if (!operator) throw mongoError(9, `Unknown modifier: ${name}`)
    if (!isDocument(fields)) throw mongoError(9, `${name} needs {<field>: ...}, not ${describe(fields)}`)
    return Object.entries(fields).flatMap(([path, operand]) => operator(path, operand))
  })
  const steps = inOrder(given, 40)
  const expand = expander(steps, options)
  return (document, context) => {
    const doc = copyOf(document)
    const active = steps.filter(({ insertOnly }) => context.insert || !insertOnly)
    const placed = active.flatMap(({ path, run }) =>
      expand(doc, path, context).map(at => ({ path: at, run })),
    )
    for (const { path, run } of inOrder(placed, 40)) run(doc, path)
    return doc
  }
}

const namesIn = (filter: unknown): string[] =>
  Object.entries(isDocument(filter) ? filter : {}).flatMap(([key, operand]) =>
    key.startsWith('$') ? [operand].flat().flatMap(namesIn) : [key.split('.')[0] as string],
  )

type Expand = (doc: Document, path: Path, context: UpdateContext) => Path[]

/** Compiles `arrayFilters` to what gives the paths that a path with `$`, `$[]` and `$[name]` stands for. */
function expander(steps: readonly Step[], options: UpdateOptions): Expand {
  const used = new Set(steps.flatMap(({ path }) => path).filter(part => part.startsWith('$[')))
  const tests = new Map<string, (element: unknown) => boolean>([['$[]', () => true]])
  for (const filter of options.arrayFilters ?? []) {
    const [name = '', ...others] = new Set(namesIn(filter))
    const part = `$[${name}]`
    if (others.length > 0 || tests.has(part) || !used.has(part))
      throw mongoError(9, `An array filter needs one name, its own, that is used: ${describe(filter)}`)
    const { test } = compileMatch(filter, { let: options.let })
    tests.set(part, element => test({ [name]: element }))
  }
  const missing = [...used].find(part => !tests.has(part))
  if (missing) throw mongoError(2, `No array filter found for ${missing}`)
  const expand: Expand = (doc, path, context) => {
    const at = path.findIndex(part => part.startsWith('$'))
    if (at < 0) return [path]
    const into = (place: number) => expand(doc, path.with(at, String(place)), context)
    const test = tests.get(path[at] as string)
    const array = test && valueAt(doc, path.slice(0, at))
    if (Array.isArray(array)) return [...array.keys()].filter(place => test?.(array[place])).flatMap(into)
    if (!test && context.position !== undefined) return into(context.position)
    throw mongoError(2, `'${path.join('.')}' leads to no array, or to no element that the query has found`)
  }
  return expand
}

/**
 * The document that an upsert begins with: the fields that the filter (one that `compileMatch` takes) requires to equal
 * one value, also within `$and`, within an `$or`, `$in` or `$all` of one entry. Code 54: two values for one path.
 */
export function upsertSeed(filter: Document): Document {
  const seed: Document = {}
  for (const { path, value } of inOrder(equalities(filter), 54))
    changeAt(seed, path, 'make', () => copyOf(value))
  return seed
}

function equalities(filter: Document): { path: Path; value: unknown }[] {
  return Object.entries(filter).flatMap(([key, operand]) => {
    if (key === '$and' || (key === '$or' && operand.length === 1)) return operand.flatMap(equalities)
    if (key.startsWith('$')) return []
    const { $eq, $in = [], $all = [] }: Document = hasOperators(operand) ? operand : { $in: [operand] }
    const single = [$eq === undefined ? [] : [$eq], $in, $all].filter(list => list.length === 1).flat()
    return single
      .filter(value => !isRegex(value) && !hasOperators(value))
      .map(value => ({ path: key.split('.'), value }))
  })
}
