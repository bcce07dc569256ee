import { mongoError } from './errors.ts'
import { regexParts } from './values.ts'

const compiled = new Map<string, RegExp>()

/** How many compiled patterns are kept; the oldest goes first. */
const keptPatterns = 500

/**
 * The JavaScript form of a MongoDB pattern (PCRE). Options `i`, `m`, `s`, `u` mean the same here; `x` (spaces and
 * comments in the pattern are ignored) is translated, as are a leading `(?i)`-like group, `\A`, `\Z` and `\z`.
 *
 * @throws code 51108 for an unknown option, 51091 for a pattern that cannot be compiled
 */
export function compileRegex(value: unknown, options?: string): RegExp {
  const parts = typeof value === 'string' ? { pattern: value, options: '' } : regexParts(value)
  const flags = options ?? parts.options
  const key = `${flags}/${parts.pattern}`
  const known = compiled.get(key)
  if (known !== undefined) return known
  const regex = translate(parts.pattern, flags)
  if (compiled.size >= keptPatterns) compiled.delete(compiled.keys().next().value as string)
  compiled.set(key, regex)
  return regex
}

function translate(pattern: string, options: string): RegExp {
  const unknown = /[^imsxu]/.exec(options)
  if (unknown !== null) throw mongoError(51108, `invalid flag in regex options: ${unknown[0]}`)
  const posix = /\[:\w+:\]/.exec(pattern)
  if (posix !== null) throw mongoError(51091, `Regular expression is invalid: ${posix[0]} is not supported`)
  const inline = /^\(\?([imsx]+)\)/.exec(pattern)
  const flags = new Set([...options, ...(inline?.[1] ?? '')])
  let source = inline === null ? pattern : pattern.slice(inline[0].length)
  if (flags.delete('x')) source = withoutSpaces(source)
  source = source.replace(/\\(.)/gs, (escaped, letter: string) => anchors[letter] ?? escaped)
  return compile(source, [...flags.add('u')].join(''))
}

/** MongoDB's patterns see characters, not halves of them; where Unicode mode is too strict the plain one serves. */
function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, flags)
  } catch (cause) {
    if (flags.includes('u')) return compile(source, flags.replace('u', ''))
    throw mongoError(51091, `Regular expression is invalid: ${(cause as Error).message}`)
  }
}

const anchors: Record<string, string> = {
  A: '(?<![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  z: '(?![\\s\\S])',
}

function withoutSpaces(pattern: string): string {
  return pattern.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]|\s+|#[^\n]*/g, part =>
    /^(\s|#)/.test(part) ? '' : part,
  )
}
