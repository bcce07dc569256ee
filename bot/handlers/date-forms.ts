/** Letters of other programs' dates, and nothing but what stands between them; a % would mean something. */
const letters = /^[YyMDdHhms\s\-/.:,T年月日号时点分秒]+$/
const run = /Y+|y+|M+|D+|d+|H+|h+|m+|s+/g

/**
 * The format of the filter `date` that was meant by one such as `YYYY-MM-DD`, which would be sent as it stands; undefined
 * where it is none of these.
 */
export function dateForm(format: string): string | undefined {
  if (!letters.test(format) || !/[YyMDdHhms]/.test(format)) return undefined
  return format.replace(run, (found, offset: number) => {
    const sign = signOf(found, format[offset - 1], format[offset + found.length])
    return found.length === 1 && sign !== 'Y' ? `%-${sign}` : `%${sign}`
  })
}

function signOf(found: string, before: string | undefined, after: string | undefined): string {
  switch (found[0]?.toLowerCase()) {
    case 'y':
      return found.length === 2 ? 'y' : 'Y'
    case 'd':
      return 'd'
    case 'h':
      return 'H'
    case 's':
      return 'S'
    default:
      // Minutes and months are told apart by what they stand beside: people write either in either letter.
      return /[:时点]/.test(before ?? '') || /[:分]/.test(after ?? '') ? 'M' : 'm'
  }
}
