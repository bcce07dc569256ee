const digit = '[0-9０-９]'
/** People write one between the groups of a number. */
const gap = '[ \\u00a0\\u3000\\-－]?'
/** Mobile numbers of the mainland, also with the country's code before them, in groups, or in full-width digits. */
const mobile = new RegExp(
  `(?<!${digit})((?:[+＋]?[8８][6６]${gap})?[1１][3-9３-９]${digit})${gap}${digit}{4}${gap}(${digit}{4})(?!${digit})`,
  'g',
)

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

/** A text as it may be kept: mobile numbers hidden, and at most so many characters. */
export function maskedText(text: string, max: number): string {
  return cutText(maskMobiles(text), max)
}
