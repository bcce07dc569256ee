import { cutBytes } from '../wecom/xml.ts'

/** What a text message holds (`path/90236`). */
const maxBytes = 2_048

const rest = (count: number): string => `另有 ${count} 条，随后发出`

/**
 * As many of these notices as fit into one message, from the first on; one alone stands as it was written.
 *
 * @param more how many wait besides those given
 * @returns the text, and how many of them it holds: at least one, which is cut where it does not fit
 */
export function mergeNotices(texts: readonly string[], more = 0): { text: string; count: number } {
  const [only = ''] = texts
  if (texts.length === 1 && more === 0) return { text: cutBytes(only, maxBytes), count: 1 }
  const total = texts.length + more
  for (let count = texts.length; count > 1; count -= 1) {
    const text = messageOf(texts.slice(0, count), total - count)
    if (Buffer.byteLength(text) <= maxBytes) return { text, count }
  }
  const tail = `\n\n${rest(total - 1)}`
  return { text: `${cutBytes(only, maxBytes - Buffer.byteLength(tail))}${tail}`, count: 1 }
}

function messageOf(texts: readonly string[], left: number): string {
  const parts = [`${texts.length} 条通知`, ...texts.map((text, at) => `${at + 1}. ${text}`)]
  return [...parts, ...(left > 0 ? [rest(left)] : [])].join('\n\n')
}
