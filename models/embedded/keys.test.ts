import {
  Binary,
  BSONRegExp,
  Decimal128,
  Double,
  Int32,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { afterPrefix, boundKey, fieldKey, typeBounds } from './keys.ts'
import { compareValues, typeRank } from './values.ts'

const text = fc.string({ unit: 'grapheme', maxLength: 6 })
const decimal = fc
  .tuple(fc.bigInt({ min: -(10n ** 34n) + 1n, max: 10n ** 34n - 1n }), fc.integer({ min: -400, max: 400 }))
  .map(([digits, exponent]) => Decimal128.fromString(`${digits}E${exponent}`))
const near = fc
  .tuple(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom('', '1', '9', '0'))
  .map(([value, digit]) =>
    Decimal128.fromStringWithRounding(`${value.toPrecision(17).replace(/e.*/, '')}${digit}`),
  )
const number = fc.oneof(
  fc.integer().map(value => new Int32(value)),
  fc.double().map(value => new Double(value)),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(value => Long.fromBigInt(value)),
  fc.integer({ min: -1025, max: 1025 }).map(off => Long.fromBigInt(2n ** 62n + BigInt(off))),
  fc.integer({ min: -5, max: 5 }),
  fc
    .constantFrom('Infinity', '-Infinity', 'NaN', '0', '-0', '1E+6000', '-1E+6000', '1E-6100')
    .map(Decimal128.fromString),
  decimal,
  near,
)
const scalar = fc.oneof(
  number,
  text,
  fc.constantFrom(null, undefined, true, false, new MinKey(), new MaxKey(), '', 'a\0', 'a\0b', 'a'),
  fc.date({ noInvalidDate: true }),
  fc.uint8Array({ maxLength: 5 }).map(bytes => new Binary(bytes)),
  fc.integer({ min: 0, max: 9 }).map(n => new ObjectId(`64b00000000000000000000${n}`)),
  fc.tuple(fc.nat(), fc.nat()).map(([t, i]) => new Timestamp({ t, i })),
  fc.constantFrom('', 'a', 'ab').map(pattern => new BSONRegExp(pattern, 'i')),
)
const { value } = fc.letrec(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { arbitrary: scalar, weight: 4 },
    { arbitrary: fc.array(tie('value'), { maxLength: 3 }), weight: 1 },
    { arbitrary: fc.dictionary(fc.constantFrom('a', 'b', 'ab'), tie('value'), { maxKeys: 2 }), weight: 1 },
  ),
}))

const runs = { numRuns: 1500 }
/** The keys of values one after the other, none cut. */
const uncut = (values: readonly unknown[], directions: readonly (1 | -1)[] = []): Buffer =>
  Buffer.concat(values.map((one, i) => fieldKey(one, directions[i] ?? 1, Number.POSITIVE_INFINITY)))

describe('encodeKey', () => {
  it('orders bytes as compareValues orders values', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(Math.sign(Buffer.compare(uncut([a]), uncut([b])))).toBe(Math.sign(compareValues(a, b)))
      }),
      runs,
    )
  })

  it('orders numbers of all kinds by their exact values', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        expect(Math.sign(Buffer.compare(uncut([a]), uncut([b])))).toBe(Math.sign(compareValues(a, b)))
      }),
      runs,
    )
  })

  it('tells apart numbers that share their nearest double', () => {
    const tail = fc.constantFrom('', '1', '4', '9')
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), tail, tail, (double, left, right) => {
        const [digits, exponent = '0'] = double.toPrecision(17).split('e')
        const beside = (end: string) =>
          Decimal128.fromStringWithRounding(`${digits}${digits?.includes('.') ? end : ''}E${exponent}`)
        for (const [a, b] of [
          [new Double(double), beside(left)],
          [beside(left), beside(right)],
        ]) {
          expect(Math.sign(Buffer.compare(uncut([a]), uncut([b])))).toBe(Math.sign(compareValues(a, b)))
        }
      }),
      runs,
    )
  })

  it('orders compound keys by one value after the other, each in its direction', () => {
    const direction = fc.constantFrom<1 | -1>(1, -1)
    fc.assert(
      fc.property(
        fc.tuple(value, value),
        fc.tuple(value, value),
        fc.tuple(direction, direction),
        (a, b, to) => {
          const order = to[0] * compareValues(a[0], b[0]) || to[1] * compareValues(a[1], b[1])
          expect(Math.sign(Buffer.compare(uncut(a, to), uncut(b, to)))).toBe(Math.sign(order) || 0)
        },
      ),
      runs,
    )
  })

  it('keeps long values apart, and finds them between the bounds of others', () => {
    const long = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 20, maxLength: 90 })
    const limit = 64
    fc.assert(
      fc.property(long, long, fc.constantFrom<1 | -1>(1, -1), (a, b, direction) => {
        const [left, right] = [a, b].map(one => fieldKey(one, direction, limit)) as [Buffer, Buffer]
        expect(left.length).toBeLessThanOrEqual(limit)
        expect(left.equals(right)).toBe(a === b)
        const before = direction * compareValues(a, b) <= 0
        const { key } = boundKey(a, direction, limit)
        if (before) expect(Buffer.compare(right, key)).toBeGreaterThanOrEqual(0)
        else expect(Buffer.compare(right, afterPrefix(key))).toBeLessThan(0)
      }),
    )
  })

  it('gives equal numbers of different kinds equal keys', () => {
    const keys = [new Int32(3), new Double(3), Long.fromNumber(3), Decimal128.fromString('3.00'), 3, 3n]
    expect(new Set(keys.map(key => uncut([key]).toString('hex'))).size).toBe(1)
  })
})

describe('typeBounds', () => {
  it('holds the keys of one type and of no other, in both directions', () => {
    fc.assert(
      fc.property(value, value, fc.constantFrom<1 | -1>(1, -1), (a, b, direction) => {
        const { lower, upper } = typeBounds(a, direction)
        const key = uncut([b], [direction])
        const inside = Buffer.compare(key, lower) >= 0 && Buffer.compare(key, upper) < 0
        expect(inside).toBe(typeRank(a) === typeRank(b))
      }),
      runs,
    )
  })
})

describe('afterPrefix', () => {
  it('comes after every key with the prefix and before every other one', () => {
    expect(afterPrefix(Buffer.from([1, 2]))).toEqual(Buffer.from([1, 3]))
    expect(afterPrefix(Buffer.from([1, 255]))).toEqual(Buffer.from([2]))
  })
})
