import type { CommandArgument } from '../handlers/schema.ts'
import { readNumber } from './number.ts'

/** A word of a line, and where it stands. */
export interface Token {
  text: string
  start: number
  end: number
  quoted: boolean
  /** Begins with a plus or a minus outside quotes. */
  signed: boolean
}

const signed = /^[+＋\-－]/
const quotes: Record<string, string> = { '"': '"', '“': '”', '「': '」', '『': '』' }

/** Splits a line at white space of any width; what stands in quotes is one word. */
export function tokenize(line: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  while (at < line.length) {
    const first = line[at] ?? ''
    if (/\s/.test(first)) {
      at += 1
      continue
    }
    // A sign may stand before a quoted text: `+“重要 客户”`.
    const sign = signed.test(first) ? first : ''
    const open = at + sign.length
    const close = quotes[line[open] ?? '']
    const closing = close === undefined ? -1 : line.indexOf(close, open + 1)
    if (closing > 0) {
      const text = sign + line.slice(open + 1, closing)
      tokens.push({ text, start: at, end: closing + 1, quoted: true, signed: sign !== '' })
      at = closing + 1
      continue
    }
    let end = at + 1
    while (end < line.length && !/\s/.test(line[end] ?? '')) end += 1
    tokens.push({ text: line.slice(at, end), start: at, end, quoted: false, signed: signed.test(first) })
    at = end
  }
  return tokens
}

/** How command words are compared: full-width and half-width, upper and lower case are the same. */
export function normalizeWord(word: string): string {
  return word.normalize('NFKC').toLowerCase()
}

/** Tag names with a sign: `+VIP` is added, `-潜在` removed; full-width signs count. */
export interface TagChanges {
  add: string[]
  remove: string[]
}

/** The first argument that is missing, one that does not fit and in Chinese what would, or the words that none takes. */
export type Misuse =
  | { missing: CommandArgument }
  | { unfit: CommandArgument; fault: string }
  | { surplus: string }

/** Arguments by name, or what is wrong with them. */
export type ParsedArguments = { values: Record<string, unknown> } | Misuse

/**
 * Reads a command's arguments off the words behind it. A `word` before `tags` takes everything up to the first signed
 * word, so that names with white space need no quotes there. What holds no letter and no digit is no surplus.
 */
export function parseArguments(spec: readonly CommandArgument[], line: string): ParsedArguments {
  let tokens = tokenize(line)
  const values: Record<string, unknown> = {}
  for (const [index, argument] of spec.entries()) {
    if (argument.type === 'tags') {
      const changes = tagChanges(tokens)
      tokens = []
      if (argument.required && changes.add.length === 0 && changes.remove.length === 0)
        return { missing: argument }
      values[argument.name] = changes
      continue
    }
    const taken = take(argument, spec[index + 1], tokens, line)
    if (taken === undefined || taken.text.trim() === '') {
      if (argument.required) return { missing: argument }
      continue
    }
    const value = argument.type === 'number' ? readNumber(argument, taken.text) : taken.text
    if (argument.type === 'number' && typeof value === 'string') return { unfit: argument, fault: value }
    values[argument.name] = value
    tokens = tokens.slice(taken.count)
  }
  const surplus = line.slice(tokens[0]?.start ?? line.length).trim()
  return /[\p{L}\p{N}]/u.test(surplus) ? { surplus } : { values }
}

function take(
  argument: CommandArgument,
  next: CommandArgument | undefined,
  tokens: readonly Token[],
  line: string,
): { text: string; count: number } | undefined {
  const [first] = tokens
  if (first === undefined) return undefined
  if (argument.type === 'rest') {
    const text = tokens.length === 1 ? first.text : line.slice(first.start).trim()
    return { text, count: tokens.length }
  }
  if (argument.type === 'number' || next?.type !== 'tags' || first.quoted)
    return { text: first.text, count: 1 }
  const end = tokens.findIndex(token => token.signed)
  const count = end < 0 ? tokens.length : end
  if (count === 0) return undefined
  return {
    text: tokens
      .slice(0, count)
      .map(token => token.text)
      .join(' '),
    count,
  }
}

function tagChanges(tokens: readonly Token[]): TagChanges {
  const changes: TagChanges = { add: [], remove: [] }
  let list = changes.add
  for (const token of tokens) {
    // `+VIP，-潜在` names two; what is quoted is one name; a sign alone belongs to the next word.
    const parts = token.quoted ? [token.text] : token.text.split(/[,，、]/)
    for (const part of parts) {
      const hasSign = token.quoted ? token.signed : signed.test(part)
      if (hasSign) list = /^[+＋]/.test(part) ? changes.add : changes.remove
      const name = (hasSign ? part.slice(1) : part).trim()
      if (name !== '') list.push(name)
    }
  }
  return changes
}
