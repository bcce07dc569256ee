import { type Document, Scalar, visit } from 'yaml'
import type { YamlFault } from './yaml-faults.ts'

const chinese = /\p{Script=Han}/u

/**
 * Topics that YAML takes for comments: `text: 有客户来了 #抖音` is cut before the #. People comment so as well, if mostly with a
 * space behind it, so that this is worth a note and refuses nothing.
 */
export function cutTopics(document: Document.Parsed, text: string): YamlFault[] {
  const found: YamlFault[] = []
  visit(document, {
    Scalar(_key, { type, value, range }: Scalar) {
      if (type !== Scalar.PLAIN || typeof value !== 'string' || !chinese.test(value) || range == null) return
      const [whole, topic = ''] = /^[ \t]+(#\S.*)/.exec(text.slice(range[1])) ?? []
      if (whole === undefined) return
      found.push({
        offset: range[1] + whole.length - topic.length,
        message: `"${topic.trim()}" is a comment, which nobody gets to read; where it belongs to the text, put the whole text in quotes`,
      })
    },
  })
  return found
}

/**
 * The numbers of a document that look otherwise than they are read, by how they are read: `12` stands there as `0012`. None
 * that stands there in several ways.
 */
export function numbersAsWritten(document: Document.Parsed): ReadonlyMap<string, string> {
  const numbers = new Map<string, Set<string>>()
  visit(document, {
    Scalar(_key, { value, source }: Scalar) {
      if (typeof value !== 'number' || source === undefined) return
      const read = String(value)
      numbers.set(read, (numbers.get(read) ?? new Set()).add(source))
    },
  })
  return new Map(
    [...numbers].flatMap(([read, [one, ...others]]) => (one && others.length === 0 ? [[read, one]] : [])),
  )
}
