import {
  Binary,
  BSONRegExp,
  Code,
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
import { valuesAt } from './paths.ts'
import { compareValues, equalValues } from './values.ts'

const id = (end: string) => new ObjectId(`64b0000000000000000000${end}`)
const decimal = (text: string) => Decimal128.fromString(text)

/** Each entry is less than the next one; the members of an inner list are equal. */
const ascending: unknown[][] = [
  [new MinKey()],
  [undefined],
  [null],
  [new Double(Number.NaN), decimal('NaN')],
  [new Double(Number.NEGATIVE_INFINITY), decimal('-Infinity')],
  [decimal('-1E+400')],
  [Long.MIN_VALUE, new Double(-(2 ** 63))],
  [new Int32(-1), decimal('-1.000')],
  [new Int32(0), new Double(-0), Long.ZERO, decimal('-0E+3'), 0],
  [decimal('1E-400')],
  [decimal('0.1')],
  [new Double(0.1)],
  [new Double(1), new Int32(1), Long.ONE, decimal('1.0'), 1],
  [Long.fromString('9007199254740992'), new Double(9007199254740992)],
  [Long.fromString('9007199254740993'), decimal('9007199254740993')],
  [Long.MAX_VALUE],
  [new Double(2 ** 63)],
  [decimal('1E+400')],
  [Number.POSITIVE_INFINITY, decimal('Infinity')],
  [''],
  ['a'],
  ['aa'],
  ['b'],
  ['中'],
  ['\uffff'],
  ['😀'],
  [{}],
  [{ a: 1 }],
  [{ a: 1, b: 1 }],
  [{ b: 0 }],
  [{ a: 'x' }],
  [[]],
  [[1]],
  [[1, 0]],
  [[2]],
  [['a']],
  [new Binary(Buffer.from([9]))],
  [new Binary(Buffer.from([9]), 4)],
  [new Binary(Buffer.from([0, 0]))],
  [id('01')],
  [id('02')],
  [false],
  [true],
  [new Date(-1)],
  [new Date(1)],
  [new Timestamp({ t: 1, i: 2 })],
  [new Timestamp({ t: 2, i: 1 })],
  [new BSONRegExp('a', '')],
  [new BSONRegExp('a', 'i')],
  [new Code('f')],
  [new Code('f', { a: 1 })],
  [new MaxKey()],
]

describe('compareValues', () => {
  it('orders texts by their UTF-8 bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '中', '\ufffd', '\ue000', '😀', '𠮷') })
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b))
        expect(Math.sign(compareValues(a, b))).toBe(bytes)
      }),
    )
  })

  it('orders all types and their values as MongoDB does', () => {
    for (const [i, left] of ascending.entries()) {
      for (const [j, right] of ascending.entries()) {
        for (const a of left) {
          for (const b of right)
            expect([a, b, Math.sign(compareValues(a, b))]).toEqual([a, b, Math.sign(i - j)])
        }
      }
    }
  })

  it('tells documents with fields in another order apart', () => {
    expect(equalValues({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false)
  })
})

describe('valuesAt', () => {
  const cases: [document: unknown, path: string, values: unknown[]][] = [
    [{ a: 1 }, 'a', [1]],
    [{}, 'a', [null]],
    [{ a: [1, 2] }, 'a', [1, 2]],
    [{ a: [] }, 'a', [undefined]],
    [{ a: [[1, 2], 3] }, 'a', [[1, 2], 3]],
    [{ a: { b: 1 } }, 'a.b', [1]],
    [{ a: [{ b: 1 }, { b: [2, 3] }, {}] }, 'a.b', [1, 2, 3, null]],
    [{ a: [] }, 'a.b', [null]],
    [{ a: 5 }, 'a.b', [null]],
    [{ a: [7, 8] }, 'a.1', [8]],
  ]

  it.each(cases)('%j at %s', (document, path, values) => {
    expect(valuesAt(document, path)).toEqual(values)
  })
})
