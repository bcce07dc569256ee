import type { Models } from '../../models/models.ts'
import type { ActionTable, Named } from '../actions/define.ts'
import { splitTagName, tagsNamed } from '../actions/tag-names.ts'
import type { Problem } from './compile.ts'
import { leavesOf } from './conditions.ts'
import { entriesOf } from './fact-table.ts'
import { splitWords } from './joined-words.ts'
import { type Kind, shelves } from './name-shelves.ts'
import { nearest } from './nearest.ts'
import type { HandlerDocument } from './schema.ts'
import { type Partly, type Sound, soundTrigger, unsound } from './sound.ts'
import { isCreatable, tagsOf } from './tag-advice.ts'

/** What is looked at of a document. */
type Document = Pick<Partly<HandlerDocument>, 'key' | 'trigger' | 'scope' | 'when' | 'steps'>
type NamedThing = Omit<Named, 'kind'> & { kind: Kind }

/** What will be there too once a document is published. */
export interface Coming {
  /** Those that are published together with it; of one without a key nobody knows which it is. */
  documents?: readonly Record<string, unknown>[]
  /** Tags that are made before, as `组/标签`. */
  tags?: readonly string[]
}

/**
 * Looks whether everything that a document names is there in this corp: what the parameters of its steps name, see
 * `Action.names`, its scope, and its conditions. What is a template, or unsound, names nothing yet. Reads the database alone.
 *
 * @param told what else is wrong with it: nothing is said of a name where something is, or of a list of which something is
 * @returns every problem, by its path
 */
export async function checkNames(
  models: Models,
  corpId: string,
  document: Document,
  actions: ActionTable,
  { documents = [], tags = [] }: Coming = {},
  told: readonly Problem[] = [],
): Promise<Problem[]> {
  const wrong = new Set(told.map(one => one.path))
  const all = [
    ...scopeNames(document.scope),
    ...stepNames(document.steps, actions),
    ...conditionNames(document),
  ]
  const named = all.filter(
    ({ name, path, words = [] }) =>
      !words.includes(name) && !wrong.has(path) && !wrong.has(path.replace(/\.\d+$/, '')),
  )
  const manual = new Map<unknown, boolean | undefined>([
    ...documents.map(one => [one.key, isManual(soundTrigger(one.trigger))] as const),
    [document.key, isManual(document.trigger)],
  ])
  const coming = { manual, tags: tags.map(splitTagName) }
  const problems: Problem[] = []
  for (const kind of new Set(named.map(one => one.kind))) {
    const own = named.filter(one => one.kind === kind)
    const names = own.map(one => one.name)
    const shelf = await shelves[kind](models, corpId, names, coming)
    for (const { name, path, words = [], kinds } of own) {
      const message = shelf(name, kinds)
      if (message === undefined) continue
      // Of several in one the advice is to write each by itself.
      const word = splitWords(name).length > 1 ? undefined : nearest(name, words)
      problems.push({ path, message: word === undefined ? message : `${message}; did you mean ${word}?` })
    }
  }
  return problems
}

function isManual(trigger: Sound<HandlerDocument['trigger']>): boolean | undefined {
  return trigger === unsound ? undefined : 'manual' in trigger
}

/**
 * The tags of a document that are not there and could be made: `组/标签`, each once. `checkNames` names them as problems
 * too, until they are there.
 */
export async function missingTags(
  models: Models,
  corpId: string,
  document: Pick<Document, 'when' | 'steps'>,
  actions: ActionTable,
): Promise<string[]> {
  const all = [...stepNames(document.steps, actions), ...conditionNames(document)]
  const names = all.filter(one => one.kind === 'tag' || one.kind === 'grouped_tag')
  if (names.length === 0) return []
  const held = await tagsOf(models, corpId)
  const missing = new Map<string, string>()
  for (const { name } of names) {
    if (tagsNamed(held, name).length > 0 || !isCreatable(name, held)) continue
    const { group, tag } = splitTagName(name)
    const whole = `${group}/${tag}`
    if (!missing.has(whole.toLowerCase())) missing.set(whole.toLowerCase(), whole)
  }
  return [...missing.values()]
}

function stepNames(steps: Sound<HandlerDocument['steps']>, actions: ActionTable): NamedThing[] {
  if (steps === unsound) return []
  return steps.flatMap((step, index) => {
    if (step === unsound || step.action === unsound || step.with === unsound) return []
    const names = actions.get(step.action)?.names?.(step.with) ?? []
    return names.map(named => ({ ...named, path: `steps.${index}.with.${named.path}` }))
  })
}

/** What its conditions ask lists of tags and departments for. */
function conditionNames({ when, steps }: Pick<Document, 'when' | 'steps'>): NamedThing[] {
  const leaves = when === undefined ? [] : leavesOf(when, 'when')
  if (steps !== unsound)
    steps.forEach((step, index) => {
      if (step !== unsound && step.if !== undefined) leaves.push(...leavesOf(step.if, `steps.${index}.if`))
    })
  return leaves.flatMap(({ at, leaf }): NamedThing[] => {
    if (leaf === unsound || leaf.is !== 'contains' || typeof leaf.value !== 'string') return []
    const kind = leaf.path === unsound ? undefined : entriesOf(leaf.path)
    return kind === undefined ? [] : [{ kind, name: leaf.value, path: at }]
  })
}

function scopeNames(scope: Sound<HandlerDocument['scope']>): NamedThing[] {
  if (scope === unsound) return []
  const lists = { departments: 'department', staff: 'staff', apps: 'app', except: 'except' } as const
  return Object.entries(lists).flatMap(([list, kind]) => {
    const names = scope[list as keyof typeof lists]
    if (names === unsound) return []
    return names.flatMap((name, index) =>
      name === unsound ? [] : [{ kind, name, path: `scope.${list}.${index}` }],
    )
  })
}
