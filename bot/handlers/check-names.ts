import type { Models } from '../../models/models.ts'
import type { ActionTable, Named } from '../actions/define.ts'
import { splitTagName, tagsNamed } from '../actions/tag-names.ts'
import type { HandlerInvalid } from './compile.ts'
import { isCreatable, type Kind, shelves, tagsOf } from './name-shelves.ts'
import { nearest } from './nearest.ts'
import type { HandlerDocument } from './schema.ts'

type Problem = HandlerInvalid['problems'][number]
/** What is looked at of a document. */
type Document = Pick<HandlerDocument, 'key' | 'trigger' | 'scope' | 'steps'>
type NamedThing = Omit<Named, 'kind'> & { kind: Kind }

/**
 * Looks whether everything that a document names is there in this corp: what the parameters of its steps name, see
 * `Action.names`, and its scope. What is a template names nothing yet. Reads the database alone.
 *
 * @param others the documents that are published together with it
 * @returns every problem, by its path
 */
export async function checkNames(
  models: Models,
  corpId: string,
  document: Document,
  actions: ActionTable,
  others: readonly Record<string, unknown>[] = [],
): Promise<Problem[]> {
  const named = [...scopeNames(document.scope), ...stepNames(document, actions)]
  const triggers = new Map([...others, document].map(one => [String(one.key), one.trigger as unknown]))
  const problems: Problem[] = []
  for (const kind of new Set(named.map(one => one.kind))) {
    const own = named.filter(one => one.kind === kind)
    const names = own.map(one => one.name)
    const shelf = await shelves[kind](models, corpId, names, triggers)
    for (const { name, path, words = [] } of own) {
      const message = shelf(name)
      if (message === undefined) continue
      const word = nearest(name, words)
      problems.push({ path, message: word === undefined ? message : `${message}; did you mean ${word}?` })
    }
  }
  return problems
}

/**
 * The tags of a document that are not there and could be made: `组/标签`, each once. `checkNames` names them as problems
 * too, until they are there.
 */
export async function missingTags(
  models: Models,
  corpId: string,
  document: Pick<HandlerDocument, 'steps'>,
  actions: ActionTable,
): Promise<string[]> {
  const names = stepNames(document, actions).filter(one => one.kind === 'tag')
  if (names.length === 0) return []
  const held = await tagsOf(models, corpId)
  const missing = new Map<string, string>()
  for (const { name } of names) {
    if (tagsNamed(held, name).length > 0 || !isCreatable(name)) continue
    const { group, tag } = splitTagName(name)
    const whole = `${group}/${tag}`
    if (!missing.has(whole.toLowerCase())) missing.set(whole.toLowerCase(), whole)
  }
  return [...missing.values()]
}

function stepNames({ steps }: Pick<HandlerDocument, 'steps'>, actions: ActionTable): NamedThing[] {
  return steps.flatMap((step, index) =>
    (actions.get(step.action)?.names?.(step.with) ?? []).map(named => ({
      ...named,
      path: `steps.${index}.with.${named.path}`,
    })),
  )
}

function scopeNames(scope: HandlerDocument['scope']): NamedThing[] {
  const lists = { departments: 'department', staff: 'staff', apps: 'app', except: 'except' } as const
  return Object.entries(lists).flatMap(([list, kind]) =>
    scope[list as keyof typeof lists].map((name, index) => ({ kind, name, path: `scope.${list}.${index}` })),
  )
}
