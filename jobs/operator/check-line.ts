import { parseArgs } from 'node:util'
import type { ArgDef, ArgsDef } from 'citty'
import { suggest } from '../../bot/handlers/nearest.ts'
import { json, UsageError, type Verb } from './verb.ts'
import type { VerbGroup } from './verb-table.ts'

/**
 * Refuses what the parser of command lines passes over: verbs and options that there are not, options without their value
 * or given twice, and words too many. A mistyped option would be no option at all, and the verb do more than it was meant to.
 *
 * @param words what was typed behind `sidekick`
 * @throws UsageError, which repeats names of options but neither their values nor words behind the verb: these may be secrets
 */
export function checkLine(words: readonly string[], table: Readonly<Record<string, Verb | VerbGroup>>): void {
  const [first, second] = words
  if (first === undefined) return
  const one = named(first, table, 'sidekick')
  if (!('verbs' in one)) checkVerb(`sidekick ${first}`, one, words.slice(1))
  else if (second !== undefined) {
    const verb = named(second, one.verbs, `sidekick ${first}`)
    checkVerb(`sidekick ${first} ${second}`, verb, words.slice(2))
  }
}

function named<T>(word: string, table: Readonly<Record<string, T>>, before: string): T {
  if (word.startsWith('-'))
    throw new UsageError(
      `${nameOf(word)} stands before the verb; options stand behind it, as in: sidekick handlers list --json`,
    )
  const found = Object.hasOwn(table, word) ? table[word] : undefined
  if (found === undefined)
    throw new UsageError(`there is no verb "${before} ${word}"${suggest(word, Object.keys(table))}`)
  return found
}

/** An option as it was typed, without its value. */
const nameOf = (word: string): string => word.split('=', 1)[0] ?? word

function checkVerb(name: string, verb: Verb, words: readonly string[]): void {
  const forms = formsOf({ ...verb.args, json })
  const options = [...forms].map(([form, { arg }]) => [form, { type: isFlag(arg) ? 'boolean' : 'string' }])
  const { tokens } = parseArgs({
    args: [...words],
    options: Object.fromEntries(options),
    strict: false,
    tokens: true,
  })
  const given = new Set<string>()
  for (const token of tokens) {
    if (token.kind !== 'option') continue
    const typed = nameOf(words[token.index] ?? '')
    const option = optionOf(token.name, forms, token.value)
    if (option === undefined) {
      const known = [...new Set([...forms.values()].map(one => `--${one.name}`))]
      throw new UsageError(`there is no option ${typed}${suggest(typed, known)}`)
    }
    if (given.has(option.name)) throw new UsageError(`--${option.name} is given twice; give it once`)
    given.add(option.name)
    checkValue(`--${option.name}`, option.arg, token, name)
  }
  checkWords(name, verb, tokens.filter(({ kind }) => kind === 'positional').length)
}

interface Option {
  name: string
  arg: ArgDef
}

/** The options of a verb by the forms in which each may be typed: `create-tags` and `createTags`. */
function formsOf(args: ArgsDef): Map<string, Option> {
  const options = Object.entries(args).filter(([, arg]) => arg.type !== 'positional')
  return new Map(
    options.flatMap(([name, arg]) => {
      const camel = name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      return [name, camel].map((form): [string, Option] => [form, { name, arg }])
    }),
  )
}

const isFlag = ({ type }: ArgDef): boolean => type === 'boolean'

/** The option that is meant by a name; a flag is taken back by `no-` before it. */
function optionOf(
  name: string,
  forms: ReadonlyMap<string, Option>,
  value: string | undefined,
): Option | undefined {
  const option = forms.get(name)
  if (option !== undefined || !name.startsWith('no-') || value !== undefined) return option
  const denied = forms.get(name.slice('no-'.length))
  return denied !== undefined && isFlag(denied.arg) ? denied : undefined
}

function checkValue(
  option: string,
  arg: ArgDef,
  { value, inlineValue }: { value: string | undefined; inlineValue: boolean | undefined },
  verb: string,
): void {
  if (isFlag(arg)) {
    if (value !== undefined && value !== 'true' && value !== 'false')
      throw new UsageError(`${option} takes no value; write ${option} alone, or leave it out`)
    return
  }
  if (value === undefined || value === '')
    throw new UsageError(`${option} needs a value behind it; ${verb} --help says which`)
  // The parser would take the next option for the value.
  if (!inlineValue && value.startsWith('-') && value !== '-')
    throw new UsageError(
      `${option} needs a value behind it; one that begins with - is written with =, as in ${option}=-1`,
    )
  if (arg.type === 'enum' && arg.options !== undefined && !arg.options.includes(value))
    throw new UsageError(`${option} is one of ${arg.options.join(', ')}`)
}

/** A positional argument whose name ends with `…` takes all the words that are left. */
function checkWords(name: string, { args }: Verb, count: number): void {
  const places = Object.entries(args).flatMap(([place, { type }]) => (type === 'positional' ? [place] : []))
  if (count <= places.length || places.at(-1)?.endsWith('…')) return
  const takes =
    places.length === 0 ? 'options alone' : `${places.map(one => `<${one}>`).join(' ')} and options`
  throw new UsageError(`words too many: ${name} takes ${takes}; put quotes around what has spaces in it`)
}
