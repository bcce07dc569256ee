import { pinyin } from 'pinyin-pro'

/**
 * What a script or material is found by, lower case: a line for the title and one for the keywords, each as written, in
 * pinyin without tones and in initials; and a line for its texts, as written.
 */
export function searchText(
  title: string,
  keywords: readonly string[],
  texts: readonly string[] = [],
): string {
  const body = texts.map(plain).join(' ')
  return [spoken([title]), spoken(keywords), body].join('\n').toLowerCase()
}

/** What a material is found by. */
export function materialSearch({ title, description = '', text = '' }: Searched): string {
  return searchText(title, [], [description, text])
}

interface Searched {
  title: string
  description?: string
  text?: string
}

/** Words as written, in pinyin, and in initials. */
function spoken(texts: readonly string[]): string {
  const words = texts.map(plain)
  const syllables = words.map(word => pinyin(word, { toneType: 'none', type: 'array', nonZh: 'consecutive' }))
  return [
    ...words,
    ...syllables.map(parts => parts.join('')),
    ...syllables.map(parts => parts.map(part => [...part][0] ?? '').join('')),
  ].join(' ')
}

function plain(text: string): string {
  return text.normalize('NFKC').replace(/\s+/g, ' ')
}
