import type { Document } from 'bson'
import { convert } from './conversions.ts'
import { dateParameters } from './dates.ts'
import { mongoError } from './errors.ts'
import type { Evaluate } from './expression.ts'
import {
  arrayFor,
  type Compute,
  isNullish,
  isTruthy,
  strictOperators,
  totalOperators,
} from './expression-operators.ts'
import { callMingo, isMingos } from './mingo.ts'
import { fieldOf } from './paths.ts'

/** The parts of an operator, as many as it takes. */
export type Parts = [Evaluate, Evaluate, Evaluate, Evaluate, ...Evaluate[]]

/** Evaluates such of its parts as it needs. */
type Form = (variables: Document, ...parts: Parts) => unknown

/** The part of an argument that is not given. */
export const missing: Evaluate = () => undefined

/** Goes through an array with a part that sees each element under a name. */
function through(finish: (array: unknown[], each: (item: unknown) => unknown) => unknown): Form {
  return (variables, input, part, as) => {
    const array = input(variables)
    const name = String(as(variables) ?? 'this')
    return isNullish(array) ? null : finish(arrayFor(array), item => part({ ...variables, [name]: item }))
  }
}

/** Operators that evaluate not all of their arguments, or some of them under variables of their own. */
const forms: Readonly<Record<string, Form>> = {
  $and: (variables, ...parts) => parts.every(part => isTruthy(part(variables))),
  $or: (variables, ...parts) => parts.some(part => isTruthy(part(variables))),
  $ifNull: (variables, ...parts) =>
    parts.reduce<unknown>((value, part) => (isNullish(value) ? part(variables) : value), undefined),
  $cond: (variables, test, yes, no) => (isTruthy(test(variables)) ? yes : no)(variables),
  $getField: (variables, field, input) =>
    fieldOf(input === missing ? variables.CURRENT : input(variables), String(field(variables))),
  $map: through((array, each) => array.map(item => each(item) ?? null)),
  $filter: through((array, each) => array.filter(item => isTruthy(each(item)))),
  $reduce: (variables, input, start, part) => {
    const array = input(variables)
    if (isNullish(array)) return null
    const step = (value: unknown, item: unknown) => part({ ...variables, value, this: item })
    return arrayFor(array).reduce(step, start(variables))
  },
  $convert: (variables, input, to, onError, onNull) => {
    const value = input(variables)
    if (isNullish(value)) return onNull(variables) ?? null
    try {
      return convert(value, to(variables))
    } catch (error) {
      if (onError === missing) throw error
      return onError(variables)
    }
  },
}

/** The names of the arguments where they have some; those with a question mark may be missing. */
const parameters: Readonly<Record<string, string>> = {
  ...dateParameters,
  $cond: 'if then else',
  $getField: 'field input?',
  $map: 'input in as?',
  $filter: 'input cond as?',
  $reduce: 'input initialValue in',
  $convert: 'input to onError? onNull?',
  $setField: 'field input value',
  $trim: 'input chars?',
  $ltrim: 'input chars?',
  $rtrim: 'input chars?',
  $replaceOne: 'input find replacement',
  $replaceAll: 'input find replacement',
}
const takeNull = ['$isArray', '$strLenCP', '$strLenBytes', '$substrCP']

/** An operator, how its arguments are given and what it makes of them. */
export interface Operator {
  /** How many arguments there must be; 0 for any number. Named ones that follow these may be missing. */
  readonly needed: number
  readonly names: readonly string[] | undefined
  readonly evaluate: Form
}

const own = <T>(table: Readonly<Record<string, T>>, name: string) =>
  Object.hasOwn(table, name) ? table[name] : undefined

/** The operator of this name. Throws code 168 when it is unknown or not supported. */
export function operatorNamed(name: string): Operator {
  const listed = own(parameters, name)?.split(' ')
  const names = listed?.map(one => one.replace('?', ''))
  const optional = listed?.filter(one => one.endsWith('?')).length ?? 0
  const form = own(forms, name)
  if (form !== undefined) return { names, needed: (names?.length ?? 0) - optional, evaluate: form }
  const mingos: Compute = (...values) => callMingo(name, values, names)
  const compute = own(totalOperators, name) ?? own(strictOperators, name) ?? (isMingos(name) && mingos)
  if (!compute) throw mongoError(168, `Unrecognized expression '${name}'`)
  const needed = names ? names.length - optional : compute.length
  const takesNull = takeNull.includes(name) || Object.hasOwn(totalOperators, name)
  const isNull = (value: unknown, i: number) =>
    value === null || (value === undefined && (!names || i < needed))
  const evaluate: Form = (variables, ...parts) => {
    const values = parts.map(part => part(variables))
    return !takesNull && values.some(isNull) ? null : compute(...values)
  }
  return { names, needed, evaluate }
}
