import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { HandlerFileError, parseHandlers, readHandlerFiles } from './read-file.ts'

const folder = (): string => mkdtempSync(join(tmpdir(), 'handlers-'))
const write = (content: string | Buffer, name = 'handlers.yaml', into = folder()): string => {
  writeFileSync(join(into, name), content)
  return join(into, name)
}
const read = async (...paths: string[]) => (await readHandlerFiles(paths)).map(one => one.document)
const fault = async (...paths: string[]): Promise<string> => {
  const faults = (await readHandlerFiles(paths)).flatMap(one => one.fault ?? [])
  expect(faults).toHaveLength(1)
  return faults[0]?.message ?? ''
}

describe('a file of handlers', () => {
  it('may hold one document or several, in YAML or JSON', async () => {
    const two = [{ key: 'one' }, { key: 'two' }]
    expect(await read(write('key: one'))).toEqual([{ key: 'one' }])
    expect(await read(write('key: one\n---\nkey: two\n---\n'))).toEqual(two)
    expect(await read(write('{"key": "one"}', 'one.json'))).toEqual([{ key: 'one' }])
  })

  it('may have a byte order mark, line ends of Windows, comments, and tabs where they mean nothing', async () => {
    const text = '\uFEFF# yaml-language-server: $schema=x\r\nkey: one\t# here\r\ntitle: |-\r\n  a\r\n  b\r\n'
    expect(await read(write(text))).toEqual([{ key: 'one', title: 'a\nb' }])
  })

  it('may say a thing once and use it again', async () => {
    const text = 'key: one\nwith: &texts { a: 1 }\nagain: *texts\nmore: { <<: *texts, b: 2 }'
    expect(await read(write(text))).toEqual([
      { key: 'one', with: { a: 1 }, again: { a: 1 }, more: { a: 1, b: 2 } },
    ])
  })

  it.each([
    ['a list that is not closed', 'key: [one', /:1:\d+: a \[ is never closed; add the \]/],
    ['a map that is not closed', 'key: {a: 1', /:1:\d+: a \{ is never closed; add the \}/],
    ['a field twice', 'key: one\ntitle: a\nkey: two', /:3:1: the field "key" stands twice/],
    ['a tab where it matters', 'steps:\n\t- id: one', /:2:1: a tab stands here; indent with spaces/],
    ['a field before its entry', 'steps:\n  - id: a\n   action: b', /:3:1: this line is indented unlike/],
    ['a field beside its entry', 'steps:\n  - id: a\n  action: b', /:3:1: this line is indented unlike/],
    [
      'a field below a value',
      'key: one\n  title: a',
      /:1:6: a field has a value here and deeper fields below/,
    ],
    ['a quote that is not closed', 'key: one\ntitle: "a\nafter: stop', /:2:8: the quote that opens here/],
    ['a quote that another one closes', 'title: "a\n  b: "c"', /:2:\d+: .*look whether a quote above/],
    [
      'a template as a value',
      'with: { customer: {{ args.who }} }',
      /:1:20: .*put a text with \{\{ \}\} in quotes/,
    ],
    ['a template before a text', 'text: {{ args.who }}您好', /:1:\d+: .*begins with \{\{ .*in quotes/],
    [
      'a full-width colon',
      'key: one\ntrigger：\n  event: x',
      /:2:1: the colon behind "trigger" is full-width/,
    ],
    [
      'one within a line',
      'key: one\ntrigger： { event: x }',
      /:2:1: the colon behind "trigger" is full-width/,
    ],
    ['one within brackets', 'with: { text： a }', /:1:9: the colon behind "text" is full-width/],
    ['one and nothing else', 'key：one', /:1:1: .*behind "key" write a plain colon and a space/],
    [
      'no space behind a colon',
      'key: one\ntitle:two\nafter: stop',
      /:2:1: this is no field.*a space behind the colon/,
    ],
    ['a comma within a value', 'with: { after: 2,5d }', /:1:18: "5d" has no value; a comma ends a value/],
    ['a colon within a text', 'text: a: b', /:1:7: a text that holds a colon and a space.*in quotes/],
    [
      'a colon within a text in brackets',
      'with: { text: a: b }',
      /:1:\d+: a text that holds a colon.*in quotes/,
    ],
    [
      'a text that begins with @',
      'text: @lina',
      /:1:7: no plain text begins with @; put the whole text in quotes/,
    ],
    [
      'a template within a text in brackets',
      'with: { text: 到{{ customer.name }} }',
      /:1:16: a text that holds \{ is no plain text within \{ \}; put the whole text in quotes$/,
    ],
    [
      'a full-width comma',
      'with: { to: [lina]，text: 好 }',
      /:1:19: the comma here is full-width \(，\); write a plain one and a space: ", "$/,
    ],
    ...(
      [
        ['an entry', 'steps:\n\u3000\u3000- id: a\n\u3000\u3000  action: b', 2, 1],
        ['a field of an entry', 'steps:\n  - id: a\n\u3000\u3000action: b', 3, 1],
        ['a field behind plain ones', 'steps:\n  - id: a\n    with:\n    \u3000to: [lead]', 4, 5],
        ['the fields of a condition', 'when:\n\u3000all:\n\u3000\u3000- { path: a, is: exists }', 3, 1],
        ['a text of several lines', 'text: |-\n\u3000\u3000您好\n  x: 1', 2, 1],
        ['an entry behind its dash', 'steps:\n  -\u3000id: a\n    action: b', 2, 4],
        ['a value', 'with:\n  to: [lead]\n  text:\u3000您好', 3, 8],
      ] as const
    ).flatMap(([what, text, line, column]): [string, string, RegExp][] => [
      [
        `full-width spaces before ${what}`,
        text,
        new RegExp(`:${line}:${column}: a full-width space stands here, .*; write plain spaces$`),
      ],
      [
        `non-breaking spaces before ${what}`,
        text.replaceAll('\u3000', '\u00A0'),
        new RegExp(`:${line}:${column}: a non-breaking space stands here, .*; write plain spaces$`),
      ],
    ]),
    [
      'words with a full-width comma between',
      'trigger:\n  message: { contains: [退款, 报销，发票] }',
      /:2:29: "报销，发票" is one word, because ， is no comma to YAML; write 报销, 发票, or put it in quotes where it is one$/,
    ],
    [
      'words with a Chinese comma between',
      'trigger: { message: { contains: [报销、发票、 单据] } }',
      /:1:34: .*, because 、 is no comma to YAML; write 报销, 发票, 单据, or put/,
    ],
    [
      'tags with their groups with one between',
      'with: { add: [客户状态/VIP，渠道/春展] }',
      /:1:15: "客户状态\/VIP，渠道\/春展" is one word, .*; write 客户状态\/VIP, 渠道\/春展, or put/,
    ],
    ['recipients with one between', 'with: { to: [lead，lina] }', /:1:14: .*write lead, lina, or put/],
    [
      'a cron expression without quotes',
      'trigger:\n  schedule: * 9 * * *',
      /:2:13: no plain text begins with \*; put the whole text in quotes: "\* 9 \* \* \*"$/,
    ],
    [
      'one that begins as an alias does',
      'schedule: */5 9,18 * * *  # often\r\nkey: a',
      /:1:11: .* quotes: "\*\/5 9,18 \* \* \*"$/,
    ],
    ['one within brackets', 'trigger: { schedule: * 9 * * * }', /:1:22: .* quotes: "\* 9 \* \* \*"$/],
    [
      'no space behind a dash',
      'steps:\n  -id: a\n   action: b',
      /:2:3: a space is missing behind the "-"; write "- id: "$/,
    ],
    ['none behind a later one', 'steps:\n  - id: a\n  -id: b', /:3:3: a space is missing behind the "-"/],
    [
      'no space behind a colon in brackets',
      'with: { to: [lead], text:您好 }',
      /:1:21: a space is missing behind the colon of "text"; write text: 您好$/,
    ],
    [
      'an address behind a comma in brackets',
      'with: { text: 看,https://x.example }',
      /"https:\/\/x\.example" has no value; a comma ends a value/,
    ],
    [
      'two fields in one line',
      'steps:\n  - id: a action: welcome.send\n    with: {}',
      /:2:9: "action:" stands in the line of another field; begin each field on a line of its own, or put the whole text in quotes where it is one$/,
    ],
    ['a field behind its parent', 'trigger: event: customer.added', /:1:10: "event:" stands in the line/],
    [
      'quotes within quotes',
      'text: "他说"你好""',
      /:1:11: the text in quotes ends before this, at a " within it; write “ and ” there, or put ' around the whole text$/,
    ],
    ['a quoted word before a text', "text: '你好' 再见", /:1:12: .* at a ' within it; .* put " around/],
    ['two texts in quotes', 'text: "a" "b"', /:1:11: the text in quotes ends before this/],
    ['an escape that is none', 'text: "a\\d"', /:1:9: "\\" begins an escape/],
    ['a list of something else', '- key: one\n- 7', /:2:3: this is not a handler/],
    ['a text', 'hello', /:1:1: this is not a handler/],
    ['nothing', '', /holds no document/],
    ['comments alone', '# nothing\n---\n', /holds no document/],
    ['code', 'key: !!js/function "x"', /:1:6: Unresolved tag/],
    [
      'an alias of nothing',
      'key: *none',
      /:1:1: its anchors and aliases cannot be followed: Unresolved alias/,
    ],
    [
      'aliases that multiply',
      bomb(),
      /:1:1: its anchors and aliases cannot be followed: Excessive alias count/,
    ],
    ['an alias that holds itself', 'key: &a [*a]', /:1:1: its anchors and aliases cannot be followed/],
    ['brackets within brackets without end', `a: ${'['.repeat(50_000)}`, /nested too deeply/],
    ['lists within lists without end', `a:\n${'- '.repeat(50_000)}`, /nested too deeply/],
    ['fields within fields without end', stairs(), /nested too deeply/],
    ['bytes that are no text', Buffer.from([1, 0, 2]), /is no text/],
    [
      'another encoding',
      Buffer.from([0x6b, 0x3a, 0x20, 0xc4, 0xe3]),
      /is not UTF-8; save it as UTF-8 \(Notepad: 另存为 → 编码 UTF-8\)$/,
    ],
    [
      'UTF-16',
      Buffer.from('\uFEFFkey: 一二', 'utf16le'),
      /is no text: it holds NUL bytes; where it is UTF-16, save it as UTF-8 \(Notepad: /,
    ],
    ['UTF-16 without a Latin letter', Buffer.from('\uFEFF你好', 'utf16le'), /is not UTF-8; save it as/],
    ['more than a mebibyte', `key: ${'x'.repeat(1024 * 1024)}`, /is larger than 1 MiB/],
  ])('is refused when it holds %s', async (_what, content, message) => {
    const path = write(content)
    const said = await fault(path)
    expect(said).toMatch(message)
    expect(said).toContain(path)
  })

  it.each([
    [
      'a word in quotes',
      'contains: ["报销，发票", \'报销、发票\']',
      { contains: ['报销，发票', '报销、发票'] },
    ],
    ['a word in a line of its own', 'contains:\n  - 好的，谢谢', { contains: ['好的，谢谢'] }],
    ['a tag', 'add: [渠道/线上、线下]', { add: ['渠道/线上、线下'] }],
    ['a text', 'with: { to: [lead], text: 您好，朋友 }', { with: { to: ['lead'], text: '您好，朋友' } }],
    ['an entry that is nothing else', 'aliases: [，]', { aliases: ['，'] }],
  ])('may hold full-width commas in %s', async (_what, text, document) => {
    expect(await read(write(text))).toEqual([document])
  })

  it('may hold full-width and other spaces in texts', async () => {
    const text =
      'title: \u3000a\u00A0b\ntext: |-\n  \u3000\u3000您好\n  \u3000\u3000再见\nmore: "a\n \u3000b"'
    expect(await read(write(text))).toEqual([
      { title: '\u3000a\u00A0b', text: '\u3000\u3000您好\n\u3000\u3000再见', more: 'a \u3000b' },
    ])
  })

  it('that is not there is named', async () => {
    await expect(readHandlerFiles(['/nowhere.yaml'])).rejects.toThrow(
      /^\/nowhere\.yaml: cannot be read: there is no such file or folder$/,
    )
  })

  it('says where something stands that a path names', async () => {
    const path = write('key: one\n---\nkey: two\nsteps:\n  - id: a\n    with: { add: [x, y] }\n')
    const [, source] = await readHandlerFiles([path])
    expect(source?.at('steps.0.with.add.1')).toBe(`${path}:6:22`)
    expect(source?.at('steps.0.id')).toBe(`${path}:5:9`)
    expect(source?.at('steps.0.action')).toBe(`${path}:5:5`)
    expect(source?.at('trigger')).toBe(`${path}:3:1`)
  })
})

describe('several files of handlers', () => {
  it('are those that are named, and all of a folder by their names', async () => {
    const into = folder()
    mkdirSync(join(into, 'deeper'))
    for (const name of ['b.yaml', 'a.yml', 'c.json']) write(`{"key": "${name[0]}"}`, name, into)
    write('nothing of ours', 'README.md', into)
    expect(await read(into, write('key: d'))).toEqual([
      { key: 'a' },
      { key: 'b' },
      { key: 'c' },
      { key: 'd' },
    ])
    await expect(readHandlerFiles([join(into, 'deeper')])).rejects.toThrow(HandlerFileError)
  })

  it('are refused when two documents have one key, wherever they stand', async () => {
    const one = write('key: one\n---\nkey: two')
    const other = write('key: two')
    expect(await fault(one, other)).toBe(`${other}:1:6: the key "two" is that of ${one}:3:6 too`)
    expect(await fault(write('key: one\n---\nkey: one'))).toMatch(/:3:6: the key "one"/)
  })

  it('are read where others cannot be, documents of one file among them', async () => {
    const yaml = write('key: one\n---\nkey: two\nsteps: [a\n---\nkey: three\n---\nhello\n---\nkey: four\n')
    const sources = await readHandlerFiles([write(Buffer.from([1, 0])), yaml, write('key: four')])
    expect(sources.map(one => one.document?.key)).toEqual([
      undefined,
      'one',
      undefined,
      'three',
      undefined,
      'four',
      'four',
    ])
    expect(sources.map(one => one.fault?.reason.slice(0, 26))).toEqual([
      'is no text: it holds NUL b',
      undefined,
      'a [ is never closed; add t',
      undefined,
      'this is not a handler; it ',
      undefined,
      'the key "four" is that of ',
    ])
    expect(sources[3]?.at('key')).toBe(`${yaml}:6:6`)
  })

  it('may be a list of documents, which is what an export prints as JSON', () => {
    const list = JSON.stringify([{ key: 'one' }, { key: 'two', steps: [{ id: 7 }] }])
    const [one, two] = parseHandlers('x.json', list)
    expect([one?.document?.key, two?.document?.key]).toEqual(['one', 'two'])
    expect(two?.at('steps.0.id')).toBe(`x.json:1:${list.indexOf('7') + 1}`)
    const [good, bad] = parseHandlers('x.json', '[{ "key": "one" }, 7]')
    expect([good?.document, bad?.document]).toEqual([{ key: 'one' }, undefined])
    expect(bad?.fault?.message).toMatch(/^x\.json:1:20: this is not a handler/)
    expect(() => parseHandlers('x.json', '[]')).toThrow('x.json: holds no document')
  })

  it('are read from files alone, not from devices, which may have no end', async () => {
    expect(await fault('/dev/zero')).toContain('/dev/zero: is no file')
  })
})

function bomb(): string {
  return `a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [${'*a,'.repeat(40)}*a]\nc: [${'*b,'.repeat(40)}*b]`
}

function stairs(): string {
  return Array.from({ length: 1_000 }, (_, depth) => `${' '.repeat(depth)}a:`).join('\n')
}
