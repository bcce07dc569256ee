import type { FactType } from './fact-table.ts'

/** What a comparison looks at: kinds of facts (see fact-table.ts), and what its `value` must be. */
interface Operator {
  /** For the reference. */
  meaning: string
  /** Of facts of these kinds; anything else never holds and is refused when publishing. */
  of: readonly FactType[]
  /** `same`: one of the fact's kind; `part`: a text, of a list one that may be in it; `list`: several of the fact's kind; `none`: nothing. */
  value: 'same' | 'part' | 'list' | 'none'
  holds(actual: unknown, value: unknown): boolean
}

/** How a condition compares. A fact that is missing fits only `ne`. */
export const operators = {
  eq: {
    meaning: 'is exactly this; a text is no number but in `args`, and letter case counts but in userids',
    of: ['text', 'number', 'boolean'],
    value: 'same',
    holds: (actual, value) => actual === value,
  },
  ne: {
    meaning: 'is not this; holds where the fact is missing',
    of: ['text', 'number', 'boolean'],
    value: 'same',
    holds: (actual, value) => actual !== value,
  },
  in: {
    meaning: 'is one of these',
    of: ['text', 'number'],
    value: 'list',
    holds: (actual, value) => Array.isArray(value) && value.includes(actual),
  },
  contains: {
    meaning: 'a text has this in it; a list has this as one of its entries',
    of: ['text', 'list of text'],
    value: 'part',
    holds: (actual, value) =>
      Array.isArray(actual)
        ? actual.includes(value)
        : typeof actual === 'string' && typeof value === 'string' && actual.includes(value),
  },
  prefix: {
    meaning: 'a text begins with this',
    of: ['text'],
    value: 'part',
    holds: (actual, value) =>
      typeof actual === 'string' && typeof value === 'string' && actual.startsWith(value),
  },
  gt: {
    meaning: 'is greater or later than this',
    of: ['text', 'number'],
    value: 'same',
    holds: (actual, value) => comparable(actual, value) && (actual as number) > (value as number),
  },
  gte: {
    meaning: 'is this, or greater or later',
    of: ['text', 'number'],
    value: 'same',
    holds: (actual, value) => comparable(actual, value) && (actual as number) >= (value as number),
  },
  lt: {
    meaning: 'is less or earlier than this',
    of: ['text', 'number'],
    value: 'same',
    holds: (actual, value) => comparable(actual, value) && (actual as number) < (value as number),
  },
  lte: {
    meaning: 'is this, or less or earlier',
    of: ['text', 'number'],
    value: 'same',
    holds: (actual, value) => comparable(actual, value) && (actual as number) <= (value as number),
  },
  exists: {
    meaning: 'is there and not empty; 0 and false are there',
    of: ['text', 'number', 'boolean', 'list of text', 'list of objects', 'object'],
    value: 'none',
    holds: actual =>
      actual !== undefined &&
      actual !== null &&
      actual !== '' &&
      !(Array.isArray(actual) && actual.length === 0),
  },
} as const satisfies Record<string, Operator>

export type Comparison = keyof typeof operators
export const comparisons = Object.keys(operators) as [Comparison, ...Comparison[]]

function comparable(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && (typeof one === 'number' || typeof one === 'string')
}
