import type { Document } from 'bson'
import { mongoError } from './errors.ts'
import { compileExpression } from './expression.ts'
import { allOf, type Clause, type Notes, not, someValue, type Test } from './match-clauses.ts'
import { equality, isTruthy, regexTest, type ValueOperator, valueOperators } from './match-operators.ts'
import { visitPath } from './match-path.ts'
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

/**
 * Compiles a query filter with MongoDB's meaning of paths, arrays, null and type brackets.
 *
 * @throws code 2 for an unknown operator or a wrong operand, and for `$where`, `$text`, geo operators and
 *   `$jsonSchema`, which this database does not have
 */
export function compileMatch(filter: Document, options: MatchOptions = {}): Matcher {
  const test = compileFilter(filter, options)
  return {
    test: document => test(document, undefined),
    position: document => {
      const notes: Notes = { position: undefined }
      return test(document, notes) ? notes.position : undefined
    },
  }
}

/**
 * Compiles the condition of `$pull`, or of a value `$elemMatch`, to a test of one array element: operators look at the
 * element itself.
 */
export function compileElementMatch(
  operators: Document,
  options: MatchOptions = {},
): (element: unknown) => boolean {
  const clause = allOf(compileOperators(operators, options))
  return element => clause((_leaves, visit) => visit(element, undefined), undefined)
}

function compileFilter(filter: Document, options: MatchOptions): Test {
  const tests: Test[] = []
  for (const [key, operand] of Object.entries(filter)) {
    if (key.startsWith('$')) {
      const test = topLevel(key, operand, options)
      if (test !== undefined) tests.push(test)
    } else {
      tests.push(onPath(key, compileCondition(operand, options)))
    }
  }
  if (tests.length === 1) return tests[0] as Test
  return (document, notes) => tests.every(test => test(document, notes))
}

function onPath(path: string, clause: Clause): Test {
  const parts = path.split('.')
  return (document, notes) => clause((leaves, visit) => visitPath(document, parts, leaves, visit), notes)
}

const absent = new Set(['$where', '$text', '$jsonSchema'])

function topLevel(key: string, operand: unknown, options: MatchOptions): Test | undefined {
  switch (key) {
    case '$comment':
      return undefined
    case '$and':
    case '$or':
    case '$nor':
      return logical(key, filtersOf(key, operand, options))
    case '$expr': {
      const expression = compileExpression(
        operand,
        options.let === undefined ? {} : { variables: options.let },
      )
      return document => isTruthy(expression(document))
    }
    default:
      if (absent.has(key)) throw mongoError(2, `${key} is not supported by this database`)
      throw mongoError(
        2,
        `unknown top level operator: ${key}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
      )
  }
}

function filtersOf(key: string, operand: unknown, options: MatchOptions): Test[] {
  if (!Array.isArray(operand)) throw mongoError(2, `${key} must be an array`)
  if (operand.length === 0) throw mongoError(2, '$and/$or/$nor must be a nonempty array')
  return operand.map(entry => {
    if (!isDocument(entry)) throw mongoError(2, '$or/$and/$nor entries need to be full objects')
    return compileFilter(entry, options)
  })
}

function logical(key: '$and' | '$or' | '$nor', tests: Test[]): Test {
  if (key === '$and') return (document, notes) => tests.every(test => test(document, notes))
  if (key === '$or') return (document, notes) => tests.some(test => test(document, notes))
  return document => !tests.some(test => test(document, undefined))
}

function compileCondition(operand: unknown, options: MatchOptions): Clause {
  if (hasOperators(operand)) return allOf(compileOperators(operand, options))
  if (typeRank(operand) === ranks.regex) return someValue(regexTest(operand), true)
  return someValue(equality(operand), true)
}

function compileOperators(operators: Document, options: MatchOptions): Clause[] {
  const clauses: Clause[] = []
  for (const [name, operand] of Object.entries(operators)) {
    const special = specialOperators[name]
    if (special !== undefined) {
      const clause = special(operand, operators, options)
      if (clause !== undefined) clauses.push(clause)
      continue
    }
    if (!Object.hasOwn(valueOperators, name)) {
      const known = ['$geoWithin', '$geoIntersects', '$near', '$nearSphere', '$within'].includes(name)
      throw mongoError(2, known ? `${name} is not supported by this database` : `unknown operator: ${name}`)
    }
    const operator: ValueOperator = valueOperators[name as keyof typeof valueOperators]
    const clause = someValue(operator.test(operand), operator.leaves !== false)
    clauses.push(operator.negated === true ? not(clause) : clause)
  }
  return clauses
}

/** The operators that take conditions or depend on their neighbours. */
const specialOperators: Record<
  string,
  (operand: unknown, operators: Document, options: MatchOptions) => Clause | undefined
> = {
  $comment: () => undefined,
  $exists: operand => {
    const exists = someValue(value => value !== undefined, false)
    return isTruthy(operand) ? exists : not(exists)
  },
  $not: (operand, _operators, options) => {
    if (typeRank(operand) === ranks.regex) return not(someValue(regexTest(operand), true))
    if (!isDocument(operand)) throw mongoError(2, '$not needs a regex or a document')
    if (Object.keys(operand).length === 0) throw mongoError(2, '$not cannot be empty')
    return not(allOf(compileOperators(operand, options)))
  },
  $regex: (operand, operators) => {
    const isRegex = typeRank(operand) === ranks.regex
    if (typeof operand !== 'string' && !isRegex) throw mongoError(2, '$regex has to be a string')
    const options = operators.$options
    if (options !== undefined && typeof options !== 'string')
      throw mongoError(2, '$options has to be a string')
    return someValue(regexTest(operand, options), true)
  },
  $options: (_operand, operators) => {
    if (operators.$regex === undefined) throw mongoError(2, '$options needs a $regex')
    return undefined
  },
  $all: (operand, _operators, options) => {
    if (!Array.isArray(operand)) throw mongoError(2, '$all needs an array')
    if (operand.length === 0) return () => false
    return allOf(
      operand.map(item => {
        if (!hasOperators(item)) return compileCondition(item, options)
        if (item.$elemMatch === undefined) throw mongoError(2, 'no $ expressions in $all')
        return elemMatch(item.$elemMatch, options)
      }),
    )
  },
  $elemMatch: (operand, _operators, options) => elemMatch(operand, options),
}

const logicalNames = new Set(['$and', '$or', '$nor', '$expr', '$where'])

function elemMatch(operand: unknown, options: MatchOptions): Clause {
  const test = elementTest(operand, options)
  return (subject, notes) =>
    subject(false, (value, position) => {
      if (!Array.isArray(value)) return false
      const found = value.findIndex(test)
      if (found < 0) return false
      if (notes !== undefined) notes.position = position ?? found
      return true
    })
}

/**
 * Compiles the operand of `$elemMatch` to a test of one element: operators look at the element itself, anything else
 * is a filter for elements that are documents (or arrays, whose fields are their places).
 *
 * @throws code 2 when the operand is no document
 */
export function elementTest(operand: unknown, options: MatchOptions = {}): (element: unknown) => boolean {
  if (!isDocument(operand)) throw mongoError(2, '$elemMatch needs an Object')
  const first = Object.keys(operand)[0]
  if (hasOperators(operand) && !logicalNames.has(first as string))
    return compileElementMatch(operand, options)
  const test = compileFilter(operand, options)
  return element => {
    if (isDocument(element)) return test(element, undefined)
    return Array.isArray(element) && test({ ...element }, undefined)
  }
}
