import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { contentOf } from './digest.ts'
import { parseHandlers } from './read-file.ts'
import { writeHandlers } from './write-file.ts'

const document = {
  steps: [
    {
      with: { text: '第一行\n第二行', materials: ['spring-fair'] },
      action: 'welcome.send',
      id: 'welcome',
      if: { value: false, is: 'eq', path: 'time.inOffice' },
      onError: 'continue',
    },
  ],
  when: {
    all: [{ path: 'staff.role', is: 'in', value: ['lead', 'admin'] }, { not: { path: 'a.b', is: 'exists' } }],
  },
  trigger: { match: { state: { prefix: 'fair: #1' } }, event: 'customer.added' },
  title: '春展',
  key: 'welcome-spring-fair',
  schemaVersion: 1,
}

const read = (text: string) => parseHandlers('x.yaml', text).map(one => one.document ?? {})

describe('handlers as YAML', () => {
  it('have their fields in the order in which people read them', () => {
    expect(writeHandlers([{ document, revision: 7, enabled: true }])).toBe(`schemaVersion: 1
key: welcome-spring-fair
title: 春展
revision: 7
trigger:
  event: customer.added
  match:
    state: { prefix: "fair: #1" }
when:
  all:
    - { path: staff.role, is: in, value: [ lead, admin ] }
    - not: { path: a.b, is: exists }
steps:
  - id: welcome
    action: welcome.send
    if: { path: time.inOffice, is: eq, value: false }
    with:
      text: |-
        第一行
        第二行
      materials: [ spring-fair ]
    onError: continue
`)
  })

  it('say that one is off, and not that one is on', () => {
    const off = writeHandlers([{ document: { ...document, enabled: true }, revision: 0, enabled: false }])
    expect(off).toContain('title: 春展\nenabled: false\ntrigger:')
    const on = writeHandlers([{ document: { ...document, enabled: false }, revision: 0, enabled: true }])
    expect(on).not.toContain('enabled')
  })

  it('stand one after the other, below a line for editors', () => {
    const one = { document: { key: 'one' }, revision: 1, enabled: true }
    const two = { document: { key: 'two' }, revision: 2, enabled: true }
    expect(writeHandlers([one, two], '# yaml-language-server: $schema=x.json')).toBe(
      '# yaml-language-server: $schema=x.json\nkey: one\nrevision: 1\n---\nkey: two\nrevision: 2\n',
    )
  })

  const long = `a\n \n\n${'x'.repeat(40)}`
  it.each([' \n', ' \n \n', 'a\n \n', 'a \nb', '\t\na', 'a\n\t', long])(
    'keep the white space of %j',
    text => {
      const written = writeHandlers([{ document: { key: 'a', title: text }, revision: 0, enabled: true }])
      expect(read(written)).toEqual([{ key: 'a', title: text }])
      // Editors take away what stands at the end of a line.
      expect(written).not.toMatch(/[ \t]$/m)
    },
  )

  it('keep a field that YAML would take for a merge', () => {
    const merged = { key: 'a', when: { '<<': { x: 1 } } }
    expect(read(writeHandlers([{ document: merged, revision: 0, enabled: true }]))).toEqual([merged])
    const text = { key: 'a', when: { '<<': 'x' } }
    expect(read(writeHandlers([{ document: text, revision: 0, enabled: true }]))).toEqual([text])
  })

  it('keep what would be refused without quotes', () => {
    const held = {
      key: 'x',
      trigger: { message: { contains: ['报销，发票', '发票'] } },
      '\u3000a': 1,
      '-\u3000b': 2,
      '价：': 3,
    }
    const text = writeHandlers([{ document: held, revision: 0, enabled: true }])
    expect(text).toContain('contains: [ "报销，发票", 发票 ]')
    expect(read(text)).toEqual([held])
  })

  it('say the same when they are read, and are the same text when they are written again', () => {
    fc.assert(
      fc.property(fc.array(fields(), { minLength: 1, maxLength: 3 }), fc.boolean(), (documents, enabled) => {
        const exported = (list: Record<string, unknown>[]) =>
          writeHandlers(list.map(one => ({ document: one, revision: 3, enabled })))
        const text = exported(documents)
        const again = read(text)
        expect(again.map(contentOf)).toEqual(documents)
        expect(exported(again)).toBe(text)
        expect(exported(read(text.replaceAll('\n', '\r\n')))).toBe(text)
      }),
      { numRuns: 200 },
    )
  })
})

/** Texts that YAML has other ideas about. */
const nasty = [
  ' a',
  'a ',
  '\ta',
  '#',
  'a #b',
  'a: b',
  ': ',
  '- a',
  '?',
  '',
  ' ',
  '\n',
  '\n\n',
  'a\n',
  '\na',
  'a\n\n',
  'a\n ',
  ' a\nb',
  'a\n  b\n c',
  'a\r\nb',
  '\r',
  'yes',
  'no',
  'on',
  'null',
  '~',
  'true',
  '1',
  '1.0',
  '0x1f',
  '1e3',
  '007',
  '+1',
  '.inf',
  '2026-11-21',
  '12:30',
  '---',
  '...',
  '--- a',
  'a\n---\nb',
  '%a',
  '@a',
  '`a',
  '&a',
  '*a',
  '!a',
  '|',
  '>',
  '"',
  "'",
  "''",
  '{{ customer.name | default: "x" }}',
  '[a',
  '{a}',
  '🙂',
  'a\u0085b',
  'a\u2028b',
  '\uFEFFa',
  'a\u0000b',
  '\u001b[1m',
  '<<',
  'a\\nb',
  '\u00a0',
  '，',
  'x'.repeat(3_000),
  '很长'.repeat(500),
  'key',
] as const

function texts(): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(...nasty),
    fc.array(fc.constantFrom(...nasty), { minLength: 2, maxLength: 3 }).map(parts => parts.join('')),
    fc.string({ unit: 'binary' }),
    fc.string({ unit: 'grapheme' }),
  )
}

function values(): fc.Arbitrary<unknown> {
  return fc.letrec(tie => ({
    value: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      texts(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(number => number + 0),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.stringMatching(/^[a-z]+$/), texts().filter(isName)), tie('value'), {
        maxKeys: 4,
      }),
    ),
  })).value
}

/** What is dropped as the name of a field. */
const isName = (name: string): boolean => name !== '__proto__'

function fields(): fc.Arbitrary<Record<string, unknown>> {
  return fc
    .record(
      {
        key: fc.stringMatching(/^[a-z0-9-]{1,10}$/),
        title: texts(),
        trigger: values(),
        scope: values(),
        when: values(),
        steps: fc.array(
          fc.record({ id: texts(), action: texts(), with: values(), if: values() }, { requiredKeys: [] }),
          { maxLength: 3 },
        ),
      },
      { requiredKeys: ['key'] },
    )
    .map(one => ({ ...one }))
}
