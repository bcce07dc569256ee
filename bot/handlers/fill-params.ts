import { type Action, ActionRefused } from '../actions/define.ts'
import { factAt } from './conditions.ts'
import type { Filled } from './references.ts'

type FilledBy = Pick<Action, 'emptied' | 'mentioning' | 'wide'>

/**
 * Fills in a step's parameters. Those that its action can do without are empty where that fails, see `Action.emptied`.
 *
 * @throws what LiquidJS throws, such as for a text that takes too long; ActionRefused where a fact brings a word of
 * wide reach, see `Action.wide`
 */
export function fillParams(action: FilledBy, filled: Filled, facts: object): unknown {
  const params = fillParts(action, filled, facts)
  for (const [list, words] of Object.entries(action.wide ?? {}))
    for (const { at, text } of filled.references)
      if (isWithin(at, list)) {
        const word = wideIn(factAt(Object(params), at), words)
        // A template that says the word itself chooses it.
        if (word !== undefined && (word === '@all' || !text.includes(word))) throw unwritten(word)
      }
  return params
}

function unwritten(word: string): ActionRefused {
  if (word === '@all')
    return new ActionRefused(
      'everybody_unwritten',
      '“@all”会发给所有人，只能直接写在处理器里，不能由消息或资料带进来。',
    )
  return new ActionRefused(
    'recipient_unwritten',
    `“${word}”代表一批人，只能直接写在处理器里，不能由消息或资料带进来。请写成员账号。`,
  )
}

function fillParts({ emptied = [], mentioning = [] }: FilledBy, filled: Filled, facts: object): unknown {
  if (filled.parts === undefined || emptied.length + mentioning.length === 0) return filled.fill(facts)
  return Object.fromEntries(
    Object.entries(filled.parts).map(([name, part]) => {
      const fill = (): unknown => part.fill(mentioning.includes(name) ? unmentioning(facts) : facts)
      return [name, emptied.includes(name) ? orEmpty(fill) : fill()]
    }),
  )
}

/** Facts of which none begins a mention. */
function unmentioning<T>(fact: T): T {
  if (typeof fact === 'string') return fact.replaceAll('<@', '< @') as T
  if (typeof fact !== 'object' || fact === null || fact instanceof Date) return fact
  if (Array.isArray(fact)) return fact.map(unmentioning) as T
  return Object.fromEntries(Object.entries(fact).map(([name, part]) => [name, unmentioning(part)])) as T
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

function wideIn(value: unknown, words: readonly string[]): string | undefined {
  if (Array.isArray(value)) return value.map(one => wideIn(one, words)).find(one => one !== undefined)
  const said = typeof value === 'string' ? value.trim().toLowerCase() : undefined
  return words.find(word => word === said)
}
