/** Mobile numbers of the mainland, also with the country's code before them. */
const mobile = /(?<!\d)((?:\+?86[- ]?)?1[3-9]\d)\d{4}(\d{4})(?!\d)/g

/** Hides the middle of mobile numbers: 138****1234. */
export function maskMobiles(text: string): string {
  return text.replace(mobile, '$1****$2')
}

/** A text of at most so many characters, an ellipsis among them where it was longer. */
export function cutText(text: string, max: number): string {
  if (text.length <= max) return text
  const kept = text.slice(0, max - 1)
  // Half a character is none.
  return `${kept.replace(/[\uD800-\uDBFF]$/, '')}…`
}
