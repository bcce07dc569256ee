import { ParseError, TokenizationError } from 'liquidjs'
import { dateForm } from './date-forms.ts'
import { nearest } from './nearest.ts'

/** Typed for ' by a Chinese keyboard, or made of it by a word processor. */
const curly = /[‘“][^‘’“”'{}]*[’”]/
/** What is a text to LiquidJS. */
const straight = /'[^']*'|"[^"]*"/g
/** All before the output or the tag that an offset stands in, and all behind it. */
const before = /^[\s\S]*(?:\{\{|\{%)-?/
const behind = /\s*-?(?:\}\}|%\})[\s\S]*$/
const tags = /\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g
const argument = /\|\s*(\w+)\s*:\s*([^\s|'"{}%:]+)(?=\s*(?:[,|]|-?[}%]))/g
const compared = /(?:[=<>]+|\bcontains|\bwhen)\s*([^\s|'"{}%:=<>]+)/g

/**
 * What is wrong with a template in the words of whoever writes handlers, and what to write instead; undefined where LiquidJS
 * says it as well.
 *
 * @param filters the names of all filters
 */
export function templateFault(error: unknown, text: string, filters: readonly string[]): string | undefined {
  if (error instanceof ParseError) {
    const [, filter] = /^undefined filter: ([^,\s]+)/.exec(error.message) ?? []
    if (filter === undefined) return undefined
    const near = nearest(filter, filters)
    return (
      fullWidth(error.token.getText()) ??
      (near === undefined ? undefined : `there is no filter ${filter}; did you mean ${near}?`)
    )
  }
  if (!(error instanceof TokenizationError) || error.token.input !== text) return undefined
  const { begin } = error.token
  const head = text.slice(0, begin).replace(before, '')
  const rest = text.slice(begin).replace(behind, '')
  return fullWidth(head + rest) ?? curlyQuotes(head + rest) ?? signFault(head, rest, error.message)
}

/** What LiquidJS takes for a letter of a name. */
function fullWidth(within: string): string | undefined {
  const bare = within.replace(straight, "''")
  const [, name] = /([\w-]+)\s*：/.exec(bare) ?? []
  if (name !== undefined)
    return `the colon behind "${name}" is full-width (：); write a plain one and a space: "${name}: "`
  if (bare.includes('｜')) return 'the bar before a filter is full-width (｜); write a plain one: |'
  if (/^\s*[\w.]+\s*，/.test(bare))
    return 'a full-width comma (，) stands behind the value; before a filter write |'
  return undefined
}

function curlyQuotes(within: string): string | undefined {
  const [quoted] = curly.exec(within.replace(straight, "''")) ?? []
  return quoted === undefined ? undefined : `there are ${straightInstead(quoted)}`
}

function signFault(head: string, rest: string, message: string): string | undefined {
  if (message.startsWith('expected filter name') && head.endsWith('|') && rest.startsWith('|')) {
    const [value = ''] = rest.slice(1).split('|')
    const isFilter = value.trim() === '' || /^\s*\w+\s*:/.test(value)
    return `|| is no filter; ${isFilter ? 'write one |' : `for what may be missing write | default: ${value.trim()}`}`
  }
  const [, named] = /\|\s*(\w+)\s*$/.exec(head) ?? []
  if (message.startsWith('expected ":"') && named !== undefined)
    return `a colon is missing behind "${named}"; write "${named}: "`
  const [, filter, begun = ''] = /\|\s*(\w+)\s*:\s*([^|,'"]*)$/.exec(head) ?? []
  const [value = ''] = (begun + rest).split('|')
  if (!message.startsWith('unexpected character') || filter === undefined || /['"]/.test(value))
    return undefined
  return `the text ${value.trim()} is without quotes; write ${filter}: '${value.trim()}'`
}

/** What to write for a name in a template that is no fact, and was meant as a text; undefined where it may be meant as one. */
export function wordInstead(name: string, text: string): string | undefined {
  const inside = [...text.matchAll(tags)].map(([one]) => one.replace(straight, "''"))
  if (/[‘’“”]/.test(name)) {
    const quoted = inside.map(one => curly.exec(one)?.[0]).find(one => one?.includes(name))
    return `has ${straightInstead(quoted ?? name)}`
  }
  for (const one of inside) {
    for (const [, filter = '', word] of one.matchAll(argument)) {
      const date = filter === 'date' ? dateForm(name) : undefined
      // A name with a dot is rather a fact that is misspelt.
      if (word === name && (date !== undefined || !name.includes('.')))
        return `has the text ${name} without quotes; write ${filter}: '${date ?? name}'`
    }
    for (const [, word] of one.matchAll(compared))
      if (word === name && !name.includes('.')) return `has the text ${name} without quotes; write '${name}'`
  }
  return undefined
}

function straightInstead(quoted: string): string {
  return `curly quotes around ${quoted}; write straight ones: '${quoted.replace(/[‘’“”]/g, '')}'`
}
