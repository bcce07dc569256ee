import { type ArgsDef, parseArgs } from 'citty'
import { describe, expect, it } from 'vitest'
import { checkLine } from './check-line.ts'
import { json } from './verb.ts'
import { verbTable } from './verb-table.ts'

const verbs = Object.entries(verbTable).flatMap(([first, one]) =>
  'verbs' in one
    ? Object.entries(one.verbs).map(([second, verb]) => ({ typed: `${first} ${second}`, verb }))
    : [{ typed: first, verb: one }],
)
const check = (...words: string[]) => checkLine(words, verbTable)
const camelOf = (name: string): string => name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase())

describe.each(verbs)('sidekick $typed', ({ typed, verb }) => {
  const defined: ArgsDef = { ...verb.args, json }
  const args = Object.entries(defined)
  const places = args.filter(([, arg]) => arg.type === 'positional').map(([name]) => name)
  const options = args.flatMap(([name, arg]) => (arg.type === 'positional' ? [] : [{ name, arg }]))
  const flags = options.filter(({ arg }) => arg.type === 'boolean')
  const others = options.filter(({ arg }) => arg.type !== 'boolean')
  const line = (...words: string[]) => check(...typed.split(' '), ...words)
  const valueFor = ({ arg }: (typeof options)[number]) =>
    (arg.type === 'enum' ? arg.options?.[0] : 'a=1') ?? ''

  it('takes each of its options once, in all forms that the parser knows', () => {
    for (const form of [(name: string) => name, camelOf]) {
      const given = [
        ...flags.map(({ name }) => `--${form(name)}`),
        ...others.flatMap(one => [`--${form(one.name)}`, valueFor(one)]),
      ]
      expect(() => line(...places, ...given)).not.toThrow()
      const read = parseArgs([...places, ...given], defined)
      expect(read).toMatchObject({
        ...Object.fromEntries(flags.map(({ name }) => [name, true])),
        ...Object.fromEntries(others.map(one => [one.name, valueFor(one)])),
        _: places,
      })
    }
    for (const one of others) expect(() => line(`--${one.name}=${valueFor(one)}`)).not.toThrow()
    for (const { name } of flags)
      for (const form of [`--no-${name}`, `--${name}=false`]) expect(() => line(form)).not.toThrow()
  })

  it('refuses any other, and says which may be meant', () => {
    for (const { name } of options) {
      for (const mistyped of [`--${name}x`, `--${name.toUpperCase()}`])
        for (const behind of [[], ['x']])
          expect(() => line(...places, mistyped, ...behind)).toThrow(
            `there is no option ${mistyped}; did you mean --${name}?`,
          )
      expect(() => line(`-${name}`)).toThrow(`there is no option -${name}; did you mean --${name}?`)
    }
    for (const { name } of others)
      expect(() => line(`--no-${name}`)).toThrow(`there is no option --no-${name}`)
    for (const place of places) expect(() => line(`--${place}`)).toThrow(`there is no option --`)
    expect(() => line('--zzzzzzzz=s3cret')).toThrow(/^there is no option --zzzzzzzz; there is --/)
  })

  it('refuses an option twice, without its value, or with one that it cannot have', () => {
    for (const { name } of flags) {
      expect(() => line(`--${name}`, `--no-${name}`)).toThrow(`--${name} is given twice`)
      for (const value of ['', 'no', 's3cret'])
        expect(() => line(`--${name}=${value}`)).toThrow(`--${name} takes no value; write --${name} alone`)
    }
    for (const one of others) {
      const option = `--${one.name}`
      expect(() => line(option, valueFor(one), `--${camelOf(one.name)}=${valueFor(one)}`)).toThrow(
        `${option} is given twice`,
      )
      const refusal = `${option} needs a value behind it; `
      for (const bare of [[option], [`${option}=`], [option, '']])
        expect(() => line(...bare)).toThrow(`${refusal}sidekick ${typed} --help says which`)
      expect(() => line(option, '--json')).toThrow(`${refusal}one that begins with - is written with =`)
      if (one.arg.type === 'enum')
        expect(() => line(option, 'other')).toThrow(`${option} is one of ${one.arg.options?.join(', ')}`)
      else expect(() => line(`${option}=-1`)).not.toThrow()
    }
  })

  it('refuses words that it does not look at, and repeats none, which may be a secret', () => {
    const words = [...places, 's3cret']
    if (places.at(-1)?.endsWith('…')) expect(() => line(...words, 'another')).not.toThrow()
    else {
      const takes = places.length === 0 ? 'options alone' : `<${places.join('> <')}> and options`
      for (const given of [words, ['--', ...words]])
        expect(() => line(...given)).toThrow(`words too many: sidekick ${typed} takes ${takes}; put quotes`)
    }
  })
})

describe('a line of sidekick', () => {
  it('begins with a verb that there is', () => {
    expect(() => check('handler', 'list')).toThrow(
      'there is no verb "sidekick handler"; did you mean handlers?',
    )
    expect(() => check('handlers', 'exprt')).toThrow(
      'there is no verb "sidekick handlers exprt"; did you mean export?',
    )
    expect(() => check('constructor')).toThrow('there is no verb')
  })

  it('has no option before its verb', () => {
    for (const words of [['--json', 'jobs'], ['handlers', '--json', 'list'], ['--corp=ww1'], ['--']])
      expect(() => check(...words)).toThrow(/^--\w* stands before the verb; options stand behind it, as in: /)
  })

  it('may be too short: the parser then shows what there is', () => {
    for (const words of [[], ['handlers'], ['handlers', 'show']]) expect(() => check(...words)).not.toThrow()
  })
})
