import { Timestamp } from 'bson'
import { mongoError } from './errors.ts'
import { combine, readNumber, wrapNumber, wrapWhole } from './numbers.ts'
import { describe, typeName } from './types.ts'
import { addToSet, type Change, pop, pull, pullAll, push } from './update-array.ts'
import { copyOf } from './update-path.ts'
import { compareValues, isDocument } from './values.ts'

/** An update operator: its operand becomes a change of the field that the path leads to. */
export interface UpdateOperator {
  change(operand: unknown, path: string): Change
  /** Leaves documents that lack the field, or the way to it, as they are. */
  existing?: boolean
  /** Works only when an upsert inserts. */
  insertOnly?: boolean
}

function compute(name: '$inc' | '$mul', operand: unknown, path: string): Change {
  const by = readNumber(operand)
  const verb = name === '$inc' ? 'increment' : 'multiply'
  if (by === undefined) {
    throw mongoError(14, `Cannot ${verb} with non-numeric argument: {${path}: ${describe(operand)}}`)
  }
  return (value, { id }) => {
    const old = value === undefined ? undefined : readNumber(value)
    const where = `{_id: ${describe(id)}}`
    if (value !== undefined && old === undefined) {
      const field = `has the field '${path.split('.').at(-1)}' of non-numeric type ${typeName(value)}`
      throw mongoError(14, `Cannot apply ${name} to a value of non-numeric type. ${where} ${field}`)
    }
    if (old === undefined && name === '$inc') return wrapNumber(by)
    const result = combine(name === '$inc' ? 'add' : 'multiply', old ?? { kind: 'int', value: 0 }, by)
    if (result === undefined) {
      throw mongoError(
        2,
        `Failed to apply ${name} operations to current value (${old?.value}) for document ${where}`,
      )
    }
    return result
  }
}

function extreme(wins: (order: number) => boolean) {
  return (operand: unknown): Change =>
    value =>
      value === undefined || wins(compareValues(operand, value)) ? copyOf(operand) : value
}

const bitRules = {
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
} as const satisfies Record<string, (a: bigint, b: bigint) => bigint>

function bit(operand: unknown): Change {
  if (!isDocument(operand) || Object.keys(operand).length === 0) {
    throw mongoError(
      2,
      `The $bit modifier is not compatible with a ${typeName(operand)}. It takes {and|or|xor: number}`,
    )
  }
  const steps = Object.entries(operand).map(([name, value]) => {
    const mask = readNumber(value)
    if (!Object.hasOwn(bitRules, name)) {
      throw mongoError(
        2,
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator`,
      )
    }
    if (mask?.kind !== 'int' && mask?.kind !== 'long') {
      throw mongoError(
        2,
        `The $bit modifier field must be an Integer(32/64 bit); a '${typeName(value)}' is not supported here`,
      )
    }
    return { rule: bitRules[name as keyof typeof bitRules], mask: BigInt(mask.value), kind: mask.kind }
  })
  return value => {
    const old = value === undefined ? ({ kind: 'int', value: 0 } as const) : readNumber(value)
    if (old?.kind !== 'int' && old?.kind !== 'long') {
      throw mongoError(2, `Cannot apply $bit to a value of non-integral type ${typeName(value)}`)
    }
    const bits = steps.reduce((sum, { rule, mask }) => rule(sum, mask), BigInt(old.value))
    return wrapWhole(bits, old.kind === 'long' || steps.some(({ kind }) => kind === 'long') ? 'long' : 'int')
  }
}

function currentDate(operand: unknown): Change {
  const type: unknown = isDocument(operand) ? operand.$type : operand
  if (typeof type === 'boolean' || type === 'date') return () => new Date()
  if (type === 'timestamp') {
    return () => {
      const now = Date.now()
      return new Timestamp({ t: Math.floor(now / 1000), i: (now % 1000) + 1 })
    }
  }
  throw mongoError(
    2,
    `${typeName(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  )
}

/** All update operators but `$rename`, which works on two fields. */
export const updateOperators = {
  $set: { change: operand => () => copyOf(operand) },
  $setOnInsert: { change: operand => () => copyOf(operand), insertOnly: true },
  $unset: { change: () => () => undefined, existing: true },
  $inc: { change: (operand, path) => compute('$inc', operand, path) },
  $mul: { change: (operand, path) => compute('$mul', operand, path) },
  $min: { change: extreme(order => order < 0) },
  $max: { change: extreme(order => order > 0) },
  $bit: { change: bit },
  $currentDate: { change: currentDate },
  $push: { change: push },
  $addToSet: { change: addToSet },
  $pop: { change: pop, existing: true },
  $pull: { change: pull, existing: true },
  $pullAll: { change: pullAll, existing: true },
} as const satisfies Record<string, UpdateOperator>
