import { Liquid, type Template } from 'liquidjs'
import { factAt } from './conditions.ts'

/** A value of a step's `with`, ready to be filled in. */
export interface Filled {
  fill(facts: object): unknown
  /** The first part of every fact that it names, such as `customer`. */
  names: string[]
}

/** A text template that is not valid LiquidJS. */
export class TemplateError extends Error {
  readonly code = 'template_invalid'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'TemplateError'
  }
}

// Own properties only, nothing read from files, and bounds on what one text may cost.
const liquid = new Liquid({
  ownPropertyOnly: true,
  strictFilters: true,
  relativeReference: false,
  templates: {},
  parseLimit: 20_000,
  renderLimit: 200,
  memoryLimit: 1_000_000,
})

const exactly = /^\{\{\s*([a-zA-Z][\w-]*(?:\.[\w-]+)*)\s*\}\}$/

/**
 * Compiles a value: strings are LiquidJS templates over the facts, lists and objects are compiled part by part. A
 * string that is exactly one reference keeps the type of what it refers to.
 *
 * @throws TemplateError
 */
export function compileValue(value: unknown): Filled {
  if (typeof value === 'string') return compileText(value)
  if (Array.isArray(value)) {
    const parts = value.map(compileValue)
    return { fill: facts => parts.map(part => part.fill(facts)), names: parts.flatMap(part => part.names) }
  }
  if (typeof value === 'object' && value !== null) {
    const parts = Object.entries(value).map(([name, part]) => [name, compileValue(part)] as const)
    return {
      fill: facts => Object.fromEntries(parts.map(([name, part]) => [name, part.fill(facts)])),
      names: parts.flatMap(([, part]) => part.names),
    }
  }
  return { fill: () => value, names: [] }
}

function compileText(text: string): Filled {
  if (!text.includes('{{') && !text.includes('{%')) return { fill: () => text, names: [] }
  const reference = exactly.exec(text)?.[1]
  if (reference !== undefined)
    return { fill: facts => factAt(facts, reference), names: [reference.split('.')[0] ?? ''] }
  let template: Template[]
  let names: string[]
  try {
    template = liquid.parse(text)
    names = liquid.globalVariablesSync(template)
  } catch (error) {
    throw new TemplateError((error as Error).message, { cause: error })
  }
  return { fill: facts => String(liquid.renderSync(template, facts)), names }
}
