import type { Comparison, Condition } from './schema.ts'

/** Why a condition held or not, in the shape of the condition, for the run's trace. */
export interface ConditionResult {
  ok: boolean
  /** `path is value (was actual)` for a leaf; `all`, `any` or `not` above. */
  why: string
  parts?: ConditionResult[]
}

/** Follows a dotted path through own properties only. */
export function factAt(facts: object, path: string): unknown {
  let value: unknown = facts
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined
    value = (value as Record<string, unknown>)[name]
  }
  return value
}

/** Evaluates a condition; every part is evaluated, so that the trace is whole. */
export function evaluate(condition: Condition, facts: object): ConditionResult {
  if ('all' in condition) {
    const parts = condition.all.map(part => evaluate(part, facts))
    return { ok: parts.every(part => part.ok), why: 'all', parts }
  }
  if ('any' in condition) {
    const parts = condition.any.map(part => evaluate(part, facts))
    return { ok: parts.some(part => part.ok), why: 'any', parts }
  }
  if ('not' in condition) {
    const part = evaluate(condition.not, facts)
    return { ok: !part.ok, why: 'not', parts: [part] }
  }
  const actual = factAt(facts, condition.path)
  const ok = compare[condition.is](actual, condition.value)
  const wanted = condition.is === 'exists' ? '' : ` ${JSON.stringify(condition.value)}`
  return {
    ok,
    why: `${condition.path} ${condition.is}${wanted} (was ${JSON.stringify(actual) ?? 'missing'})`,
  }
}

const compare: Record<Comparison, (actual: unknown, value: unknown) => boolean> = {
  eq: (actual, value) => actual === value,
  ne: (actual, value) => actual !== value,
  in: (actual, value) => Array.isArray(value) && value.includes(actual),
  contains: (actual, value) =>
    Array.isArray(actual)
      ? actual.includes(value)
      : typeof actual === 'string' && typeof value === 'string' && actual.includes(value),
  prefix: (actual, value) =>
    typeof actual === 'string' && typeof value === 'string' && actual.startsWith(value),
  gt: (actual, value) => comparable(actual, value) && (actual as number) > (value as number),
  lt: (actual, value) => comparable(actual, value) && (actual as number) < (value as number),
  exists: actual =>
    actual !== undefined &&
    actual !== null &&
    actual !== '' &&
    !(Array.isArray(actual) && actual.length === 0),
}

function comparable(one: unknown, other: unknown): boolean {
  return typeof one === typeof other && (typeof one === 'number' || typeof one === 'string')
}

/** Every path that a condition reads. */
export function pathsOf(condition: Condition): string[] {
  if ('all' in condition) return condition.all.flatMap(pathsOf)
  if ('any' in condition) return condition.any.flatMap(pathsOf)
  if ('not' in condition) return pathsOf(condition.not)
  return [condition.path]
}
