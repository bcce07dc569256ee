/** A value in the platform's XML: text, a plain integer, child elements, or an element that repeats. */
export type XmlValue = string | number | XmlFields | readonly (string | number | XmlFields)[]

export interface XmlFields {
  readonly [element: string]: XmlValue
}

/** Passive text (`path/90241`). `Content` is at most 2048 bytes; the platform cuts what is longer without a word. */
export type TextReply = {
  ToUserName: string
  FromUserName: string
  /** Unix seconds. */
  CreateTime: number
  MsgType: 'text'
  Content: string
}

/** Passive articles (`path/90241`): `Title` at most 128 bytes, `Description` at most 512 bytes. */
export type NewsReply = {
  ToUserName: string
  FromUserName: string
  /** Unix seconds. */
  CreateTime: number
  MsgType: 'news'
  ArticleCount: number
  Articles: { item: { Title: string; Description?: string; PicUrl?: string; Url: string }[] }
}

/**
 * `<xml>…</xml>` as the platform writes it: text in CDATA, numbers plain, a list as its element repeated. Characters
 * that XML forbids are left out, because one of them would make the whole reply unreadable.
 *
 * @throws TypeError when a name is no element name or a number no safe integer
 */
export function toXml(fields: XmlFields): string {
  return `<xml>${children(fields)}</xml>`
}

/**
 * `text` cut to at most `maxBytes` of UTF-8, never inside a character. The platform's limits count bytes, and a Chinese
 * character is three.
 */
export function cutBytes(text: string, maxBytes: number): string {
  if (Buffer.byteLength(text) <= maxBytes) return text
  return text.slice(0, new TextEncoder().encodeInto(text, new Uint8Array(Math.max(0, maxBytes))).read)
}

function children(fields: XmlFields): string {
  return Object.entries(fields)
    .flatMap(([name, value]) =>
      Array.isArray(value) ? value.map(item => element(name, item)) : element(name, value),
    )
    .join('')
}

function element(name: string, value: XmlValue | undefined): string {
  if (value === undefined) return ''
  if (!/^[A-Za-z_][\w.-]*$/.test(name)) throw new TypeError(`not an element name: ${JSON.stringify(name)}`)
  return `<${name}>${content(name, value)}</${name}>`
}

function content(name: string, value: XmlValue): string {
  if (typeof value === 'string') return cdata(value)
  if (typeof value !== 'number') return children(value as XmlFields)
  if (Number.isSafeInteger(value)) return String(value)
  throw new TypeError(`${name} must be a safe integer; give larger ones as text`)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g

function cdata(text: string): string {
  return `<![CDATA[${text.replace(FORBIDDEN, '').replaceAll(']]>', ']]]]><![CDATA[>')}]]>`
}
