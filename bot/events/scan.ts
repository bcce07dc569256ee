import { newNode, type WireNode, type WireValue } from './node.ts'

/** What JavaScript objects have by themselves is left to the parser, which knows what to refuse. */
const plainName = /^(?!(?:constructor|prototype|hasOwnProperty|toString|valueOf)$)[A-Za-z][A-Za-z0-9_]*$/
/** The parser has its own ways with entities, loose brackets and text of white space alone. */
const ambiguous = /[>&]|^\s+$/
const blank = /^\s+$/

const tab = 0x09
const lineFeed = 0x0a
const space = 0x20
const slash = 0x2f
const less = 0x3c
const greater = 0x3e
const cdata = '<![CDATA['
const cdataEnd = ']]>'

/**
 * Reads a message that is written as WeCom writes its own: elements without attributes, and in each of them either
 * elements between white space, or one CDATA section, or plain text. That is nearly every message, in a tenth of a
 * parser's time; what is written in another way, well-formed or not, is for the parser to judge.
 *
 * @param maxDepth elements inside one another, the root included
 * @returns the root's fields; undefined for a message that is written in another way
 */
export function scanWire(xml: string, maxDepth: number): WireNode | undefined {
  // A carriage return would have to become a line feed.
  if (!xml.startsWith('<xml>') || xml.includes('\r')) return undefined
  let at = '<xml>'.length
  const root = readFields('xml', 1)
  skipSpace()
  return at === xml.length ? root : undefined

  /** At least one element, up to and with the end tag of their parent, which lies `depth` deep. */
  function readFields(parent: string, depth: number): WireNode | undefined {
    if (depth === maxDepth) return undefined
    const fields = newNode()
    skipSpace()
    do {
      const name = readStartTag()
      const value = name === undefined ? undefined : readContent(name, depth)
      if (name === undefined || value === undefined) return undefined
      const before = fields[name]
      if (before === undefined) fields[name] = value
      else if (Array.isArray(before)) before.push(value)
      else fields[name] = [before, value]
      skipSpace()
    } while (xml.charCodeAt(at + 1) !== slash)
    return skipEndTag(parent) ? fields : undefined
  }

  /** What an element holds, up to and with its end tag. */
  function readContent(name: string, depth: number): WireValue | undefined {
    if (xml.startsWith(cdata, at)) return readCdata(name)
    const end = xml.indexOf('<', at)
    if (end < 0) return undefined
    const text = xml.slice(at, end)
    if (xml.charCodeAt(end + 1) !== slash)
      return text === '' || blank.test(text) ? readFields(name, depth + 1) : undefined
    if (ambiguous.test(text)) return undefined
    at = end
    return skipEndTag(name) ? text : undefined
  }

  function readCdata(name: string): string | undefined {
    const begin = at + cdata.length
    const end = xml.indexOf(cdataEnd, begin)
    if (end < 0) return undefined
    at = end + cdataEnd.length
    return skipEndTag(name) ? xml.slice(begin, end) : undefined
  }

  function readStartTag(): string | undefined {
    const end = xml.indexOf('>', at)
    if (end < 0 || xml.charCodeAt(at) !== less) return undefined
    const name = xml.slice(at + 1, end)
    at = end + 1
    return plainName.test(name) ? name : undefined
  }

  function skipEndTag(name: string): boolean {
    const end = at + 2 + name.length
    const found = xml.charCodeAt(at) === less && xml.charCodeAt(at + 1) === slash
    if (!found || !xml.startsWith(name, at + 2) || xml.charCodeAt(end) !== greater) return false
    at = end + 1
    return true
  }

  function skipSpace(): void {
    for (;;) {
      const code = xml.charCodeAt(at)
      if (code !== lineFeed && code !== space && code !== tab) return
      at += 1
    }
  }
}
