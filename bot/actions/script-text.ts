import { pinyin } from 'pinyin-pro'

/**
 * Fills what is known while nobody is chosen yet: the staff member's own name. The customer's place stays visible, for
 * the staff member to fill in.
 */
export function fillPlaceholders(text: string, staffName: string): string {
  return text.replace(/\{\{\s*(staff|customer)\.name\b[^}]*\}\}/g, (_place, who: string) =>
    who === 'staff' ? staffName : '〔客户称呼〕',
  )
}

/** What a script is found by: its words as written, in pinyin without tones, and in initials; lower case. */
export function searchText(title: string, keywords: readonly string[]): string {
  const words = [title, ...keywords].map(word => word.normalize('NFKC'))
  const spoken = words.map(word => pinyin(word, { toneType: 'none', type: 'array', nonZh: 'consecutive' }))
  return [
    ...words,
    ...spoken.map(parts => parts.join('')),
    ...spoken.map(parts => parts.map(part => part[0] ?? '').join('')),
  ]
    .join(' ')
    .toLowerCase()
}
