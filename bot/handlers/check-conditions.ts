import type { Report } from './compile.ts'
import { leavesOf, togetherIn } from './conditions.ts'
import { type Compared, excludes, numbersOf } from './contradictions.ts'
import { inForm } from './fact-form.ts'
import type { FactDefinition } from './fact-table.ts'
import { type KnownFacts, meaningOf } from './known-facts.ts'
import { listed, nearest } from './nearest.ts'
import { type Comparison, comparisons, operators } from './operators.ts'
import { isTemplate } from './references.ts'
import type { Condition } from './schema.ts'
import { type Sound, unsound } from './sound.ts'

type Fact = Omit<FactDefinition, 'means'>

/** Reports every comparison of a condition that names no fact, or could never hold. */
export function checkCondition(
  condition: Sound<Condition>,
  at: string,
  known: KnownFacts,
  report: Report,
): void {
  const compared = new Map<string, Compared>()
  for (const { at: place, leaf } of leavesOf(condition, at)) {
    if (leaf === unsound || leaf.path === unsound) continue
    const meaning = meaningOf(leaf.path.split('.'), known)
    if ('problem' in meaning) {
      report(place, `names ${meaning.problem}`)
      continue
    }
    if (leaf.is === unsound || leaf.value === unsound) continue
    const problem = problemOf(leaf.path, leaf.is, leaf.value, meaning.fact)
    if (problem !== undefined) report(place, problem)
    else compared.set(place, { path: leaf.path, is: leaf.is, value: leaf.value, fact: meaning.fact })
  }
  for (const places of togetherIn(condition, at)) checkTogether(places, compared, report)
}

/** Reports comparisons of one fact that must all hold, of which one excludes another. */
function checkTogether(
  places: readonly string[],
  compared: ReadonlyMap<string, Compared>,
  report: Report,
): void {
  for (const [index, place] of places.entries()) {
    const own = compared.get(place)
    const other = places.slice(0, index).find(before => {
      const one = compared.get(before)
      return own !== undefined && one !== undefined && excludes(one, own)
    })
    const one = other === undefined ? undefined : compared.get(other)
    if (own === undefined || one === undefined) continue
    const [earlier, later] = [one, own].map(({ is, value }) => `${is} ${JSON.stringify(value) ?? ''}`.trim())
    report(
      place,
      `asks ${own.path} for ${later}, and ${other} for ${earlier}: both never hold at once; where one is enough, write any instead of all`,
    )
  }
}

function problemOf(path: string, is: Comparison, value: unknown, fact: Fact): string | undefined {
  const operator = operators[is]
  const { type } = fact
  if (type !== 'any' && !(operator.of as readonly string[]).includes(type)) {
    const fitting = comparisons.filter(one => (operators[one].of as readonly string[]).includes(type))
    return `asks ${is} of ${path}, which is ${article(type)}; write ${listed(fitting)}`
  }
  if (operator.value === 'none') return value === undefined ? undefined : 'has a value, and exists takes none'
  if (value === undefined) return `has no value; ${is} needs one`
  if (operator.value === 'list') {
    if (!Array.isArray(value))
      return `has ${JSON.stringify(value)} as its value, and in needs a list: write [${JSON.stringify(value)}]`
    if (value.length === 0) return 'has an empty list as its value, which nothing is in'
    return first(value.map(one => fault(one, path, fact) ?? notThere(one, path, fact)))
  }
  if (Array.isArray(value))
    return `has a list as its value, and ${is} takes one; ${is === 'contains' ? 'write any of several contains' : 'write in'}`
  const one = operator.value === 'part' ? fault(value, path, { type: 'text' }) : fault(value, path, fact)
  if (one !== undefined) return one
  if (fact.range !== undefined && !numbersOf(fact.range).some(number => operator.holds(number, value)))
    return outOfRange(path, value, fact.range)
  if (is === 'ne' && notThere(value, path, fact) !== undefined) return notThere(value, path, fact)
  if (operator.value !== 'part') return undefined
  if (value === '')
    return `has an empty text as its value, which fits ${type === 'text' ? 'everything' : 'nothing'}`
  return otherName(path, value, fact)
}

/** Why a fact is never, or always, other than this value. */
function fault(value: unknown, path: string, { type, oneOf, form }: Fact): string | undefined {
  if (typeof value === 'string' && isTemplate(value))
    return `has a template as its value, and conditions compare with what stands there`
  if (value === null || typeof value === 'object')
    return `has ${kindOf(value)} as its value; write a text or a number`
  const wanted = { text: 'string', 'list of text': 'string', number: 'number', boolean: 'boolean' } as const
  const kind = Object.hasOwn(wanted, type) ? wanted[type as keyof typeof wanted] : undefined
  if (kind !== undefined && typeof value !== kind)
    return `compares ${path}, which is ${article(type)}, with ${kindOf(value)}; write ${asKind(value, kind)}`
  if (typeof value !== 'string') return undefined
  if (oneOf !== undefined && !oneOf.includes(value)) {
    const near = nearest(value, oneOf)
    return `compares ${path} with "${value}", which it never is; write ${near ?? `one of ${listed(oneOf.filter(one => one !== ''))}`}`
  }
  if (form !== undefined && !form.pattern.test(value))
    return `compares ${path} with "${value}"; write ${inForm(value, form)}`
  return undefined
}

/** Of a number that a fact is never equal to. */
function notThere(value: unknown, path: string, { range }: Fact): string | undefined {
  return range === undefined || numbersOf(range).includes(value as number)
    ? undefined
    : outOfRange(path, value, range)
}

function outOfRange(path: string, value: unknown, [least, most]: readonly [number, number]): string {
  return `compares ${path} with ${String(value)}, and it is a whole number from ${least} to ${most}`
}

function first(faults: readonly (string | undefined)[]): string | undefined {
  return faults.find(one => one !== undefined)
}

/** Where people name an entry of a list otherwise than it stands there. */
function otherName(path: string, value: unknown, { entries }: Fact): string | undefined {
  if (typeof value !== 'string') return undefined
  const asked = `asks ${path} for "${value}", and`
  const slash = value.indexOf('/')
  if (entries === 'tag_name' && slash >= 0)
    return `${asked} its tags stand without their groups; write ${
      path === 'follow.tags' ? 'follow.groupedTags' : `"${value.slice(slash + 1)}"`
    }`
  if (entries === 'grouped_tag' && slash < 0)
    return `${asked} its tags stand with their groups; write "组/${value}" with the name of the group, or follow.tags`
  if (entries === 'department_id' && !/^\d+$/.test(value))
    return `${asked} departments stand there by their ids; write an id such as "3", or name it in scope.departments`
  return undefined
}

function article(type: string): string {
  return type === 'object' ? 'an object' : `a ${type}`
}

function kindOf(value: unknown): string {
  if (value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object'
    ? 'an object'
    : `the ${typeof value === 'string' ? 'text' : typeof value} ${JSON.stringify(value)}`
}

/** The value as it should have been written. */
function asKind(value: string | number | boolean | unknown, kind: 'string' | 'number' | 'boolean'): string {
  if (kind === 'string') return JSON.stringify(String(value))
  if (kind === 'boolean') return 'true or false, without quotes'
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN
  return Number.isFinite(number) ? `${number}, without quotes` : 'a number'
}
