import type { Action } from '../actions/define.ts'
import type { Filled } from './references.ts'

/**
 * Fills in a step's parameters. Those that its action can do without are empty where that fails, see `Action.emptied`.
 *
 * @throws what LiquidJS throws, such as for a text that takes too long
 */
export function fillParams(action: Pick<Action, 'emptied'>, filled: Filled, facts: object): unknown {
  const { emptied = [] } = action
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
