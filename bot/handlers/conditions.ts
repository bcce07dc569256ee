import { caselessIn } from '../events/fields.ts'
import { cutText, maskedText } from './mask.ts'
import { operators } from './operators.ts'
import type { Condition } from './schema.ts'
import { type Sound, unsound } from './sound.ts'

/** Why a condition held or not, in the shape of the condition, for the run's trace. */
export interface ConditionResult {
  ok: boolean
  /** `path is value (was actual)` for a leaf; `all`, `any` or `not` above. */
  why: string
  parts?: ConditionResult[]
}

/**
 * Follows a dotted path through own properties only. Lists also have `size`, `first` and `last`, and texts `size`, which
 * means what it means in a text template.
 */
export function factAt(facts: object, path: string): unknown {
  let value: unknown = facts
  let from = 0
  for (;;) {
    const dot = path.indexOf('.', from)
    const name = dot < 0 ? path.slice(from) : path.slice(from, dot)
    if (typeof value === 'object' && value !== null && Object.hasOwn(value, name))
      value = (value as Record<string, unknown>)[name]
    else value = partOf(value, name)
    if (dot < 0 || value === undefined) return value
    from = dot + 1
  }
}

function partOf(value: unknown, name: string): unknown {
  if (name === 'size') return typeof value === 'string' || Array.isArray(value) ? value.length : undefined
  if (!Array.isArray(value)) return undefined
  if (name === 'first') return value[0]
  return name === 'last' ? value.at(-1) : undefined
}

/** Whether a condition holds, and nothing more: every event asks this of the handlers that it may start. */
export function holds(condition: Condition, facts: object): boolean {
  if ('all' in condition) return condition.all.every(part => holds(part, facts))
  if ('any' in condition) return condition.any.some(part => holds(part, facts))
  if ('not' in condition) return !holds(condition.not, facts)
  return compares(condition, factAt(facts, condition.path))
}

/** Whether what a fact is fits a comparison of it. */
export function compares({ path, is, value }: Leaf, actual: unknown): boolean {
  if (path.startsWith('args.')) return operators[is].holds(asCompared(actual, value), value)
  if (path !== 'staff.userid' && !path.startsWith('event.')) return operators[is].holds(actual, value)
  const [, field = ''] = path.split('.', 2)
  return operators[is].holds(caselessIn(field, actual), caselessIn(field, value))
}

const decimal = /^\s*-?\d+(?:\.\d+)?\s*$/

/**
 * An argument where it is compared with numbers: what filters have reckoned, or somebody typed behind `--args`, comes as a
 * text, and nothing says before the run which it is. One of a command has a type, and never is a text there.
 */
function asCompared(actual: unknown, value: unknown): unknown {
  if (typeof actual !== 'string' || !decimal.test(actual)) return actual
  const wanted = Array.isArray(value) ? value : [value]
  return wanted.every(one => typeof one === 'number') ? Number(actual) : actual
}

/** Evaluates a condition with its reasons; every part is evaluated, so that the trace is whole. */
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
  const ok = compares(condition, actual)
  const wanted = condition.is === 'exists' ? '' : ` ${shown(condition.value)}`
  return { ok, why: `${condition.path} ${condition.is}${wanted} (was ${shown(actual)})` }
}

const shownMax = 100
/** Enough of any value for a reason; JSON of a long list is not made to be thrown away. */
const listedMax = shownMax

/** A value in a reason: JSON of at most 100 characters, mobile numbers masked. */
export function shown(value: unknown): string {
  if (value === undefined) return 'missing'
  const bounded = Array.isArray(value) ? value.slice(0, listedMax) : value
  const whole = typeof bounded === 'string' ? bounded.slice(0, 2 * shownMax) : bounded
  return maskedText(JSON.stringify(whole) ?? 'missing', shownMax)
}

const reasonMax = 300

/** One line of what decided a result: of `all` the first part that failed, of `any` every one. */
export function reasonOf(result: ConditionResult): string {
  return cutText(deciding(result), reasonMax)
}

function deciding({ ok, why, parts }: ConditionResult): string {
  if (parts === undefined) return why
  if (why === 'not') return `not (${parts.map(deciding).join()})`
  const same = parts.filter(part => part.ok === ok)
  // One part decides an `all` that failed and an `any` that holds; all of them the two others.
  const deciders = (why === 'all') === ok ? same : same.slice(0, 1)
  return deciders.map(deciding).join('; ')
}

/** One comparison of a condition. */
type Leaf = Extract<Condition, { path: unknown }>

/** Every comparison of a condition, by where it stands in the document; nothing of a part that is none. */
export function leavesOf(condition: Condition, at: string): { at: string; leaf: Leaf }[]
export function leavesOf(condition: Sound<Condition>, at: string): { at: string; leaf: Sound<Leaf> }[]
export function leavesOf(condition: Sound<Condition>, at: string): { at: string; leaf: Sound<Leaf> }[] {
  if (condition === unsound) return []
  const within = (list: readonly Sound<Condition>[] | typeof unsound, name: string) =>
    list === unsound ? [] : list.flatMap((part, index) => leavesOf(part, `${at}.${name}.${index}`))
  return [
    ...('all' in condition ? within(condition.all, 'all') : []),
    ...('any' in condition ? within(condition.any, 'any') : []),
    ...('not' in condition ? leavesOf(condition.not, `${at}.not`) : []),
    ...('path' in condition ? [{ at, leaf: condition }] : []),
  ]
}

/** Where the comparisons stand that must hold at once: of each `all` with those directly within. */
export function togetherIn(condition: Sound<Condition>, at: string): string[][] {
  if (condition === unsound) return []
  const all = 'all' in condition && condition.all !== unsound ? condition.all : []
  const any = 'any' in condition && condition.any !== unsound ? condition.any : []
  const own = all.flatMap((part, index) => (part !== unsound && 'path' in part ? [`${at}.all.${index}`] : []))
  return [
    ...(own.length > 1 ? [own] : []),
    ...all.flatMap((part, index) => togetherIn(part, `${at}.all.${index}`)),
    ...any.flatMap((part, index) => togetherIn(part, `${at}.any.${index}`)),
    ...('not' in condition ? togetherIn(condition.not, `${at}.not`) : []),
  ]
}

/** Every path that a condition reads. */
export function pathsOf(condition: Condition): string[] {
  return leavesOf(condition, '').map(({ leaf }) => leaf.path)
}
