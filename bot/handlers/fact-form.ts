import type { FactDefinition } from './fact-table.ts'

/** Of a date and a time what people write besides: other separators, seconds, one digit, and quotes within quotes. */
const day = /(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?/
const timeOfDay = /(\d{1,2})[:点时](\d{1,2})?(?::\d{1,2}|分)?$/

/** A moment as its fact tells it, or how that looks: the rest of a sentence that ends with `write`. */
export function inForm(written: string, { pattern, example }: NonNullable<FactDefinition['form']>): string {
  // Digits, colons and white space of any width.
  const plain = written
    .normalize('NFKC')
    .replace(/["'“”‘’「」]/g, '')
    .trim()
  const date = parts(day.exec(plain)).join('-')
  const time = parts(timeOfDay.exec(plain)).join(':')
  const fitting = [`${date} ${time}`, date, time].find(one => pattern.test(one))
  if (fitting !== undefined) return `"${fitting}"`
  if (time === '24:00' && pattern.test('23:59'))
    return '"23:59" for the last minute of a day, "00:00" for the first'
  return `it in the form "${example}"`
}

function parts(match: RegExpExecArray | null): string[] {
  return match === null ? [] : match.slice(1).map(part => (part ?? '').padStart(2, '0'))
}
