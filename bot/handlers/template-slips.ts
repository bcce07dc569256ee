import { type Template, Tokenizer, TypeGuards, toValueSync, Value } from 'liquidjs'
import { dateForm } from './date-forms.ts'

/**
 * What LiquidJS takes in a template, and nobody means: what it leaves out of an output, and dates that say the letters of
 * their format. Each is the rest of a sentence.
 */
export function templateSlips(templates: readonly Template[], filters: readonly string[]): string[] {
  return templates.flatMap(template => [
    ...leftOut(template, filters),
    ...lettersOfDates(template),
    ...templateSlips(within(template), filters),
  ])
}

function within(template: Template): Template[] {
  return template.children === undefined ? [] : toValueSync(template.children(false, true) as never)
}

/** `{{ customer.name, default: '朋友' }}`, of which the name alone is said. */
function leftOut({ token }: Template, filters: readonly string[]): string[] {
  if (!TypeGuards.isOutputToken(token)) return []
  const { content } = token
  const reader = new Tokenizer(content)
  reader.readFilteredValue()
  reader.skipBlank()
  if (reader.end() || reader.peek() !== ',') return []
  const said = content.slice(0, reader.p).trim()
  const rest = content.slice(reader.p + 1).trim()
  if (rest === '') return []
  const [name = ''] = /^\w+/.exec(rest) ?? []
  const instead = filters.includes(name) ? `write {{ ${said} | ${rest} }}` : 'write it in braces of its own'
  return [`leaves out what stands behind the comma in {{ ${content} }}; ${instead}`]
}

function lettersOfDates(template: Template): string[] {
  const values = [...(template.arguments?.() ?? [])].filter(value => value instanceof Value)
  return values
    .flatMap(({ filters }) => filters)
    .flatMap(({ name, args: [format] }) => {
      if (name !== 'date' || Array.isArray(format) || !TypeGuards.isQuotedToken(format)) return []
      const meant = dateForm(format.content)
      return meant === undefined
        ? []
        : [`has date: '${format.content}', whose letters would be sent as they stand; write date: '${meant}'`]
    })
}
