import { splitWords } from './joined-words.ts'

/** How a fact or a list that stands for a condition was meant: the end of a sentence, as of all here. */
export function conditionInstead(value: unknown): string {
  if (Array.isArray(value)) return ': write all: above it, or any: where one of them is enough'
  return typeof value === 'string' && /^[a-zA-Z]\w*\.[\w.]+$/.test(value)
    ? `: write { path: ${value}, is: eq, value: true }, or another comparison`
    : ', such as { path: follow.tags, is: contains, value: VIP }'
}

/** How a plain value of a `match` was meant. */
export function matchInstead(value: unknown): string {
  if (Array.isArray(value)) return ': write { in: [store-01, store-02] }'
  if (typeof value !== 'string') return typeof value === 'boolean' ? `: write { eq: ${value} }` : ''
  const [, start] = /^(.+)\*$/.exec(value) ?? []
  return start === undefined
    ? `: write { eq: ${value} }, or { prefix: ${value} } for all that begins so`
    : `: write { prefix: ${start} }`
}

/** How what is no list was meant as one. */
export function listInstead(value: unknown): string {
  const whole = `[${JSON.stringify(value)}]`
  if (typeof value !== 'string') return `: write ${whole}`
  const [, within] = /^【(.*)】$/.exec(value) ?? []
  const words = splitWords(within ?? value)
  const several = `write [${words.map(word => JSON.stringify(word)).join(', ')}]`
  if (within !== undefined) return `, whose brackets are plain: ${several}`
  return words.length > 1 ? `: ${several}, or ${whole} where it is one` : `: write ${whole}`
}
