import { factNames } from './facts.ts'
import { type KnownFacts, meaningOf } from './known-facts.ts'

/** What LiquidJS fills in, or leaves as it stands because the text says so. */
const filled = /\{%-?\s*raw\s*-?%\}[\s\S]*?\{%-?\s*endraw\s*-?%\}|\{\{[\s\S]*?\}\}|\{%[\s\S]*?%\}/g
/** A name with a dot in braces of any width, and filters behind it. */
const inBraces = /([{｛]{1,2})\s*([a-zA-Z]\w*(?:\.[\w-]+)+)\s*(\|[^{}｛｝]*)?([}｝]{1,2})/g

/**
 * Facts of a text in braces that fill in nothing, so that whoever reads the text would read the braces: single ones around
 * what is a fact, and full-width ones. `{{ '{customer.name}' }}` says it on purpose. Each is the rest of a sentence.
 *
 * @param text no template, or one that can be filled
 */
export function strayBraces(text: string, known: KnownFacts): string[] {
  return [...withoutFilled(text).matchAll(inBraces)].flatMap(
    ([whole, open = '', path = '', filters = '', close = '']) => {
      const names = path.split('.')
      if (!factNames.some(name => name === names[0])) return []
      const isFullWidth = /[｛｝]/.test(open + close)
      // In two full-width braces it is meant as a fact, be it misspelt.
      if (!(isFullWidth && open.length === 2) && 'problem' in meaningOf(names, known)) return []
      const kind = isFullWidth ? 'full-width' : 'single'
      return `says ${whole} as it stands: ${kind} braces fill in nothing; write {{ ${`${path} ${filters}`.trim()} }}`
    },
  )
}

/** The text that is said as it stands, whatever the facts. */
export function withoutFilled(text: string): string {
  return text.replace(filled, ' ')
}
