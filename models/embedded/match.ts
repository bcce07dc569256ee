import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { equality, isRegex, isTruthy, regexTest, type ValueTest, valueTests } from './match-operators.ts'
import { type Visit, visitPath } from './paths.ts'
import { hasOperators } from './types.ts'
import { isDocument } from './values.ts'

/** A compiled filter. */
export interface Matcher {
  /** Whether the document matches. */
  test(document: Document): boolean
  /** The place in the first array that the match went through, which the positional `$` of updates stands for. */
  position(document: Document): number | undefined
}

/** What a filter can refer to from outside. */
export interface MatchOptions {
  /** Values of `$$name` within `$expr`. */
  let?: Document | undefined
}

/** Where a match notes the array position it went through; the last note counts. */
interface Notes {
  position?: number | undefined
}

/** A condition on a document. */
type Test = (document: Document, notes: Notes) => boolean

/** The values a condition looks at: all on a path of a document, or a single array element. */
type Subject = (leaves: boolean, visit: Visit) => boolean

/** A condition on the values of a subject. */
type Clause = (subject: Subject, notes: Notes) => boolean

/**
 * Compiles a query filter with MongoDB's meaning of paths, arrays, null and type brackets. Throws code 2 for an unknown
 * operator or a wrong operand, and for operators that this database does not have (`$where`, `$text`, geo).
 */
export function compileMatch(filter: Document, options: MatchOptions = {}): Matcher {
  const test = compileFilter(filter, options)
  return {
    test: document => test(document, {}),
    position: document => {
      const notes: Notes = {}
      return test(document, notes) ? notes.position : undefined
    },
  }
}

function compileFilter(filter: Document, options: MatchOptions): Test {
  return all(
    Object.entries(filter).map(([key, operand]) =>
      key.startsWith('$') ? topLevel(key, operand, options) : onPath(key, operand, options),
    ),
  )
}

/** All hold, each for itself. */
const all = <T>(tests: ((subject: T, notes: Notes) => boolean)[]) =>
  tests.length === 1 && tests[0] !== undefined
    ? tests[0]
    : (subject: T, notes: Notes) => tests.every(test => test(subject, notes))

function onPath(path: string, operand: unknown, options: MatchOptions): Test {
  const parts = path.split('.')
  const clause = compileCondition(operand, options)
  return (document, notes) => clause((leaves, visit) => visitPath(document, parts, leaves, visit), notes)
}

function topLevel(key: string, operand: unknown, options: MatchOptions): Test {
  if (key === '$comment') return () => true
  if (key === '$expr') {
    const expression = compileExpression(operand, { variables: options.let })
    return document => isTruthy(expression(document))
  }
  if (key !== '$and' && key !== '$or' && key !== '$nor')
    throw mongoError(2, `unknown top level operator: ${key}`)
  if (!Array.isArray(operand) || operand.length === 0 || !operand.every(isDocument))
    throw mongoError(2, `${key} must be a nonempty array of full objects`)
  const tests = operand.map(entry => compileFilter(entry, options))
  if (key === '$and') return all(tests)
  if (key === '$or') return (document, notes) => tests.some(test => test(document, notes))
  return document => !tests.some(test => test(document, {}))
}

function compileCondition(operand: unknown, options: MatchOptions): Clause {
  if (hasOperators(operand)) return compileOperators(operand, options)
  return someValue(isRegex(operand) ? regexTest(operand) : equality(operand))
}

function compileOperators(given: Document, options: MatchOptions): Clause {
  const clauses = Object.entries(given).flatMap(([name, operand]) => {
    if (name === '$options' && given.$regex !== undefined) return []
    const operator = operators.get(name)
    if (operator !== undefined) return operator(operand, options, given)
    const test = valueTests.get(name)?.(operand)
    if (test === undefined) throw mongoError(2, `unknown operator: ${name}`)
    const clause = someValue(test, name !== '$size')
    return name === '$ne' || name === '$nin' ? not(clause) : clause
  })
  return all(clauses)
}

/** A value passes a test; with `leaves` the elements of an array at the end of the path are values too. */
function someValue(test: ValueTest, leaves = true): Clause {
  return (subject, notes) =>
    subject(leaves, (value, position) => {
      if (!test(value)) return false
      notes.position = position ?? notes.position
      return true
    })
}

/** A condition does not hold; nothing is noted then. */
const not =
  (clause: Clause): Clause =>
  subject =>
    !clause(subject, {})

type Operator = (operand: unknown, options: MatchOptions, given: Document) => Clause

const exists = someValue(value => value !== undefined, false)

/** The operators that take conditions or depend on their neighbours. */
const operators: ReadonlyMap<string, Operator> = new Map([
  ['$exists', operand => (isTruthy(operand) ? exists : not(exists))],
  ['$not', negation],
  ['$regex', regex],
  ['$all', everyItem],
  ['$elemMatch', elemMatch],
])

const logical = ['$and', '$or', '$nor', '$expr', '$where']

function negation(operand: unknown, options: MatchOptions): Clause {
  if (!isRegex(operand) && !hasOperators(operand))
    throw mongoError(2, '$not needs a regex or a document with operators')
  return not(compileCondition(operand, options))
}

function regex(operand: unknown, _options: MatchOptions, { $options }: Document): Clause {
  if (typeof operand === 'string' || isRegex(operand)) return someValue(regexTest(operand, $options))
  throw mongoError(2, '$regex has to be a string')
}

/** The condition of `$all`. */
function everyItem(operand: unknown, options: MatchOptions): Clause {
  if (!Array.isArray(operand)) throw mongoError(2, '$all needs an array')
  if (operand.some(item => hasOperators(item) && !('$elemMatch' in item)))
    throw mongoError(2, 'no $ expressions in $all')
  return operand.length === 0 ? () => false : all(operand.map(item => compileCondition(item, options)))
}

function elemMatch(operand: unknown, options: MatchOptions): Clause {
  const test = elementTest(operand, options)
  return (subject, notes) =>
    subject(false, (value, position) => {
      const found = Array.isArray(value) ? value.findIndex(test) : -1
      if (found >= 0) notes.position = position ?? found
      return found >= 0
    })
}

/**
 * Compiles the operand of `$elemMatch` to a test of one element: operators look at the element itself, anything else
 * is a filter for elements that are documents (or arrays, whose fields are their places). Throws code 2 when the
 * operand is no document.
 */
export function elementTest(operand: unknown, options: MatchOptions = {}): (element: unknown) => boolean {
  if (!isDocument(operand)) throw mongoError(2, '$elemMatch needs an Object')
  if (hasOperators(operand) && !logical.includes(Object.keys(operand)[0] as string)) {
    const clause = compileOperators(operand, options)
    return element => clause((_leaves, visit) => visit(element, undefined), {})
  }
  const test = compileFilter(operand, options)
  return element => {
    if (Array.isArray(element)) return test({ ...element }, {})
    return isDocument(element) && test(element, {})
  }
}
