import { type Document, Timestamp } from 'bson'
import { mongoError } from './errors.ts'
import { elementTest } from './match.ts'
import { combine, readNumber, toDouble, wrapWhole } from './numbers.ts'
import { readSort } from './sort.ts'
import { describe, hasOperators, typeName } from './types.ts'
import { changeAt, copyOf, type Path, parsePath, type Reach, valueAt } from './update-path.ts'
import { compareValues, equalValues, isDocument } from './values.ts'

/** One change of a document. */
export interface Step {
  readonly path: Path
  /** Whether it is taken only when an upsert inserts. */
  readonly insertOnly?: boolean
  /** Changes the document at the path, in which places stand for `$`, `$[]` and `$[name]`. */
  run(doc: Document, path: Path): void
}

/** Makes steps of a field and an operand. */
type Operator = (path: string, operand: unknown) => Step[]

/** Computes the new value of a field; `undefined` is a missing field. */
type Compute = (old: unknown, operand: unknown, path: string) => unknown

function onField(compute: Compute, reach: Reach = 'make'): Operator {
  return (path, operand) => {
    const parts = parsePath(path)
    compute(undefined, operand, path) // refuses a wrong operand before there is a document
    return [{ path: parts, run: (doc, at) => changeAt(doc, at, reach, old => compute(old, operand, path)) }]
  }
}

const arithmetic = (operation: 'add' | 'multiply') =>
  onField((old, operand, path) => {
    const [a, b] = [readNumber(old === undefined ? 0 : old), readNumber(operand)]
    if (!a || !b)
      throw mongoError(14, `Cannot ${operation} ${typeName(operand)} to '${path}' of ${typeName(old)}`)
    if (old === undefined && operation === 'add') return operand
    const result = combine(operation, a, b)
    if (result) return result
    throw mongoError(2, `Failed to ${operation}: '${path}' would exceed 64 bits`)
  })

const extreme = (sign: 1 | -1) =>
  onField((old, operand) =>
    old === undefined || sign * compareValues(operand, old) > 0 ? copyOf(operand) : old,
  )

const bitRules = new Map<string, (a: bigint, b: bigint) => bigint>([
  ['and', (a, b) => a & b],
  ['or', (a, b) => a | b],
  ['xor', (a, b) => a ^ b],
])

function bit(old: unknown = 0, operand: unknown, path: string): unknown {
  const [[name = '', mask] = [], ...more] = Object.entries(isDocument(operand) ? operand : {})
  const [a, b, rule] = [readNumber(old), readNumber(mask), bitRules.get(name)]
  const whole = (a?.kind === 'int' || a?.kind === 'long') && (b?.kind === 'int' || b?.kind === 'long')
  if (!whole || !rule || more.length > 0)
    throw mongoError(2, `$bit takes one of and, or, xor of ints and longs; '${path}' is no such`)
  return wrapWhole(rule(BigInt(a.value), BigInt(b.value)), a.kind === 'int' ? b.kind : a.kind)
}

function currentDate(_old: unknown, operand: unknown, path: string): unknown {
  const type: unknown = isDocument(operand) ? operand.$type : operand
  const now = Date.now()
  if (typeof type === 'boolean' || type === 'date') return new Date(now)
  if (type === 'timestamp') return new Timestamp({ t: Math.floor(now / 1000), i: (now % 1000) + 1 })
  throw mongoError(2, `$currentDate of '${path}' takes true or {$type: 'date' or 'timestamp'}`)
}

function arrayIn(value: unknown, what: string, code = 2): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(code, `${what} must be an array but is of type ${typeName(value)}`)
}

/** What `$push` and `$addToSet` add, and the clauses beside an `$each`. */
function clausesOf(operand: unknown, known: readonly string[]) {
  const listed = isDocument(operand) && operand.$each !== undefined
  const { $each, ...clauses }: Document = listed ? operand : { $each: [operand] }
  const unknown = Object.keys(clauses).find(name => !known.includes(name))
  if (unknown) throw mongoError(2, `Unrecognized clause beside $each: ${unknown}`)
  return { clauses, each: arrayIn($each, 'The argument to $each') }
}

/** The order of `$push`: of whole elements by 1 or -1, or of documents by their fields. */
function elementOrder(sort: unknown): (a: unknown, b: unknown) => number {
  const whole = !isDocument(sort)
  const { keysOf, compare } = readSort(whole ? { element: sort } : sort, 2)
  const keys = (element: unknown) => (whole ? [element] : keysOf(isDocument(element) ? element : {}))
  return (a, b) => compare(keys(a), keys(b))
}

/** `$position`, `$sort` and `$slice` work in this order. */
function push(old: unknown = [], operand: unknown, path: string): unknown {
  const { each, clauses } = clausesOf(operand, ['$position', '$sort', '$slice'])
  const array = arrayIn(old, `The field '${path}'`)
  const { $position = array.length, $sort, $slice = Number.MAX_SAFE_INTEGER } = clauses
  const [at, size] = [toDouble($position), toDouble($slice)]
  if (!Number.isInteger(at) || !Number.isInteger(size))
    throw mongoError(2, '$position and $slice are integers')
  const longer = [...array.slice(0, at), ...copyOf(each), ...array.slice(at)]
  if ($sort !== undefined) longer.sort(elementOrder($sort))
  return Number(size) < 0 ? longer.slice(size) : longer.slice(0, size)
}

function addToSet(old: unknown = [], operand: unknown, path: string): unknown {
  const set = [...arrayIn(old, `The field '${path}'`)]
  for (const item of clausesOf(operand, []).each)
    if (!set.some(element => equalValues(element, item))) set.push(copyOf(item))
  return set
}

function pop(old: unknown = [], operand: unknown, path: string): unknown {
  const side = toDouble(operand)
  if (side !== 1 && side !== -1) throw mongoError(9, `$pop expects 1 or -1, found: ${describe(operand)}`)
  const array = arrayIn(old, `The field '${path}'`, 14)
  return side === 1 ? array.slice(0, -1) : array.slice(1)
}

/** Keeps the elements of an array that are not to be pulled. */
const without = (pulled: (element: unknown) => boolean) =>
  onField((old = [], _, path) => arrayIn(old, `The field '${path}'`).filter(one => !pulled(one)), 'try')

/** Removes the elements that equal the operand, or that meet it where it is a condition. */
const pull: Operator = (path, operand) => {
  const test = elementTest(isDocument(operand) ? operand : { $in: [operand] })
  const ofFields = isDocument(operand) && !hasOperators(operand)
  return without(element => test(element) && (!ofFields || isDocument(element)))(path, operand)
}

const pullAll: Operator = (path, operand) => {
  const items = arrayIn(operand, 'The argument of $pullAll')
  return without(element => items.some(item => equalValues(item, element)))(path, operand)
}

const rename: Operator = (from, to) => {
  if (typeof to !== 'string' || from === to || /(^|\.)\$/.test(`${from}.${to}`))
    throw mongoError(2, `$rename needs two different fields without positional parts: ${from}, ${to}`)
  const [source, target] = [parsePath(from), parsePath(to)]
  const crossesArray = (doc: Document, path: Path) =>
    path.some((_part, i) => i > 0 && Array.isArray(valueAt(doc, path.slice(0, i))))
  const run = (doc: Document) =>
    changeAt(doc, source, 'try', value => {
      const crossed = crossesArray(doc, source) || crossesArray(doc, target)
      if (crossed) throw mongoError(2, `$rename of '${from}' to '${to}' would concern an array element`)
      changeAt(doc, target, 'make', () => value)
    })
  // The source is a step of its own so that no other may change it.
  return [
    { path: source, run: () => undefined },
    { path: target, run },
  ]
}

const set = onField((_old, operand) => copyOf(operand))

/** All update operators. Codes 2, 9, 14: what an operand may not be; those of paths (`parsePath`). */
export const updateOperators: ReadonlyMap<string, Operator> = new Map([
  ['$set', set],
  ['$setOnInsert', (path, operand) => set(path, operand).map(step => ({ ...step, insertOnly: true }))],
  ['$unset', onField(() => undefined, 'look')],
  ['$inc', arithmetic('add')],
  ['$mul', arithmetic('multiply')],
  ['$min', extreme(-1)],
  ['$max', extreme(1)],
  ['$bit', onField(bit)],
  ['$currentDate', onField(currentDate)],
  ['$push', onField(push)],
  ['$addToSet', onField(addToSet)],
  ['$pop', onField(pop, 'try')],
  ['$pull', pull],
  ['$pullAll', pullAll],
  ['$rename', rename],
])
