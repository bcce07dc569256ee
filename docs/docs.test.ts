import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseEnv } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { actions } from '../bot/actions/registry.ts'
import { builtInHandlers } from '../bot/commands/builtin.ts'
import { commonFields, eventFields } from '../bot/events/fields.ts'
import { events } from '../bot/events/names.ts'
import { compileHandler } from '../bot/handlers/compile.ts'
import { factTable } from '../bot/handlers/fact-table.ts'
import { operators } from '../bot/handlers/operators.ts'
import { createMetrics } from '../bot/metrics.ts'
import { ConfigError, parseConfig } from '../config.ts'
import { generated } from '../fixtures/docs/generated.ts'
import { anchorOf } from '../fixtures/docs/table.ts'
import { checkLine } from '../jobs/operator/check-line.ts'
import { filterArgs } from '../jobs/operator/inbox-filter.ts'
import { verbTable } from '../jobs/operator/verb-table.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

const readmes = ['README.md', 'README.zh-CN.md']
const guides = ['docs/handlers.md', 'docs/handlers.zh-CN.md'] as const
const pages = [
  ...readmes,
  'CHANGELOG.md',
  ...readdirSync(join(root, 'docs'))
    .filter(name => name.endsWith('.md'))
    .map(name => `docs/${name}`),
]

const all = (text: string, pattern: RegExp): string[] =>
  [...text.matchAll(pattern)].map(([, part = '']) => part)
/** What stands in backticks, and the lines of code blocks. */
const codeOf = (text: string): string =>
  [...all(text, /```\w*\n(.*?)```/gs), ...all(text, /`([^`\n]+)`/g)].join('\n')
const blocks = (text: string, language: string): string[] =>
  all(text, new RegExp(`^ *\`\`\`${language}\\n(.*?)^ *\`\`\``, 'gms'))
/** Names of the `settings` of config.ts, which nothing exports. */
const settings = all(
  read('config.ts').split('\nconst settings = {')[1]?.split('\n} as const')[0] ?? '',
  /^ {2}([A-Z_]+): \{/gm,
)

describe('.env.example', () => {
  const example = read('.env.example')
  const lines = [...example.matchAll(/^(?:# )?([A-Z][A-Z_]*)=(.*)$/gm)].map(([, name = '', value = '']) => ({
    name,
    value,
  }))
  const keep = (): string => '0'.repeat(64)

  it('explains every variable of the configuration, and no other', () => {
    expect(lines.map(one => one.name).sort()).toEqual([...settings].sort())
    for (const { name } of lines) expect(example).toMatch(new RegExp(`^# [^\\n]*\\.\\n(# )?${name}=`, 'm'))
  })

  it('gives demo mode as it is', () => {
    expect(parseConfig(parseEnv(example), keep).mode).toBe('demo')
  })

  it('shows values that are right; what it leaves empty is all that a connected installation must add', () => {
    const uncommented = Object.fromEntries(lines.map(({ name, value }) => [name, value]))
    const empty = lines.filter(one => one.value === '').map(one => one.name)
    let problems: readonly string[] = []
    try {
      parseConfig(uncommented, keep)
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      problems = error.problems
    }
    expect(problems).not.toEqual([])
    expect(problems.map(line => line.split(' ')[0]).filter(name => !empty.includes(name ?? ''))).toEqual([])
  })
})

describe('what is made from the program\u2019s tables and the examples', () => {
  it('explains every row of the reference', () => {
    const rows = read('docs/handlers-reference.md').split('\n')
    expect(rows.filter(row => /\| *\|$/.test(row))).toEqual([])
  })

  it.each(Object.entries(generated()))('%s is as they are: npm run docs writes it', (path, text) => {
    expect(read(path) === text, `${path} is stale: npm run docs`).toBe(true)
  })
})

describe('the guide to handlers', () => {
  const shownIn = (path: string): string[] => all(read(path), /^<!-- (fixtures\/handlers\/\S+) -->$/gm)

  it('shows every example', () => {
    const examples = shownIn(guides[0]).filter(path => path.includes('/guide/'))
    const files = readdirSync(join(root, 'fixtures/handlers/guide'))
    expect(examples.sort()).toEqual(files.map(name => `fixtures/handlers/guide/${name}`).sort())
  })

  it('shows the same examples and command lines in both languages, in the same order', () => {
    const [english, chinese] = guides
    expect(shownIn(chinese)).toEqual(shownIn(english))
    expect(blocks(read(chinese), 'sh')).toEqual(blocks(read(english), 'sh'))
  })

  it('explains every comparison in Chinese too', () => {
    const rows = all(read(guides[1]), /^\| (`.*?) *\|/gm).join()
    expect(Object.keys(operators).filter(name => !rows.includes(`\`${name}\``))).toEqual([])
  })

  it.each(guides)('%s names only facts, events and actions that there are', path => {
    const families = ['customer', 'follow', 'staff', 'time', 'corp', 'event']
    const named = all(codeOf(read(path)), new RegExp(`(?<![\\w.-])((?:${families.join('|')})\\.\\w+)`, 'g'))
    const fields = Object.values({ ...eventFields, common: commonFields }).flatMap(one => Object.keys(one))
    const known = new Set([
      ...Object.keys(factTable),
      ...Object.keys(events),
      ...actions.keys(),
      ...fields.map(name => `event.${name}`),
    ])
    expect([...new Set(named)].filter(name => !known.has(name))).toEqual([])
  })
})

describe('what the pages show', () => {
  const handlers = pages.flatMap(path =>
    blocks(read(path), 'yaml')
      .filter(text => text.startsWith('schemaVersion'))
      .flatMap(text =>
        parseAllDocuments(text).map(one => ({ path, document: one.toJS() as { key: string } })),
      ),
  )

  it.each(handlers)('$path shows the handler $document.key, which can be published', ({ document }) => {
    expect(compileHandler(document, 1, actions).key).toBe(document.key)
  })

  it.each(readmes)('%s shows every command with its own example', path => {
    const triggers = builtInHandlers
      .map(one => one.trigger as { command?: string; example: string; aliases: string[] })
      .filter(trigger => trigger.command !== undefined)
    for (const { command, example, aliases } of triggers) {
      const row = read(path)
        .split('\n')
        .find(line => line.startsWith(`| \`${command}`))
      expect(row).toContain(`\`${example}\``)
      for (const alias of aliases) expect(row).toContain(alias)
    }
  })

  it.each(pages)('%s names only scripts that there are', path => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> }
    const named = all(read(path), /npm run (?:--silent )?([\w:]+)/g)
    expect(named.filter(name => !Object.hasOwn(scripts, name))).toEqual([])
  })

  it.each(pages)('%s names only variables that there are', path => {
    const named = all(codeOf(read(path)), /(?<![\w/])((?:[A-Z]+_)+[A-Z]+|PORT|HOST|ROLES)(?![\w/])/g)
    const known = [...settings, 'CHROMIUM_PATH']
    expect([...new Set(named)].filter(name => !known.includes(name))).toEqual([])
  })

  it.each(pages)('%s links to what is there', path => {
    const named = all(read(path), /(?:\]\(|src="|srcset=")([^)\s"]+)[)"]/g)
    const targets = named.filter(target => !/^https?:/.test(target))
    for (const target of targets) {
      const [file = '', anchor] = target.split('#')
      const linked = file === '' ? join(root, path) : resolve(root, dirname(path), file)
      expect(existsSync(linked), `${path} links to ${target}`).toBe(true)
      if (anchor === undefined) continue
      const headings = all(readFileSync(linked, 'utf8'), /^#+ (.+)$/gm)
      expect(headings.map(anchorOf), `${path} links to ${target}`).toContain(anchor)
    }
  })
})

describe('the verbs of the operator\u2019s tool', () => {
  const verbs = Object.entries(verbTable).flatMap(([name, one]) =>
    'verbs' in one ? Object.keys(one.verbs).map(verb => `${name} ${verb}`) : [name],
  )

  it.each(readmes)('are all in %s, and no others', path => {
    const listed = all(read(path), /^\| `sidekick ([a-z]+(?: [a-z-]+)?)/gm)
    expect(listed.sort()).toEqual([...verbs].sort())
  })

  it.each(pages)('are the only ones that %s names', path => {
    const groups = [...new Set(verbs.filter(verb => verb.includes(' ')).map(verb => verb.split(' ')[0]))]
    const named = all(
      codeOf(read(path)),
      new RegExp(`^(?:.*sidekick (?:-- )?)?((?:${groups.join('|')}) [a-z][a-z-]*)`, 'gm'),
    )
    expect([...new Set(named)].filter(name => !verbs.includes(name))).toEqual([])
  })

  it.each(pages.filter(path => path !== 'CHANGELOG.md'))('have the options that %s gives them', path => {
    const lines = all(codeOf(read(path)), /^(?:npm run --silent )?sidekick (?:-- )?([a-z][^#\n]*)/gm)
    for (const line of lines) {
      const words = [...line.replace(/ > \S+$/, '').matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)]
      checkLine(
        words.map(([, double, single, bare]) => double ?? single ?? bare ?? ''),
        verbTable,
      )
    }
  })
})

describe('the page on operations', () => {
  const page = read('docs/operations.md')

  it('lists every metric with its labels, and no others', async () => {
    const { registry } = createMetrics()
    const metrics = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('sidekick_'))
    const labelsOf = (name: string): string[] =>
      (registry.getSingleMetric(name) as unknown as { labelNames: string[] }).labelNames
    const rows = [...page.matchAll(/^\| `(sidekick_\w+)` *\|([^|]*)\|/gm)]
    const listed = rows.map(([, name = '', labels = '']) => [name, ...all(labels, /`(\w+)`/g)])
    expect(listed.sort()).toEqual(metrics.map(({ name }) => [name, ...labelsOf(name)]).sort())
  })

  it('lists every option that chooses events', () => {
    const listed = all(page.split('## Looking at events')[1] ?? '', /^\| (`--[^|]*)\|/gm).join()
    expect(all(listed, /--(\w+)/g).sort()).toEqual([...Object.keys(filterArgs), 'limit'].sort())
  })
})

describe('the simulator\u2019s control API', () => {
  it('is described whole', () => {
    const sources = ['control', 'client-control'].map(name => read(`fixtures/simulator/${name}.ts`)).join('')
    const routes = [...sources.matchAll(/router\.(get|post|delete)\('([^']+)'/g)].map(
      ([, method = '', path = '']) => `${method.toUpperCase()} /__sim${path}`,
    )
    expect(routes.length).toBeGreaterThan(10)
    expect(all(read('docs/development.md'), /^\| `([A-Z]+ \/__sim[^`]*)`/gm).sort()).toEqual(routes.sort())
  })
})
