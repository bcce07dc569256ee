import { mongoError } from './errors.ts'
import { compileList, isNullish, withArguments } from './expression-arguments.ts'
import { toText } from './expression-conversions.ts'
import { countOf } from './expression-numbers.ts'
import type { ExpressionOperator } from './expression-operators.ts'
import { readNumber } from './numbers.ts'
import { typeName } from './types.ts'

function changeCase(name: string, change: (text: string) => string): ExpressionOperator {
  return withArguments(name, 1, 1, value => (isNullish(value) ? '' : change(String(toText(value)))))
}

const ascii = (change: (letter: string) => string, letters: RegExp) => (text: string) =>
  text.replace(letters, change)

const indexOf = withArguments('$indexOfCP', 2, 4, (text, sought, start, end) => {
  if (isNullish(text)) return null
  if (typeof text !== 'string' || typeof sought !== 'string') {
    throw mongoError(
      40093,
      `$indexOfCP requires strings, found: ${typeName(typeof text === 'string' ? sought : text)}`,
    )
  }
  const points = [...text]
  const from = Number(readNumber(start)?.value ?? 0)
  const range = points.slice(from, Number(readNumber(end)?.value ?? points.length)).join('')
  const found = range.indexOf(sought)
  return countOf(found < 0 ? -1 : from + [...range.slice(0, found)].length)
})

/** A part of text by its UTF-8 bytes; a negative length means all that is left. */
const substring = (name: string): ExpressionOperator =>
  withArguments(name, 3, 3, (value, start, length) => {
    const bytes = Buffer.from(isNullish(value) ? '' : String(toText(value)))
    const [from, count] = [start, length].map(number => Math.trunc(Number(readNumber(number)?.value)))
    if (from === undefined || count === undefined || Number.isNaN(from + count)) {
      throw mongoError(16034, `${name}: starting index and length must be numbers`)
    }
    if (from < 0) return ''
    const part = count < 0 ? bytes.subarray(from) : bytes.subarray(from, from + count)
    const isInside = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80
    if (isInside(part[0]) || isInside(bytes[from + part.length])) {
      throw mongoError(
        28656,
        `${name}: Invalid range, the beginning or the end is in the middle of a UTF-8 character.`,
      )
    }
    return part.toString('utf8')
  })

/** Operators of text that mingo lacks or answers otherwise than MongoDB. */
export const textOperators = {
  $toLower: changeCase(
    '$toLower',
    ascii(letter => letter.toLowerCase(), /[A-Z]+/g),
  ),
  $toUpper: changeCase(
    '$toUpper',
    ascii(letter => letter.toUpperCase(), /[a-z]+/g),
  ),
  $concat: (operand, compile) => {
    const list = compileList(operand, compile)
    return scope => {
      let text = ''
      for (const evaluate of list) {
        const value = evaluate(scope)
        if (isNullish(value)) return null
        if (typeof value !== 'string')
          throw mongoError(16702, `$concat only supports strings, not ${typeName(value)}`)
        text += value
      }
      return text
    }
  },
  $indexOfCP: indexOf,
  $substr: substring('$substr'),
  $substrBytes: substring('$substrBytes'),
} as const satisfies Record<string, ExpressionOperator>
