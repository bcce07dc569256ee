import { type Document, Timestamp } from 'bson'
import { mongoError } from './errors.ts'
import { elementTest } from './match.ts'
import { combine, readNumber, toDouble, wrapWhole } from './numbers.ts'
import { compileSort } from './sort.ts'
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

function arithmetic(operation: 'add' | 'multiply', old: unknown, operand: unknown, path: string): unknown {
  const [a, b] = [readNumber(old === undefined ? 0 : old), readNumber(operand)]
  if (!a || !b)
    throw mongoError(14, `Cannot ${operation} ${typeName(operand)} to '${path}' of ${typeName(old)}`)
  if (old === undefined && operation === 'add') return operand
  const result = combine(operation, a, b)
  if (result) return result
  throw mongoError(2, `Failed to ${operation}: '${path}' would exceed 64 bits`)
}

function extreme(sign: 1 | -1, old: unknown, operand: unknown): unknown {
  return old === undefined || sign * compareValues(operand, old) > 0 ? copyOf(operand) : old
}

const bitRules = new Map<string, (a: bigint, b: bigint) => bigint>([
  ['and', (a, b) => a & b],
  ['or', (a, b) => a | b],
  ['xor', (a, b) => a ^ b],
])

function bit(old: unknown = 0, operand: unknown, path: string): unknown {
  const masks = Object.entries(isDocument(operand) ? operand : {})
  if (masks.length === 0) throw mongoError(2, `$bit of '${path}' takes {and|or|xor: number}`)
  return masks.reduce((value, [name, mask]) => {
    const [a, b, rule] = [readNumber(value), readNumber(mask), bitRules.get(name)]
    const whole = (a?.kind === 'int' || a?.kind === 'long') && (b?.kind === 'int' || b?.kind === 'long')
    if (!whole || !rule)
      throw mongoError(2, `$bit takes and, or, xor of ints and longs; '${path}' is no such`)
    return wrapWhole(rule(BigInt(a.value), BigInt(b.value)), a.kind === 'int' ? b.kind : a.kind)
  }, old)
}

function currentDate(_old: unknown, operand: unknown, path: string): unknown {
  const type: unknown = isDocument(operand) ? operand.$type : operand
  const now = Date.now()
  if (typeof type === 'boolean' || type === 'date') return new Date(now)
  if (type === 'timestamp') return new Timestamp({ t: Math.floor(now / 1000), i: (now % 1000) + 1 })
  throw mongoError(2, `$currentDate of '${path}' takes true or {$type: 'date' or 'timestamp'}`)
}

function arrayIn(value: unknown, code: number, what: string): unknown[] {
  if (Array.isArray(value)) return value
  throw mongoError(code, `${what} must be an array but is of type ${typeName(value)}`)
}

/** What `$push` and `$addToSet` add, and the clauses beside an `$each`. */
function clausesOf(operand: unknown, code: number, known: readonly string[]) {
  const listed = isDocument(operand) && operand.$each !== undefined
  const { $each, ...clauses }: Document = listed ? operand : { $each: [operand] }
  const unknown = Object.keys(clauses).find(name => !known.includes(name))
  if (unknown) throw mongoError(2, `Unrecognized clause beside $each: ${unknown}`)
  return { clauses, each: arrayIn($each, code, 'The argument to $each') }
}

function elementOrder(sort: unknown): (a: unknown, b: unknown) => number {
  const direction = toDouble(sort)
  if (direction === 1 || direction === -1) return (a, b) => direction * compareValues(a, b)
  if (!isDocument(sort) || Object.keys(sort).length === 0) {
    throw mongoError(2, 'The $sort of $push must be 1, -1 or {field: 1 or -1}')
  }
  const compare = compileSort(sort)
  return (a, b) => compare(isDocument(a) ? a : {}, isDocument(b) ? b : {})
}

/** `$position`, `$sort` and `$slice` work in this order. */
function push(old: unknown = [], operand: unknown, path: string): unknown {
  const { each, clauses } = clausesOf(operand, 2, ['$position', '$sort', '$slice'])
  const array = arrayIn(old, 2, `The field '${path}'`)
  const { $position = array.length, $sort, $slice = Number.MAX_SAFE_INTEGER } = clauses
  const [at, size] = [toDouble($position), toDouble($slice)]
  if (!Number.isInteger(at) || !Number.isInteger(size))
    throw mongoError(2, '$position and $slice are integers')
  const longer = [...array.slice(0, at), ...copyOf(each), ...array.slice(at)]
  if ($sort !== undefined) longer.sort(elementOrder($sort))
  return Number(size) < 0 ? longer.slice(size) : longer.slice(0, size)
}

function addToSet(old: unknown = [], operand: unknown, path: string): unknown {
  const { each } = clausesOf(operand, 14, [])
  const set = [...arrayIn(old, 2, `The field '${path}'`)]
  for (const item of each) if (!set.some(element => equalValues(element, item))) set.push(copyOf(item))
  return set
}

function pop(old: unknown = [], operand: unknown, path: string): unknown {
  const side = toDouble(operand)
  if (side !== 1 && side !== -1) throw mongoError(9, `$pop expects 1 or -1, found: ${describe(operand)}`)
  const array = arrayIn(old, 14, `The field '${path}'`)
  return side === 1 ? array.slice(0, -1) : array.slice(1)
}

function pullAll(old: unknown = [], operand: unknown, path: string): unknown {
  const items = arrayIn(operand, 2, 'The argument of $pullAll')
  return arrayIn(old, 2, `The field '${path}'`).filter(
    element => !items.some(item => equalValues(item, element)),
  )
}

/** Removes the elements that equal the operand, or that meet it where it is a condition. */
const pull: Operator = (path, operand) => {
  const test = elementTest(isDocument(operand) ? operand : { $in: [operand] })
  const ofFields = isDocument(operand) && !hasOperators(operand)
  const stays = (element: unknown) => !test(element) || (ofFields && !isDocument(element))
  return onField((old = []) => arrayIn(old, 2, `The field '${path}'`).filter(stays), 'try')(path, operand)
}

const rename: Operator = (from, to) => {
  if (typeof to !== 'string') throw mongoError(2, `The 'to' field for $rename must be a string: ${from}`)
  const [source, target] = [parsePath(from), parsePath(to)]
  if (from === to || [...source, ...target].some(part => part.startsWith('$'))) {
    throw mongoError(2, `$rename needs two different fields without positional parts: ${from}, ${to}`)
  }
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
  ['$inc', onField((...terms) => arithmetic('add', ...terms))],
  ['$mul', onField((...terms) => arithmetic('multiply', ...terms))],
  ['$min', onField((old, operand) => extreme(-1, old, operand))],
  ['$max', onField((old, operand) => extreme(1, old, operand))],
  ['$bit', onField(bit)],
  ['$currentDate', onField(currentDate)],
  ['$push', onField(push)],
  ['$addToSet', onField(addToSet)],
  ['$pop', onField(pop, 'try')],
  ['$pull', pull],
  ['$pullAll', onField(pullAll, 'try')],
  ['$rename', rename],
])
