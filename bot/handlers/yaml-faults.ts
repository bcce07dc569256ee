import { type Document, isCollection, isScalar, type Scalar, visit, type YAMLError } from 'yaml'
import { listFault } from './yaml-lists.ts'
import { colonFault, crowdedField, dashFault, quoteWithin, starFault } from './yaml-meant.ts'
import { spaceFault } from './yaml-spaces.ts'

/** What is wrong with a text as YAML, at an offset of it. */
export interface YamlFault {
  offset: number
  message: string
}

/** The first fault of a document in the words of whoever writes handlers: what is wrong, and what to write instead. */
export function yamlFault(document: Document.Parsed, text: string): YamlFault | undefined {
  const [fault] = [...document.errors, ...document.warnings]
  const space = spaceFault(document, text, fault)
  if (space !== undefined) return space
  if (fault !== undefined) return explained(fault, document, text)
  return keyFault(document) ?? listFault(document)
}

/** The line of an offset, from the offset on. */
function lineFrom(text: string, offset: number): string {
  return text.slice(offset).split('\n', 1)[0] ?? ''
}

function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1
}

const fullWidthColon = /^\s*(?:- +)?([^\s：:]+)：/
const quoteIt = 'put the whole text in quotes'

function explained(fault: YAMLError, document: Document.Parsed, text: string): YamlFault {
  const [offset] = fault.pos
  const at = (message: string, where = offset): YamlFault => ({ offset: where, message })
  const start = lineStart(text, offset)
  const line = lineFrom(text, start)
  const [, named] = fullWidthColon.exec(line) ?? []
  if (named !== undefined) return at(fullWidth(named))
  const meant = starFault(line, start) ?? dashFault(line, start)
  if (meant !== undefined) return meant
  const rest = lineFrom(text, offset)
  const { code, message } = fault
  if (code === 'TAB_AS_INDENT') return at('a tab stands here; indent with spaces')
  if (code === 'DUPLICATE_KEY') {
    const [, key = ''] = /^["']?([^\s"':,}]+)/.exec(rest) ?? []
    return at(`the field "${key}" stands twice in one place; keep one of them`)
  }
  if (message.startsWith('Missing closing')) {
    const opened = openQuote(document, offset)
    return at('the quote that opens here is never closed; close it behind the text', opened)
  }
  if (message.startsWith('Flow ')) {
    const bracket = message.startsWith('Flow map')
      ? '{ is never closed; add the }'
      : '[ is never closed; add the ]'
    return at(`a ${bracket}, and indent what stands within by more than the line that opens it`)
  }
  if (code === 'BAD_INDENT' || message.startsWith('Sequence item without'))
    return at(
      'this line is indented unlike those beside it; fields that belong together begin in the same column, and each entry of a list with "- "',
    )
  const crowded = code === 'BLOCK_AS_IMPLICIT_KEY' ? crowdedField(rest) : undefined
  if (crowded !== undefined) return at(crowded)
  if (code === 'BLOCK_IN_FLOW' || (code === 'BLOCK_AS_IMPLICIT_KEY' && /:\s+\S/.test(rest)))
    return at(`a text that holds a colon and a space is no plain text; ${quoteIt}`)
  if (code === 'BLOCK_AS_IMPLICIT_KEY')
    return at('a field has a value here and deeper fields below it; begin those in the column of the field')
  if (code === 'BAD_SCALAR_START') return at(`no plain text begins with ${rest.slice(0, 1)}; ${quoteIt}`)
  if (code === 'BAD_DQ_ESCAPE')
    return at(
      `"\\" begins an escape within double quotes, and this is none; write \\\\, or use single quotes`,
    )
  if (code === 'TAG_RESOLVE_FAILED') return at(`${message}; leave it out, or ${quoteIt}`)
  if (rest.startsWith('，'))
    return at('the comma here is full-width (，); write a plain one and a space: ", "')
  if (message.startsWith('Unexpected flow-map-start at node end'))
    return at(`a text that holds { is no plain text within { }; ${quoteIt}`)
  if (/^Unexpected (?:\S+-quoted-)?scalar at node end/.test(message)) {
    const within = openQuote(document, offset) < start ? undefined : quoteWithin(text.slice(start, offset))
    if (within !== undefined) return at(within)
    return at(
      line.includes('{{')
        ? `a text that begins with {{ is no plain text; ${quoteIt}`
        : `something stands behind the end of a value; ${quoteIt}, or a comma between two values, and look whether a quote above is not closed`,
    )
  }
  if (code === 'MULTILINE_IMPLICIT_KEY' || message.startsWith('Implicit map keys'))
    return at('this is no field with a value; write name: value, with a space behind the colon')
  return at(message)
}

function fullWidth(name: string): string {
  return `the colon behind "${name}" is full-width (：); write a plain one and a space: "${name}: "`
}

/** Where the last text in quotes begins that goes on to an offset. */
function openQuote(document: Document.Parsed, end: number): number {
  let opened = end
  visit(document, {
    Scalar(_key, { type, range }: Scalar) {
      if (range != null && range[0] <= end && (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE'))
        opened = range[0]
    },
  })
  return opened
}

/** What YAML takes, and nobody means: a template without quotes, a full-width colon, a comma within a value. */
function keyFault(document: Document.Parsed): YamlFault | undefined {
  let fault: YamlFault | undefined
  visit(document, {
    Pair(_key, { key, value }) {
      if (isCollection(key))
        fault = {
          offset: key.range?.[0] ?? 0,
          message: 'a { stands where a field or a text is needed; put a text with {{ }} in quotes',
        }
      else if (isScalar(key)) {
        // Who puts a name in quotes means it.
        const [, named] = (key.type === 'PLAIN' && fullWidthColon.exec(String(key.value))) || []
        const offset = key.range?.[0] ?? 0
        if (named !== undefined) fault = { offset, message: fullWidth(named) }
        else if (value === null)
          fault = {
            offset,
            message:
              colonFault(String(key.value)) ??
              `"${String(key.value)}" has no value; a comma ends a value within { }, so put a value that holds one in quotes`,
          }
      }
      return fault === undefined ? undefined : visit.BREAK
    },
  })
  return fault
}
