import { type Action, ActionRefused } from '../actions/define.ts'
import { factAt } from './conditions.ts'
import type { Filled } from './references.ts'

/**
 * Fills in a step's parameters. Those that its action can do without are empty where that fails, see `Action.emptied`.
 *
 * @throws what LiquidJS throws, such as for a text that takes too long; ActionRefused where a fact would have everybody told
 */
export function fillParams(
  action: Pick<Action, 'emptied' | 'everybody'>,
  filled: Filled,
  facts: object,
): unknown {
  const params = fillParts(action, filled, facts)
  for (const list of action.everybody ?? [])
    for (const { at } of filled.references)
      if (isWithin(at, list) && meansEverybody(factAt(Object(params), at)))
        throw new ActionRefused(
          'everybody_unwritten',
          '“@all”会发给所有人，只能直接写在处理器里，不能由消息或资料带进来。',
        )
  return params
}

function fillParts({ emptied = [] }: Pick<Action, 'emptied'>, filled: Filled, facts: object): unknown {
  if (emptied.length === 0 || filled.parts === undefined) return filled.fill(facts)
  return Object.fromEntries(
    Object.entries(filled.parts).map(([name, part]) => [
      name,
      emptied.includes(name) ? orEmpty(() => part.fill(facts)) : part.fill(facts),
    ]),
  )
}

function orEmpty(fill: () => unknown): unknown {
  try {
    return fill()
  } catch {
    // Whatever is wrong with the text, its action says what is done without it.
    return ''
  }
}

function isWithin(at: string, list: string): boolean {
  return at === list || at.startsWith(`${list}.`)
}

function meansEverybody(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(meansEverybody)
  return typeof value === 'string' && value.trim().toLowerCase() === '@all'
}
