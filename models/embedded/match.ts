import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { equality, isTruthy, regexTest, type ValueTest, valueOperators } from './match-operators.ts'
import { type Visit, visitPath } from './paths.ts'
import { hasOperators } from './types.ts'
import { isDocument, ranks, typeRank } from './values.ts'

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
  const tests = Object.entries(filter)
    .filter(([key]) => key !== '$comment')
    .map(([key, operand]) =>
      key.startsWith('$') ? topLevel(key, operand, options) : onPath(key, operand, options),
    )
  return tests.length === 1
    ? (tests[0] as Test)
    : (document, notes) => tests.every(test => test(document, notes))
}

function onPath(path: string, operand: unknown, options: MatchOptions): Test {
  const parts = path.split('.')
  const clause = compileCondition(operand, options)
  return (document, notes) => clause((leaves, visit) => visitPath(document, parts, leaves, visit), notes)
}

function topLevel(key: string, operand: unknown, options: MatchOptions): Test {
  if (key === '$expr') {
    const expression = compileExpression(operand, options.let === undefined ? {} : { variables: options.let })
    return document => isTruthy(expression(document))
  }
  if (key !== '$and' && key !== '$or' && key !== '$nor')
    throw mongoError(2, `unknown top level operator: ${key}`)
  if (!Array.isArray(operand) || operand.length === 0) throw mongoError(2, `${key} must be a nonempty array`)
  const tests = operand.map(entry => {
    if (!isDocument(entry)) throw mongoError(2, '$or/$and/$nor entries need to be full objects')
    return compileFilter(entry, options)
  })
  if (key === '$and') return (document, notes) => tests.every(test => test(document, notes))
  if (key === '$or') return (document, notes) => tests.some(test => test(document, notes))
  return document => !tests.some(test => test(document, {}))
}

function compileCondition(operand: unknown, options: MatchOptions): Clause {
  if (hasOperators(operand)) return compileOperators(operand, options)
  return someValue(typeRank(operand) === ranks.regex ? regexTest(operand) : equality(operand))
}

function compileOperators(operators: Document, options: MatchOptions): Clause {
  const clauses = Object.entries(operators).map(([name, operand]): Clause => {
    const special = Object.hasOwn(specialOperators, name) ? specialOperators[name] : undefined
    if (special !== undefined) return special(operand, options, operators)
    const operator = Object.hasOwn(valueOperators, name) ? valueOperators[name] : undefined
    if (operator === undefined) throw mongoError(2, `unknown operator: ${name}`)
    const clause = someValue(operator.test(operand), operator.leaves !== false)
    return operator.negated === true ? not(clause) : clause
  })
  return allOf(clauses)
}

/** All conditions hold, each for a value of its own. */
const allOf = (clauses: Clause[]): Clause =>
  clauses.length === 1
    ? (clauses[0] as Clause)
    : (subject, notes) => clauses.every(clause => clause(subject, notes))

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

const always: Clause = () => true

type Special = (operand: unknown, options: MatchOptions, operators: Document) => Clause

/** The operators that take conditions or depend on their neighbours. */
const specialOperators: Record<string, Special> = {
  $comment: () => always,
  $exists: operand => {
    const exists = someValue(value => value !== undefined, false)
    return isTruthy(operand) ? exists : not(exists)
  },
  $not: (operand, options) => {
    if (typeRank(operand) !== ranks.regex && (!isDocument(operand) || Object.keys(operand).length === 0))
      throw mongoError(2, '$not needs a regex or a document with operators')
    if (isDocument(operand) && !hasOperators(operand)) throw mongoError(2, '$not needs operators')
    return not(compileCondition(operand, options))
  },
  $regex: (operand, _options, { $options }) => {
    if (typeof operand !== 'string' && typeRank(operand) !== ranks.regex)
      throw mongoError(2, '$regex has to be a string')
    if ($options !== undefined && typeof $options !== 'string')
      throw mongoError(2, '$options has to be a string')
    return someValue(regexTest(operand, $options))
  },
  $options: (_operand, _options, { $regex }) => {
    if ($regex === undefined) throw mongoError(2, '$options needs a $regex')
    return always
  },
  $all: (operand, options) => {
    if (!Array.isArray(operand)) throw mongoError(2, '$all needs an array')
    if (operand.length === 0) return () => false
    const clauses = operand.map(item => {
      if (!hasOperators(item)) return compileCondition(item, options)
      if (item.$elemMatch === undefined) throw mongoError(2, 'no $ expressions in $all')
      return elemMatch(item.$elemMatch, options)
    })
    return allOf(clauses)
  },
  $elemMatch: (operand, options) => elemMatch(operand, options),
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

const logical = ['$and', '$or', '$nor', '$expr', '$where']

/**
 * Compiles the operand of `$elemMatch` to a test of one element: operators look at the element itself, anything else
 * is a filter for elements that are documents (or arrays, whose fields are their places). Throws code 2 when the
 * operand is no document.
 */
export function elementTest(operand: unknown, options: MatchOptions = {}): (element: unknown) => boolean {
  if (!isDocument(operand)) throw mongoError(2, '$elemMatch needs an Object')
  if (hasOperators(operand) && !logical.includes(Object.keys(operand)[0] as string))
    return compileElementMatch(operand, options)
  const test = compileFilter(operand, options)
  return element => {
    if (Array.isArray(element)) return test({ ...element }, {})
    return isDocument(element) && test(element, {})
  }
}

/** Compiles operators to a test of one value, which they look at as it is: for `$elemMatch` and `$pull`. */
export function compileElementMatch(
  operators: Document,
  options: MatchOptions = {},
): (element: unknown) => boolean {
  const clause = compileOperators(operators, options)
  return element => clause((_leaves, visit) => visit(element, undefined), {})
}
