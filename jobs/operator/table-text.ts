/** What takes two columns of a terminal. */
const wide =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF01-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}|\p{Script=Han}/u
/** What takes none. */
const unseen = /\p{M}|\p{Cf}/u

/** How many columns of a terminal a text takes. */
export function columnsOf(text: string): number {
  let columns = 0
  for (const letter of text) columns += unseen.test(letter) ? 0 : wide.test(letter) ? 2 : 1
  return columns
}

/** A text of at most so many columns, the last one `…` where it was cut. */
export function cutColumns(text: string, most: number): string {
  if (columnsOf(text) <= most) return text
  let kept = ''
  for (const letter of text) {
    if (columnsOf(kept + letter) > most - 1) break
    kept += letter
  }
  return `${kept}…`
}

/** Rows as a table for a terminal, the names of the first one's fields above it. */
export function tableLines(rows: readonly Record<string, unknown>[]): string[] {
  const heads = Object.keys(rows[0] ?? { 'nothing there': '' })
  const cells = rows.map(row => heads.map(head => String(row[head] ?? '-').replaceAll('\n', ' ')))
  const lines = [heads, ...cells]
  const widths = heads.map((_, i) =>
    lines.reduce((most, line) => Math.max(most, columnsOf(line[i] ?? '')), 0),
  )
  const pad = (part: string, i: number): string => part + ' '.repeat((widths[i] ?? 0) - columnsOf(part))
  return lines.map(parts => parts.map(pad).join('  ').trimEnd())
}
