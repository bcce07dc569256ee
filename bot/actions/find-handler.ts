import { distance } from 'fastest-levenshtein'
import { type ListedHandler, listHandlers } from '../handlers/list.ts'
import { type ActionContext, ActionRefused } from './define.ts'
import { handlerTexts } from './handler-texts.ts'

/** How many are named where a name fits several, or none. */
const shownMax = 6
const nearMax = 3

/**
 * The one handler that a name means: its key, its title, a part of either, or its number in the list.
 *
 * @param fits which ones can be meant; one that cannot is found only where none else is called so
 * @throws ActionRefused `handler_unknown` or `handler_ambiguous`, with an answer that names near ones
 */
export async function findHandler(
  context: ActionContext,
  name: string,
  fits: (handler: ListedHandler) => boolean = () => true,
): Promise<ListedHandler> {
  const all = await listHandlers(context.models, context.corp.corpId, context.actions, await context.live())
  const wanted = normalize(name)
  const named = all.filter(one => namesOf(one).includes(wanted))
  const numbered = all.filter(one => String(one.number) === wanted)
  const parts = all.filter(one => isNamed(one, name))
  const lists = [named, numbered, parts]
  const found = [...lists.map(list => list.filter(fits)), ...lists].find(list => list.length > 0) ?? []
  const [only, ...others] = found
  if (only === undefined)
    throw new ActionRefused('handler_unknown', handlerTexts.unknown(name, near(all, wanted)))
  if (others.length > 0)
    throw new ActionRefused('handler_ambiguous', handlerTexts.ambiguous(name, found, shownMax))
  return only
}

/** By what it can be told from all others: its title, or its key where another has the same title. */
export async function nameOf(context: ActionContext, handler: ListedHandler): Promise<string> {
  const { models, corp, actions } = context
  const all = await listHandlers(models, corp.corpId, actions, await context.live())
  return all.filter(one => one.title === handler.title).length > 1 ? handler.key : handler.title
}

/** Whether a name is a part of a handler's key or title. */
export function isNamed(one: ListedHandler, name: string): boolean {
  return namesOf(one).some(other => other.includes(normalize(name)))
}

function normalize(text: string): string {
  return text.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
}

function namesOf({ key, title }: ListedHandler): string[] {
  return [key, normalize(title)]
}

/** Those whose name is at most half another one, the nearest first. */
function near(all: readonly ListedHandler[], wanted: string): ListedHandler[] {
  const far = (one: ListedHandler): number =>
    Math.min(...namesOf(one).map(name => distance(name, wanted) / Math.max(name.length, wanted.length)))
  return all
    .map(one => ({ one, far: far(one) }))
    .filter(({ far }) => far <= 0.5)
    .sort((a, b) => a.far - b.far)
    .slice(0, nearMax)
    .map(({ one }) => one)
}
