import { XMLParser, XMLValidator } from 'fast-xml-parser'
import { newNode, type WireNode, type WireValue } from './node.ts'
import { scanWire } from './scan.ts'

/** The decrypted text is not an XML document of the kind that WeCom sends. */
export class WireError extends Error {
  readonly code = 'xml_malformed'
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'WireError'
  }
}

/** Deeper than any documented message (`path/90240` reaches 7). */
export const maxDepth = 16

const parser = new XMLParser({
  ignoreAttributes: true,
  ignoreDeclaration: true,
  // Ids and texts are never numbers: `0012` and `1e5` stay what they are, 64-bit ids stay exact.
  parseTagValue: false,
  trimValues: false,
  processEntities: false,
  // An element that holds only text between its children keeps nothing of the line breaks.
  textNodeName: '#text',
})

/**
 * Reads a decrypted message (`path/90239`, `path/90240`). Entities and document types are refused, not expanded.
 *
 * @throws WireError
 */
export function parseWire(xml: string): WireNode {
  return scanWire(xml, maxDepth) ?? parseAnyXml(xml)
}

/**
 * The same for a message that is written in any way that XML allows.
 *
 * @throws WireError
 */
export function parseAnyXml(xml: string): WireNode {
  const markup = withoutText(xml)
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST)/i.test(markup))
    throw new WireError('document types are not accepted')
  assertShallow(markup)
  const valid = XMLValidator.validate(xml)
  if (valid !== true) throw new WireError(`not well-formed: ${valid.err.code} in line ${valid.err.line}`)
  let tree: unknown
  try {
    tree = parser.parse(xml)
  } catch (error) {
    throw new WireError('not readable', { cause: error })
  }
  const root = isNode(tree) ? tree.xml : undefined
  if (!isNode(root)) throw new WireError('the root element is not <xml>')
  return clean(root)
}

/** The markup alone: what people typed stands in CDATA sections and may look like anything. */
function withoutText(xml: string): string {
  const parts: string[] = []
  let at = 0
  for (;;) {
    const open = xml.indexOf('<![CDATA[', at)
    const close = open < 0 ? -1 : xml.indexOf(']]>', open)
    if (close < 0) return parts.join('') + xml.slice(at)
    parts.push(xml.slice(at, open))
    at = close + 3
  }
}

/** Bounds the nesting before a recursive parser sees it. */
function assertShallow(markup: string): void {
  let depth = 0
  for (const [tag] of markup.matchAll(/<\/?[^<>!?][^<>]*>/g)) {
    if (tag.startsWith('</')) depth -= 1
    else if (!tag.endsWith('/>')) depth += 1
    if (depth > maxDepth) throw new WireError(`nested deeper than ${maxDepth} elements`)
  }
}

function isNode(value: unknown): value is WireNode {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Drops the white space between child elements, which the parser keeps as a text node beside them. */
function clean(node: WireNode): WireNode {
  const result = newNode()
  for (const [name, value] of Object.entries(node)) {
    if (name === '#text') continue
    result[name] = Array.isArray(value) ? value.map(cleanValue) : cleanValue(value)
  }
  return result
}

function cleanValue(value: WireValue): WireValue {
  return isNode(value) ? clean(value) : value
}

/** Reads one level of a message by WeCom's element names. */
export interface Wire {
  /** The whole level as it came. */
  readonly fields: WireNode
  has(element: string): boolean
  /** The element's text, or `''` where it is missing or holds elements. The first one where it comes several times. */
  text(element: string): string
  /** The text, or undefined where it is missing or empty. */
  optional(element: string): string | undefined
  /** Every text of this name: lists that may come once are lists. */
  texts(element: string): string[]
  /** The child; an empty one where it is missing. */
  child(element: string): Wire
  /** Every child of this name. */
  children(element: string): Wire[]
}

const nowhere = newNode()

/** Wraps a tree for reading. */
export function readWire(node: WireNode): Wire {
  return new WireReader(node)
}

class WireReader implements Wire {
  readonly fields: WireNode
  constructor(fields: WireNode) {
    this.fields = fields
  }
  has(element: string): boolean {
    return this.fields[element] !== undefined
  }
  text(element: string): string {
    const value = this.fields[element]
    return typeof value === 'string' ? value : (this.texts(element)[0] ?? '')
  }
  optional(element: string): string | undefined {
    return this.text(element) || undefined
  }
  texts(element: string): string[] {
    return this.#all(element).filter(value => typeof value === 'string')
  }
  child(element: string): Wire {
    return this.children(element)[0] ?? new WireReader(nowhere)
  }
  children(element: string): Wire[] {
    return this.#all(element).filter(isNode).map(readWire)
  }
  #all(element: string): WireValue[] {
    const value = this.fields[element]
    if (value === undefined) return []
    return Array.isArray(value) ? value : [value]
  }
}

/**
 * The canonical text of all fields, sorted by name: what the idempotency key is a digest of. It stays as it is to the
 * letter, or a redelivery would be taken for something new.
 */
export function canonical(value: WireValue | WireValue[]): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  let text = '{'
  for (const name of Object.keys(value).sort()) {
    // The name of an element holds nothing that JSON would escape.
    text += `${text === '{' ? '' : ','}"${name}":${canonical(value[name] ?? '')}`
  }
  return `${text}}`
}
