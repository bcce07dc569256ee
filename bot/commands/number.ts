import type { CommandArgument } from '../handlers/schema.ts'

/** As people type it once it is narrow: with a point, or with commas between thousands. */
const form = /^[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.(\d{1,9}))?$/

/**
 * Reads an argument of the type number off the word that somebody typed, full-width or half-width.
 *
 * @returns the number, or in Chinese what fits instead
 */
export function readNumber(argument: CommandArgument, text: string): number | string {
  const found = form.exec(text.trim().normalize('NFKC'))
  const written = `，这里写的是“${shown(text)}”。`
  if (found === null) return `“${argument.title}”请写数字${written}`
  const value = Number(found[0].replaceAll(',', ''))
  const { title, decimals, min, max } = argument
  if (decimals !== undefined && (found[4] ?? '').length > decimals)
    return decimals === 0 ? `“${title}”请写整数${written}` : `“${title}”最多 ${decimals} 位小数${written}`
  const isLess = min !== undefined && value < min
  const isMore = max !== undefined && value > max
  if (!isLess && !isMore) return value
  if (min !== undefined && max !== undefined) return `“${title}”要在 ${min} 到 ${max} 之间${written}`
  return `“${title}”不能${isLess ? `小于 ${min}` : `大于 ${max}`}${written}`
}

const shownMax = 20

function shown(text: string): string {
  const letters = [...text]
  return letters.length > shownMax ? `${letters.slice(0, shownMax).join('')}…` : text
}
