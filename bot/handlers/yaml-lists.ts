import { type Document, isScalar, isSeq, Scalar, visit } from 'yaml'
import { isJoined, splitWords } from './joined-words.ts'
import type { YamlFault } from './yaml-faults.ts'

/** `[报销，发票]`, which is one word. Entries in lines of their own, and those in quotes, are as they are meant. */
export function listFault(document: Document.Parsed): YamlFault | undefined {
  let fault: YamlFault | undefined
  visit(document, {
    Pair(_key, { key, value }) {
      if (!isScalar(key) || !isSeq(value) || value.flow !== true) return undefined
      const one = value.items.find(
        item => isScalar(item) && item.type === Scalar.PLAIN && isJoined(key.value, item.value),
      ) as Scalar<string> | undefined
      if (one === undefined) return undefined
      const [offset = 0] = one.range ?? []
      fault = { offset, message: joined(one.value) }
      return visit.BREAK
    },
  })
  return fault
}

function joined(entry: string): string {
  const [comma] = /[，、]/.exec(entry) ?? []
  return `"${entry}" is one word, because ${comma} is no comma to YAML; write ${splitWords(entry).join(', ')}, or put it in quotes where it is one`
}
