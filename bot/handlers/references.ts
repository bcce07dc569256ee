import { Liquid, type Template, TypeGuards } from 'liquidjs'
import { factAt } from './conditions.ts'
import { inCorp, useCorpTime } from './date-filters.ts'
import { templateFault } from './template-faults.ts'
import { templateSlips } from './template-slips.ts'

/** A fact that a value names: `['customer', 'name']`, as far as it is known before the run. */
export interface FactReference {
  /** Where in the value, as `text` or `card.title`; empty for the value itself. */
  at: string
  path: readonly string[]
  /** The text that names it. */
  text: string
}

/** A value of a step's `with`, ready to be filled in. */
export interface Filled {
  fill(facts: object): unknown
  /** The first part of every fact that it names, such as `customer`. */
  names: string[]
  references: FactReference[]
  /** Of an object: its values by name. */
  parts?: Readonly<Record<string, Filled>>
}

/** A text template that is not valid LiquidJS. */
export class TemplateError extends Error {
  readonly code = 'template_invalid'
  /** Where in the value. */
  readonly at: string
  constructor(message: string, at: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TemplateError'
    this.at = at
  }
}

// Own properties only, nothing read from files, bounds on what one text may cost, and lists with 、 between their entries.
const liquid = new Liquid({
  ownPropertyOnly: true,
  strictFilters: true,
  relativeReference: false,
  templates: {},
  parseLimit: 20_000,
  renderLimit: 200,
  memoryLimit: 1_000_000,
  // What is none is written as LiquidJS does.
  outputEscape: value => (Array.isArray(value) ? value.join('、') : value) as string,
})

useCorpTime(liquid)

const exactly = /^\{\{\s*([a-zA-Z][\w-]*(?:\.[\w-]+)*)\s*\}\}$/

/** Whether a text is filled in at run time. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('{%')
}

/**
 * Compiles a value: strings are LiquidJS templates over the facts, lists and objects are compiled part by part. A
 * string that is exactly one reference keeps the type of what it refers to.
 *
 * @param onFault told of each text that is no valid template, which fills to nothing then; without it the first throws
 * @throws TemplateError
 */
export function compileValue(value: unknown, onFault?: (fault: TemplateError) => void, at = ''): Filled {
  if (typeof value === 'string') {
    try {
      return compileText(value, at)
    } catch (error) {
      if (!(error instanceof TemplateError) || onFault === undefined) throw error
      onFault(error)
      return { fill: () => undefined, names: [], references: [] }
    }
  }
  if (Array.isArray(value)) {
    const parts = value.map((part, index) => compileValue(part, onFault, below(at, index)))
    return { fill: facts => parts.map(part => part.fill(facts)), ...namedBy(parts) }
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(
      ([name, part]) => [name, compileValue(part, onFault, below(at, name))] as const,
    )
    return {
      fill: facts => Object.fromEntries(parts.map(([name, part]) => [name, part.fill(facts)])),
      ...namedBy(parts.map(([, part]) => part)),
      parts: Object.fromEntries(parts),
    }
  }
  return { fill: () => value, names: [], references: [] }
}

/** Every text of a value, by where in it. */
export function textsOf(value: unknown, at = ''): { at: string; text: string }[] {
  if (typeof value === 'string') return [{ at, text: value }]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([name, part]) => textsOf(part, below(at, name)))
}

function below(at: string, name: string | number): string {
  return at === '' ? String(name) : `${at}.${name}`
}

function namedBy(parts: readonly Filled[]): Pick<Filled, 'names' | 'references'> {
  return {
    names: parts.flatMap(part => part.names),
    references: parts.flatMap(part => part.references),
  }
}

function compileText(text: string, at: string): Filled {
  if (!isTemplate(text)) return { fill: () => text, names: [], references: [] }
  const reference = exactly.exec(text)?.[1]
  if (reference !== undefined) {
    const path = reference.split('.')
    return { fill: facts => factAt(facts, reference), ...named([path], at, text) }
  }
  let template: Template[]
  let paths: string[][]
  try {
    template = liquid.parse(text)
    // What is looked up by a variable is known as far as it goes.
    paths = liquid.globalVariableSegmentsSync(template).map(known)
  } catch (error) {
    const { message } = error as Error
    const said = templateFault(error, text, Object.keys(liquid.filters))
    const where = /, line:\d+, col:\d+$/.exec(message)?.[0] ?? ''
    throw new TemplateError(placed(said === undefined ? message : said + where), at, { cause: error })
  }
  return {
    fill: facts => String(liquid.renderSync(template, inCorp(liquid, facts))),
    ...named(paths, at, text),
  }
}

/** Whether a text says a fact as it is, by nothing but its name in braces. */
export function isWrittenOut(path: readonly string[], text: string): boolean {
  return [...text.matchAll(/\{\{-?\s*([\w.-]+?)\s*-?\}\}/g)].some(([, name]) => name === path.join('.'))
}

/** Tags after which the rest of a text may be left out, wherever they stand. */
const leaving = /\{%-?\s*(?:break|continue|layout|block)\b/

/**
 * What a text says whatever is filled in: all that stands outside of tags, their branches included, and outside of
 * values. Nothing of a text whose end may be left out, or that is no valid template.
 */
export function alwaysSaid(text: string): string {
  if (!isTemplate(text)) return text
  if (leaving.test(text)) return ''
  let template: Template[]
  try {
    template = liquid.parse(text)
  } catch {
    // What is wrong with it is told by whoever compiles it.
    return ''
  }
  return template.map(({ token }) => (TypeGuards.isHTMLToken(token) ? token.getContent() : '')).join('')
}

/** What a text takes otherwise than it was meant, see `templateSlips`; nothing of one that is no valid template. */
export function slipsOf(text: string): string[] {
  try {
    return isTemplate(text) ? templateSlips(liquid.parse(text), Object.keys(liquid.filters)) : []
  } catch {
    // As for what is always said.
    return []
  }
}

/** The line of a fault is one of the text, and nobody should look for it in the file. */
function placed(message: string): string {
  return message.replace(/, line:(\d+), col:\d+$/, (_, line) =>
    line === '1' ? '' : `, in line ${line} of this text`,
  )
}

function known(segments: readonly unknown[]): string[] {
  const end = segments.findIndex(one => typeof one !== 'string' && typeof one !== 'number')
  return (end < 0 ? segments : segments.slice(0, end)).map(String)
}

function named(
  paths: readonly (readonly string[])[],
  at: string,
  text: string,
): Pick<Filled, 'names' | 'references'> {
  const distinct = [...new Map(paths.map(path => [path.join('.'), path])).values()]
  return {
    names: [...new Set(distinct.map(path => path[0] ?? ''))],
    references: distinct.map(path => ({ at, path, text })),
  }
}
