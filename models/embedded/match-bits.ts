import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { bytesOf, ranks, typeRank } from './values.ts'

type IsSet = (position: number) => boolean

const rules = {
  $bitsAllSet: (positions, isSet) => positions.every(isSet),
  $bitsAnySet: (positions, isSet) => positions.some(isSet),
  $bitsAllClear: (positions, isSet) => !positions.some(isSet),
  $bitsAnyClear: (positions, isSet) => !positions.every(isSet),
} as const satisfies Record<string, (positions: readonly number[], isSet: IsSet) => boolean>

/**
 * A test of the bits of a whole number (two's complement, the sign goes on for ever) or of binary data.
 *
 * @param operand a non-negative whole number, binary data, or an array of bit positions
 * @throws code 2 or 9 for any other operand
 */
export function bitTest(name: keyof typeof rules, operand: unknown): (value: unknown) => boolean {
  const positions = positionsOf(name, operand)
  const rule = rules[name]
  return value => {
    const isSet = bitsOf(value)
    return isSet !== undefined && rule(positions, isSet)
  }
}

function positionsOf(name: string, operand: unknown): number[] {
  if (Array.isArray(operand)) {
    return operand.map(position => {
      const at = Number(readNumber(position)?.value)
      const failed = 'Failed to parse bit position. Expected'
      if (!Number.isInteger(at) || at > 0x7fffffff)
        throw mongoError(2, `${failed} a 32-bit number in: ${name}`)
      if (at < 0) throw mongoError(2, `${failed} a non-negative number in: ${name}`)
      return at
    })
  }
  const isSet = bitsOf(operand)
  if (isSet === undefined) throw mongoError(2, `${name} takes an Array, a number, or a BinData`)
  const binary = typeRank(operand) === ranks.binary
  if (!binary && isSet(63)) throw mongoError(9, `Expected a non-negative number in: ${name}`)
  const length = binary ? bytesOf(operand).bytes.length * 8 : 64
  return Array.from({ length }, (_bit, position) => position).filter(isSet)
}

function bitsOf(value: unknown): IsSet | undefined {
  if (typeRank(value) === ranks.binary) {
    const { bytes } = bytesOf(value)
    return position => (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) === 1
  }
  const number = readNumber(value)
  if (number === undefined) return undefined
  if (number.kind !== 'long') {
    const whole = Number(number.value)
    if (!Number.isInteger(whole) || Math.abs(whole) >= 2 ** 63) return undefined
  }
  const bits = number.kind === 'long' ? number.value : BigInt(Number(number.value))
  return position => ((bits >> BigInt(Math.min(position, 63))) & 1n) === 1n
}
