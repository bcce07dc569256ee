import { compares } from './conditions.ts'
import type { FactDefinition } from './fact-table.ts'
import type { Comparison } from './operators.ts'

/** A comparison that holds for some values of its fact. */
export interface Compared {
  path: string
  is: Comparison
  value: unknown
  fact: Omit<FactDefinition, 'means'>
}

/** Whether no value of the fact fits both comparisons; where that is not sure, no. */
export function excludes(one: Compared, other: Compared): boolean {
  if (one.path !== other.path || one.fact.type.startsWith('list')) return false
  const possible = possibleValues(one, other)
  if (possible !== undefined) return !possible.some(value => compares(one, value) && compares(other, value))
  const [low, high] = isLow(one) ? [one, other] : [other, one]
  if (!isLow(low) || !isHigh(high)) return false
  const [from, to] = [low.value as number, high.value as number]
  return from > to || (from === to && (low.is === 'gt' || high.is === 'lt'))
}

/** The whole numbers of a range. */
export function numbersOf([least, most]: readonly [number, number]): number[] {
  return Array.from({ length: most - least + 1 }, (_none, index) => least + index)
}

/** All values that can fit, where they can be listed; `undefined` among them stands for a fact that is missing. */
function possibleValues(one: Compared, other: Compared): readonly unknown[] | undefined {
  for (const { is, value } of [one, other]) {
    if (is === 'eq') return [value]
    if (is === 'in' && Array.isArray(value)) return value
  }
  const { type, oneOf, range } = one.fact
  if (type === 'boolean') return [true, false, undefined]
  if (oneOf !== undefined) return [...oneOf, undefined]
  return range === undefined ? undefined : [...numbersOf(range), undefined]
}

const isLow = ({ is }: Compared): boolean => is === 'gt' || is === 'gte'
const isHigh = ({ is }: Compared): boolean => is === 'lt' || is === 'lte'
