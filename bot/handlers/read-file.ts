import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { type Document, isNode, isScalar, LineCounter, type Node, parseAllDocuments } from 'yaml'
import { yamlFault } from './yaml-faults.ts'
import { cutTopics, numbersAsWritten } from './yaml-otherwise.ts'

/** A file of handlers, or a document in it, that is no YAML, holds something else, or contradicts another one. */
export class HandlerFileError extends Error {
  readonly code = 'handler_file'
  /** The file; where there is one, with line and column. */
  readonly at: string
  readonly reason: string
  constructor(at: string, reason: string, options?: ErrorOptions) {
    super(`${at}: ${reason}`, options)
    this.name = 'HandlerFileError'
    this.at = at
    this.reason = reason
  }
}

/** A handler document as it stands in a file. */
export interface HandlerSource {
  /** As it was named. */
  file: string
  /** Missing where it cannot be read, of which `fault` tells. */
  document?: Record<string, unknown>
  /** What keeps the file from being taken, whatever its document says. */
  fault?: HandlerFileError
  /** Where something stands in it that a problem's path names, as `file:line:column`; else what is around it. */
  at(path: string): string
  /** A sentence about its document, with numbers to be put in quotes as they stand there: `0012`, which is read as 12. */
  said(message: string): string
  /** What may have been meant otherwise, with its place; it keeps nothing from being taken. */
  notes: readonly string[]
}

/** A file of more bytes holds no handlers. */
const bytesMax = 1024 * 1024
const extensions = ['.yaml', '.yml', '.json']

/** Whether a file of a folder is read, by its name. */
export function isHandlerFile(name: string): boolean {
  return extensions.some(end => name.toLowerCase().endsWith(end))
}

/**
 * Reads handler documents from files, and from all `.yaml`, `.yml` and `.json` files of folders, in the order of their
 * names: YAML 1.2 or JSON, one document or several a file. One that cannot be read, or has the key of an earlier one, has
 * a `fault`, and the others are read.
 *
 * @throws HandlerFileError for a path where there is nothing to be read
 */
export async function readHandlerFiles(paths: readonly string[]): Promise<HandlerSource[]> {
  const sources: HandlerSource[] = []
  for (const path of paths)
    for (const file of await filesOf(path)) sources.push(...(await readHandlerFile(file)))
  const seen = new Map<unknown, HandlerSource>()
  for (const source of sources) {
    const key = source.document?.key
    const other = key === undefined ? undefined : seen.get(key)
    if (other !== undefined)
      source.fault = new HandlerFileError(
        source.at('key'),
        `the key "${key}" is that of ${other.at('key')} too`,
      )
    seen.set(key, other ?? source)
  }
  return sources
}

async function filesOf(path: string): Promise<string[]> {
  if (!(await reading(path, stat(path))).isDirectory()) return [path]
  const names = await reading(path, readdir(path))
  const files = names.filter(isHandlerFile).sort()
  if (files.length === 0)
    throw new HandlerFileError(path, `holds no file that ends with ${extensions.join(', ')}`)
  return files.map(name => join(path, name))
}

const saveAs = 'save it as UTF-8 (Notepad: 另存为 → 编码 UTF-8)'

/** What the system says of a file, in plain words. */
const unreadable: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'this account may not read it',
}

async function reading<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    const reason = Object.hasOwn(unreadable, code ?? '') ? unreadable[code ?? ''] : message
    throw new HandlerFileError(path, `cannot be read: ${reason}`, { cause: error })
  }
}

/** Reads the handler documents of one file; of a file that cannot be read, one with a fault. */
export async function readHandlerFile(file: string): Promise<HandlerSource[]> {
  try {
    return parseHandlers(file, await textOf(file))
  } catch (error) {
    if (!(error instanceof HandlerFileError)) throw error
    return [unread(file, error, file)]
  }
}

function unread(file: string, fault: HandlerFileError, at: string): HandlerSource {
  return { file, fault, at: () => at, said: message => message, notes: [] }
}

async function textOf(file: string): Promise<string> {
  const found = await reading(file, stat(file))
  // A device may have no end.
  if (!found.isFile())
    throw new HandlerFileError(file, 'is no file: it must be one that can be read to its end')
  if (found.size > bytesMax) throw new HandlerFileError(file, 'is larger than 1 MiB')
  const bytes = await reading(file, readFile(file))
  if (bytes.includes(0))
    throw new HandlerFileError(file, `is no text: it holds NUL bytes; where it is UTF-16, ${saveAs}`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (error) {
    throw new HandlerFileError(file, `is not UTF-8; ${saveAs}`, { cause: error })
  }
}

/**
 * As `readHandlerFile`, of a text. `file` is what it is called in messages.
 *
 * @throws HandlerFileError where nothing of it can be read
 */
export function parseHandlers(file: string, text: string): HandlerSource[] {
  if (isTooDeep(text)) throw new HandlerFileError(file, 'is nested too deeply')
  const lines = new LineCounter()
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset)
    return `${file}:${line}:${col}`
  }
  const sources = parse(text, lines)
    .filter(document => !isEmpty(document))
    .flatMap(document => toSources(file, document, text, place))
  if (sources.length === 0) throw new HandlerFileError(file, 'holds no document')
  return sources
}

/** What stands behind a last `---`. */
function isEmpty({ contents, errors }: Document.Parsed): boolean {
  return errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null))
}

/**
 * Whether a parser that descends with the text might run out of stack, which can end the whole process. Looks at brackets,
 * at what a line begins with and at its indentation, wherever they stand: no handler comes near these numbers.
 */
function isTooDeep(text: string): boolean {
  let open = 0
  for (const [bracket] of text.matchAll(/[[\]{}]/g)) {
    open = bracket === '[' || bracket === '{' ? open + 1 : Math.max(open - 1, 0)
    if (open > 300) return true
  }
  return /^ {200}/m.test(text) || /^(?:[ \t]*[-?][ \t]){100}/m.test(text)
}

function parse(text: string, lineCounter: LineCounter): Document.Parsed[] {
  // The places of faults are told by us; `<<` is what people who use anchors expect to work.
  const documents = parseAllDocuments(text, { lineCounter, prettyErrors: false, merge: true })
  return Array.isArray(documents) ? documents : []
}

/** A document of YAML is a handler, or a list of them as `handlers export --json` prints it. */
function toSources(
  file: string,
  document: Document.Parsed,
  text: string,
  place: (offset: number) => string,
): HandlerSource[] {
  const broken = (at: string, reason: string, cause?: unknown): HandlerSource =>
    unread(file, new HandlerFileError(at, reason, { cause }), at)
  const fault = yamlFault(document, text)
  if (fault !== undefined) return [broken(place(fault.offset), fault.message)]
  const start = place(document.contents?.range?.[0] ?? document.range[0])
  let value: unknown
  try {
    value = toValue(document)
  } catch (error) {
    const [reason] = (error as Error).message.split('\n')
    return [broken(start, `its anchors and aliases cannot be followed: ${reason}`, error)]
  }
  const listed = Array.isArray(value)
  const list: unknown[] = Array.isArray(value) ? value : [value]
  const numbers = numbersAsWritten(document)
  const notes = cutTopics(document, text).map(({ offset, message }) => `${place(offset)}: ${message}`)
  return list.map((one, index) => {
    const inside = listed ? [index] : []
    const at = (path: readonly (string | number)[]): string => {
      for (let length = path.length; length > 0; length -= 1) {
        const node: unknown = document.getIn(path.slice(0, length), true)
        const range = isNode(node) ? (node as Node).range : undefined
        if (range != null) return place(range[0])
      }
      return start
    }
    if (typeof one !== 'object' || one === null || Array.isArray(one))
      return broken(at(inside), `this is not a handler; it begins with schemaVersion: 1${colonOf(one)}`)
    return {
      file,
      document: one as Record<string, unknown>,
      at: path => at([...inside, ...path.split('.').map(name => (/^\d+$/.test(name) ? Number(name) : name))]),
      said: message => message.replace(/write "([^"]+)"$/, (all, read) => asWritten(all, numbers.get(read))),
      // Of a list each stands in the file once.
      notes: index === 0 ? notes : [],
    }
  })
}

function asWritten(advice: string, number: string | undefined): string {
  return number === undefined ? advice : `write "${number}"`
}

/** A text that was meant as a field. */
function colonOf(value: unknown): string {
  const [, name] = typeof value === 'string' ? (/^(\w+)[：:]/.exec(value) ?? []) : []
  return name === undefined ? '' : `; behind "${name}" write a plain colon and a space`
}

/** What the document means. Throws for aliases that multiply, or hold themselves. */
function toValue(document: Document.Parsed): unknown {
  const value: unknown = document.toJS({ maxAliasCount: 100 })
  // Whatever holds itself has no JSON.
  JSON.stringify(value)
  return value
}
