import { triggerKinds } from './schema.ts'
import type { YamlFault } from './yaml-faults.ts'

/** Fields that people write behind another one in its line. */
const fields = [
  ...triggerKinds,
  'key',
  'title',
  'enabled',
  'id',
  'action',
  'with',
  'match',
  'path',
  'is',
  'to',
]

/** With a space or a slash in it, so that it is no alias. */
const starred = /^([ \t]*(?:- +)?[^\s"'#:{[]+:[ \t]+)(\*\S*[ \t/].*?)[ \t]*(?:[ \t]#.*)?\r?$/
const starredWithin = /^(.*[{,][ \t]*[^\s"'#:{]+:[ \t]+)(\*[^\s{}"':]*[ \t/][^{}"':]*?)[ \t]*\}/
const dashed = /^([ \t]*)-(?=([a-zA-Z]\w*):(?:\s|$))/
const crowded = new RegExp(`^(?:[^\\s"'{[:]+\\s+([a-zA-Z]\\w*)|(${fields.join('|')})):(?:\\s|$)`)

/** A value that begins with a star, as cron expressions do, in a line that YAML finds fault with. */
export function starFault(line: string, start: number): YamlFault | undefined {
  const [, before = '', value] = starred.exec(line) ?? starredWithin.exec(line) ?? []
  if (value === undefined) return undefined
  const quoted = value.includes('"') ? '' : `: "${value}"`
  return {
    offset: start + before.length,
    message: `no plain text begins with *; put the whole text in quotes${quoted}`,
  }
}

/** An entry of a list without a space behind its dash. */
export function dashFault(line: string, start: number): YamlFault | undefined {
  const [, indent = '', name] = dashed.exec(line) ?? []
  if (name === undefined) return undefined
  return {
    offset: start + indent.length,
    message: `a space is missing behind the "-"; write "- ${name}: "`,
  }
}

/**
 * A field that begins in the line of another one: any behind a value of one word, one of ours without a value before it.
 *
 * @param rest the line behind the first field
 */
export function crowdedField(rest: string): string | undefined {
  const [, behind, first] = crowded.exec(rest) ?? []
  const name = behind ?? first
  if (name === undefined) return undefined
  return `"${name}:" stands in the line of another field; begin each field on a line of its own, or put the whole text in quotes where it is one`
}

/** Where a text in quotes ends before it was meant to, at quotes within it; `before` is the line up to there. */
export function quoteWithin(before: string): string | undefined {
  const [quote] = /["'](?=[ \t]*$)/.exec(before) ?? []
  if (quote === undefined) return undefined
  const other = quote === '"' ? "'" : '"'
  return `the text in quotes ends before this, at a ${quote} within it; write “ and ” there, or put ${other} around the whole text`
}

/** `text:您好` within { }, which YAML takes for a name; behind the colon of an address there is no space. */
export function colonFault(name: string): string | undefined {
  const [, field, value] = /^([a-zA-Z]\w*):(?!\/\/)([^\s:].*)$/s.exec(name) ?? []
  return field === undefined
    ? undefined
    : `a space is missing behind the colon of "${field}"; write ${field}: ${value}`
}
