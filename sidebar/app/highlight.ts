export interface Piece {
  text: string
  hit: boolean
}

/**
 * Cuts a text where one of the words that were searched for stands in it, without regard to case. What was found by
 * pinyin has no such place and stays whole.
 */
export function highlight(text: string, query: string): Piece[] {
  const words = query
    .split(/\s+/)
    .filter(word => word !== '')
    .sort((one, other) => other.length - one.length)
    .map(word => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  if (words.length === 0) return [{ text, hit: false }]
  return text
    .split(new RegExp(`(${words.join('|')})`, 'i'))
    .map((piece, index) => ({ text: piece, hit: index % 2 === 1 }))
    .filter(piece => piece.text !== '')
}

/** The beginning of a long text, moved so that the first hit is to be seen. */
export function excerpt(text: string, query: string, length = 60): string {
  const flat = text.replace(/\s+/g, ' ').trim()
  const [first] = highlight(flat, query)
  const before = first === undefined || first.hit ? 0 : first.text.length
  if (before === flat.length || before < length - 10) return flat
  return `…${flat.slice(before - 12)}`
}
