import { type Document, isScalar, Scalar, visit, type YAMLError } from 'yaml'
import type { YamlFault } from './yaml-faults.ts'

/** Looks like a space, and is a letter like any other to YAML. */
const odd = '[\\u00A0\\u2000-\\u200A\\u202F\\u205F\\u3000]'
const oddIndent = new RegExp(`^(?:-[ \\t]*)?(${odd})`)
/** Where YAML needs plain ones: before a field or an entry, behind its "-", and behind the colon. */
const oddInLine = new RegExp(`^[ \\t]*(?:-[ \\t]*)?(?:[^\\s"'#:]+:)?(${odd})`)
/** As what a line is taken that begins with such a space. */
const taken: ReadonlySet<string> = new Set([
  'BLOCK_AS_IMPLICIT_KEY',
  'MULTILINE_IMPLICIT_KEY',
  'MISSING_CHAR',
])

/** Whether a name without quotes is taken for one that is indented by other than plain spaces. */
export function isOddlyIndented(name: string): boolean {
  return oddIndent.test(name)
}

/** A full-width or non-breaking space that was meant to indent, or to separate; `fault` is what YAML says, if anything. */
export function spaceFault(
  document: Document.Parsed,
  text: string,
  fault: YAMLError | undefined,
): YamlFault | undefined {
  if (fault !== undefined) return inLine(text, fault)
  let found: YamlFault | undefined
  visit(document, {
    Pair(_key, { key }) {
      if (!isScalar(key) || key.type !== Scalar.PLAIN || key.range == null) return undefined
      found = oddAt(oddIndent.exec(String(key.value)), key.range[0])
      return found === undefined ? undefined : visit.BREAK
    },
  })
  return found
}

function inLine(text: string, { code, message, pos }: YAMLError): YamlFault | undefined {
  // Within quotes that go on over lines any space is as good as another.
  if (!taken.has(code) || message.startsWith('Missing closing')) return undefined
  const start = text.lastIndexOf('\n', pos[0] - 1) + 1
  return oddAt(oddInLine.exec(text.slice(start).split('\n', 1)[0] ?? ''), start)
}

function oddAt(match: RegExpExecArray | null, start: number): YamlFault | undefined {
  const [whole, space] = match ?? []
  if (whole === undefined || space === undefined) return undefined
  const kind = space === '\u3000' ? 'full-width' : 'non-breaking'
  const offset = start + whole.length - 1
  return { offset, message: `a ${kind} space stands here, which YAML takes for a letter; write plain spaces` }
}
