import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { WireNode } from './node.ts'
import { scanWire } from './scan.ts'
import { maxDepth, parseAnyXml } from './wire.ts'

/** What the parser makes of it; undefined where it refuses. */
function parsed(xml: string): WireNode | undefined {
  try {
    return parseAnyXml(xml)
  } catch {
    return undefined
  }
}

/** Whether the scanner took it; where it did, the parser must have read the same. */
function scannedAlike(xml: string): boolean {
  const tree = scanWire(xml, maxDepth)
  if (tree === undefined) return false
  expect(tree).toStrictEqual(parsed(xml))
  return true
}

/** Mostly the first, at times one of the others. */
function mostly<T>(usual: fc.Arbitrary<T>, ...odd: fc.Arbitrary<T>[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 24, arbitrary: usual }, ...odd)
}
const name = mostly(
  fc.constantFrom('MsgType', 'Item', 'item', 'xml', 'a', 'approverstep', 'Location_X'),
  fc.constantFrom('constructor', '__proto__', 'toString', 'prototype', 'isPrototypeOf', 'length'),
  fc.constantFrom('中', 'a-b', 'a:b', '1', '', 'a b', '!a', '?a'),
)
const signs = fc.constantFrom('<', '>', '/', '!', '[', ']', '&', ';', 'a', ' ', '\n', '🙂', '-', '?')
const text = mostly(
  fc.constantFrom('', 'x', '0012', '1e5', ' a ', '你好'),
  fc.constantFrom('\n', ' ', '\r', '&amp;', '&', ']]>', ']', '>', '<!--x-->', '\u00a0', '\ufeff', '\0'),
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.string({ unit: signs, maxLength: 8 }),
)
const leaf = mostly(
  fc.oneof(
    text,
    text.map(value => `<![CDATA[${value}]]>`),
  ),
  fc.tuple(text, text).map(([before, value]) => `${before}<![CDATA[${value}]]>`),
)
const gap = mostly(
  fc.constantFrom('', '\n', '  ', '\t'),
  fc.constantFrom('\r\n', 'x', '\u00a0', '<!-- -->', '<?x?>', '\ufeff', '<![CDATA[]]>'),
)
const afterName = mostly(fc.constant(''), fc.constantFrom(' ', ' a="1"', '/', '\n'))
const { element } = fc.letrec<{ element: string; content: string }>(tie => ({
  element: fc
    .tuple(name, afterName, tie('content'), mostly(fc.constant(undefined), name))
    .map(([tag, after, content, other]) => `<${tag}${after}>${content}</${other ?? tag}>`),
  content: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc
      .array(fc.tuple(gap, tie('element'), gap), { minLength: 1, maxLength: 3 })
      .map(all => all.flat().join('')),
  ),
}))
/** Documents near those of the platform, many of them broken or odd in some place. */
const document = fc
  .tuple(mostly(fc.constant(''), gap), fc.array(fc.tuple(element, gap), { minLength: 1, maxLength: 4 }), gap)
  .map(([before, children, after]) => `${before}<xml>${children.flat().join('')}</xml>${after}`)

describe('the scanner of messages', () => {
  const folder = join(import.meta.dirname, '../../fixtures/callbacks')
  const recorded = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path =>
    path.endsWith('.xml'),
  )

  it.each(recorded)('takes %s, and reads what the parser reads', path => {
    expect(scannedAlike(readFileSync(join(folder, path), 'utf8'))).toBe(true)
  })

  it('reads what the parser reads, or leaves it to the parser', () => {
    let taken = 0
    fc.assert(
      fc.property(document, xml => {
        taken += scannedAlike(xml) ? 1 : 0
      }),
      { numRuns: 5_000 },
    )
    // Else the property would have said nothing.
    expect(taken).toBeGreaterThan(500)
  })

  it('reads what the parser reads in messages that were damaged in some place', () => {
    const messages = recorded.map(path => readFileSync(join(folder, path), 'utf8'))
    fc.assert(
      fc.property(fc.constantFrom(...messages), fc.nat(2_000), fc.nat(40), text, (xml, at, cut, put) => {
        const start = at % xml.length
        scannedAlike(`${xml.slice(0, start)}${put}${xml.slice(start + cut)}`)
      }),
      { numRuns: 5_000 },
    )
  })

  it.each([
    ['attributes', '<xml><a b="1">x</a></xml>'],
    ['a comment', '<xml><!-- x --><a>x</a></xml>'],
    ['a declaration', '<?xml version="1.0"?><xml><a>x</a></xml>'],
    ['an entity', '<xml><a>&lt;</a></xml>'],
    ['an empty-element tag', '<xml><a/></xml>'],
    ['text beside a section', '<xml><a>x<![CDATA[y]]></a></xml>'],
    ['carriage returns', '<xml>\r\n<a>x</a></xml>'],
    ['a byte order mark', '\ufeff<xml><a>x</a></xml>'],
  ])('leaves %s to the parser', (_what, xml) => {
    expect(scanWire(xml, maxDepth)).toBeUndefined()
    expect(parsed(xml)).toBeDefined()
  })

  it('reads as deep as the parser may, and no deeper', () => {
    const nested = (depth: number): string => `${'<xml>'.repeat(depth)}x${'</xml>'.repeat(depth)}`
    expect(scannedAlike(nested(maxDepth))).toBe(true)
    expect(scannedAlike(nested(maxDepth + 1))).toBe(false)
    expect(parsed(nested(maxDepth + 1))).toBeUndefined()
  })
})
