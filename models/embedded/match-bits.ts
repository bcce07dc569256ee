import { mongoError } from './errors.ts'
import { readNumber } from './numbers.ts'
import { bytesOf, ranks, typeRank } from './values.ts'

const rules = {
  $bitsAllSet: (bits, mask) => (bits & mask) === mask,
  $bitsAnySet: (bits, mask) => (bits & mask) !== 0n,
  $bitsAllClear: (bits, mask) => (bits & mask) === 0n,
  $bitsAnyClear: (bits, mask) => (bits & mask) !== mask,
} as const satisfies Record<string, (bits: bigint, mask: bigint) => boolean>

/**
 * A test of the bits of a whole number (two's complement, the sign goes on for ever) or of binary data.
 *
 * @param operand a non-negative whole number, binary data, or an array of bit positions
 * @throws code 2 or 9 for any other operand
 */
export function bitTest(name: keyof typeof rules, operand: unknown): (value: unknown) => boolean {
  const mask = maskOf(name, operand)
  const rule = rules[name]
  return value => {
    const bits = bitsOf(value)
    return bits !== undefined && rule(bits, mask)
  }
}

function maskOf(name: string, operand: unknown): bigint {
  if (Array.isArray(operand)) {
    let mask = 0n
    for (const position of operand) {
      const at = Number(readNumber(position)?.value)
      if (!Number.isInteger(at))
        throw mongoError(2, `Failed to parse bit position. Expected a number in: ${name}`)
      if (at < 0)
        throw mongoError(2, `Failed to parse bit position. Expected a non-negative number in: ${name}`)
      mask |= 1n << BigInt(at)
    }
    return mask
  }
  const mask = bitsOf(operand)
  if (mask === undefined) throw mongoError(2, `${name} takes an Array, a number, or a BinData`)
  if (mask < 0n) throw mongoError(9, `Expected a non-negative number in: ${name}`)
  return mask
}

function bitsOf(value: unknown): bigint | undefined {
  if (typeRank(value) === ranks.binary) {
    return bytesOf(value).bytes.reduceRight((bits, byte) => (bits << 8n) | BigInt(byte), 0n)
  }
  const number = readNumber(value)
  if (number === undefined) return undefined
  if (number.kind === 'long') return number.value
  const whole = Number(number.value)
  if (!Number.isInteger(whole) || Math.abs(whole) >= 2 ** 63) return undefined
  return BigInt(whole)
}
