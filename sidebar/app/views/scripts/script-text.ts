import type { ScriptPart } from '../../../api.ts'

/** What can be copied of a script: its texts, and the addresses of its links. */
export function textOf(parts: readonly ScriptPart[]): string {
  return parts
    .map(part => ('text' in part ? part.text : part.material.text || part.material.url))
    .filter(text => text !== '')
    .join('\n\n')
}

/** The same for reading: materials by their titles. */
export function summaryOf(parts: readonly ScriptPart[]): string {
  return parts.map(part => ('text' in part ? part.text : `[${part.material.title}]`)).join(' ')
}
