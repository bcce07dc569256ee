import {
  Binary,
  Decimal128,
  type Document,
  Double,
  deserialize,
  EJSON,
  Long,
  ObjectId,
  serialize,
} from 'bson'
import { describe, expect, it } from 'vitest'
import { compileExpression } from './expression.ts'

const stored = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }
const asStored = (document: Document) => deserialize(serialize(document), stored)
const text = (value: unknown) => EJSON.stringify(asStored({ value }), { relaxed: false })
const evaluate = (expression: unknown, document: Document = {}) =>
  compileExpression(asStored({ expression }).expression)(asStored(document))

const date = (iso: string) => new Date(`${iso}Z`)
const moment = date('2026-03-08T17:30:15.123')
const zone = 'Asia/Shanghai'
const newYork = 'America/New_York'
const id = new ObjectId('64b000000000000000000001')

const answer = (value: unknown) => Object.fromEntries([['then', value]])
const when = (test: unknown, value: unknown) => ({ case: test, ...answer(value) })

/** Each row: an expression, its value, and the document it is computed from. */
const cases: [expression: unknown, value: unknown, document?: Document][] = [
  // paths and variables
  ['$a', 1, { a: 1 }],
  ['$a.b', [1, 2], { a: [{ b: 1 }, {}, { b: 2 }, 7] }],
  ['$a.0', [], { a: [1] }],
  ['$$ROOT.a', 1, { a: 1 }],
  [{ $let: { vars: { x: 2 }, in: { $add: ['$$x', '$a'] } } }, 3, { a: 1 }],
  [{ x: '$a', y: '$missing' }, { x: 1 }, { a: 1 }],
  [['$a', '$missing'], [1, null], { a: 1 }],
  [{ $literal: '$a' }, '$a'],
  // logic
  [{ $cond: [{ $gt: ['$a', 1] }, 'yes', 'no'] }, 'no', { a: 1 }],
  [{ $cond: { if: '$a', else: 2, ...answer(1) } }, 2, { a: 0 }],
  [{ $cond: ['$a', 1, 2] }, 2, { a: Long.ZERO }],
  [{ $switch: { branches: [when({ $eq: ['$a', 1] }, 'one')], default: 'other' } }, 'one', { a: 1 }],
  [{ $ifNull: ['$x', null, 3] }, 3],
  [{ $and: [1, 'x', []] }, true],
  [{ $or: [0, null, '$x'] }, false],
  [{ $not: ['$x'] }, true],
  [{ $eq: [new Double(1), 1] }, true],
  [{ $eq: [new Binary(Buffer.from([255])), new Binary(Buffer.from([254]))] }, false],
  [{ $lt: ['$x', null] }, true],
  [{ $gt: ['a', 5] }, true],
  [{ $cmp: [Long.fromNumber(2), Decimal128.fromString('2.5')] }, -1],
  [{ $eq: ['$a', id] }, true, { a: id }],
  // numbers
  [{ $add: [1, 2] }, 3],
  [{ $add: [2147483647, 1] }, Long.fromNumber(2147483648)],
  [{ $add: [Long.MAX_VALUE, 1] }, new Double(2 ** 63)],
  [{ $add: [Decimal128.fromString('0.1'), Decimal128.fromString('0.2')] }, Decimal128.fromString('0.3')],
  [{ $add: [1, null] }, null],
  [{ $add: [moment, 1000] }, new Date(moment.getTime() + 1000)],
  [{ $subtract: [moment, date('2026-03-08T17:30:15')] }, Long.fromNumber(123)],
  [{ $subtract: [5, 7] }, -2],
  [{ $multiply: [3, new Double(0.5)] }, new Double(1.5)],
  [{ $divide: [6, 4] }, new Double(1.5)],
  [
    { $divide: [Decimal128.fromString('1.00'), 3] },
    Decimal128.fromString('0.3333333333333333333333333333333333'),
  ],
  [{ $divide: [Decimal128.fromString('6.0'), 4] }, Decimal128.fromString('1.5')],
  [{ $avg: [Decimal128.fromString('1'), 2] }, Decimal128.fromString('1.5')],
  [{ $mod: [-7, 3] }, -1],
  [{ $abs: -3 }, 3],
  [{ $floor: new Double(2.7) }, new Double(2)],
  [{ $sum: ['$a', 'x'] }, 3, { a: 3 }],
  [{ $sum: '$a' }, 6, { a: [1, 2, 3] }],
  [{ $avg: '$a' }, new Double(2), { a: [1, 2, 3] }],
  [{ $max: ['$a', 5] }, 5, { a: null }],
  // arrays
  [{ $map: { input: '$a', as: 'n', in: { $multiply: ['$$n', 2] } } }, [2, 4], { a: [1, 2] }],
  [{ $filter: { input: '$a', cond: { $gt: ['$$this', 1] } } }, [2], { a: [1, 2] }],
  [{ $reduce: { input: ['a', 'b'], initialValue: '', in: { $concat: ['$$value', '$$this'] } } }, 'ab'],
  [{ $arrayElemAt: ['$a', -1] }, 2, { a: [1, 2] }],
  [{ $first: '$a' }, 1, { a: [1, 2] }],
  [{ $size: '$a' }, 2, { a: [1, 2] }],
  [{ $in: [2, '$a'] }, true, { a: [1, new Double(2)] }],
  [{ $slice: ['$a', -2] }, [2, 3], { a: [1, 2, 3] }],
  [{ $concatArrays: [[1], '$a'] }, [1, 2], { a: [2] }],
  [{ $indexOfArray: [['a', 'b'], 'b'] }, 1],
  [{ $range: [0, 6, 2] }, [0, 2, 4]],
  [{ $reverseArray: '$a' }, [2, 1], { a: [1, 2] }],
  [{ $sortArray: { input: '$a', sortBy: { n: -1 } } }, [{ n: 2 }, { n: 1 }], { a: [{ n: 1 }, { n: 2 }] }],
  [
    {
      $setUnion: [
        [1, 2],
        [2, 3],
      ],
    },
    [1, 2, 3],
  ],
  [{ $setDifference: [[1, 2], [2]] }, [1]],
  [
    {
      $zip: {
        inputs: [
          [1, 2],
          ['a', 'b'],
        ],
      },
    },
    [
      [1, 'a'],
      [2, 'b'],
    ],
  ],
  // documents and types
  [{ $mergeObjects: ['$a', { y: 2 }] }, { x: 1, y: 2 }, { a: { x: 1 } }],
  [{ $objectToArray: '$a' }, [{ k: 'x', v: 1 }], { a: { x: 1 } }],
  [{ $arrayToObject: [[['x', 1]]] }, { x: 1 }],
  [{ $getField: 'a' }, 1, { a: 1 }],
  [{ $type: '$a' }, 'long', { a: Long.ONE }],
  [{ $type: '$x' }, 'missing'],
  [{ $toString: id }, id.toHexString()],
  [{ $toObjectId: id.toHexString() }, id],
  [{ $toInt: '42' }, 42],
  [{ $toLong: new Double(2.9) }, Long.fromNumber(2)],
  [{ $toDouble: '1.5' }, new Double(1.5)],
  [{ $toDecimal: '1.50' }, Decimal128.fromString('1.50')],
  [{ $toDate: '2026-01-02' }, date('2026-01-02T00:00:00')],
  [{ $toBool: 'false' }, true],
  [{ $convert: { input: 'x', to: 'int', onError: -1 } }, -1],
  // text
  [{ $concat: ['a', '$b'] }, 'ab', { b: 'b' }],
  [{ $concat: ['a', '$x'] }, null],
  [{ $toUpper: 'aé中' }, 'Aé中'],
  [{ $substrCP: ['中文字', 1, 1] }, '文'],
  [{ $strLenCP: '中文' }, 2],
  [{ $strLenBytes: '中文' }, 6],
  [{ $split: ['a-b', '-'] }, ['a', 'b']],
  [{ $trim: { input: ' x ' } }, 'x'],
  [{ $replaceAll: { input: 'a.a', find: 'a', replacement: 'b' } }, 'b.b'],
  [{ $regexMatch: { input: 'ABC', regex: 'b', options: 'i' } }, true],
  [{ $regexMatch: { input: 'abc', regex: /^B/i } }, false],
  [{ $indexOfCP: ['中文字', '字'] }, 2],
  [{ $substr: ['hello', 1, -1] }, 'ello'],
  [{ $substrBytes: ['中文', 3, 3] }, '文'],
  [{ $dateFromString: { dateString: '02/01/2026', format: '%d/%m/%Y' } }, date('2026-01-02T00:00:00')],
  [{ $round: [new Double(2.567), 1] }, new Double(2.6)],
  [{ $stdDevPop: [1, 3] }, new Double(1)],
  // dates
  [{ $hour: { date: moment, timezone: zone } }, 1],
  [{ $dayOfMonth: { date: moment, timezone: '+08:00' } }, 9],
  [{ $dayOfWeek: moment }, 1],
  [{ $isoWeek: moment }, 10],
  [{ $dayOfYear: moment }, 67],
  [{ $dateToString: { date: moment, format: '%Y-%m-%d %H:%M', timezone: zone } }, '2026-03-09 01:30'],
  [{ $dateToString: { date: moment } }, '2026-03-08T17:30:15.123Z'],
  [{ $dateToString: { date: moment, format: '%z %j %G-W%V-%u', timezone: 'UTC' } }, '+0000 067 2026-W10-7'],
  [{ $dateTrunc: { date: moment, unit: 'day', timezone: zone } }, date('2026-03-08T16:00:00')],
  [
    { $dateTrunc: { date: moment, unit: 'week', timezone: zone, startOfWeek: 'monday' } },
    date('2026-03-08T16:00:00'),
  ],
  [{ $dateTrunc: { date: moment, unit: 'month', timezone: zone } }, date('2026-02-28T16:00:00')],
  [{ $dateTrunc: { date: moment, unit: 'quarter' } }, date('2026-01-01T00:00:00')],
  [{ $dateTrunc: { date: moment, unit: 'day', timezone: newYork } }, date('2026-03-08T05:00:00')],
  [{ $dateTrunc: { date: moment, unit: 'minute', binSize: 15 } }, date('2026-03-08T17:30:00')],
  [
    { $dateAdd: { startDate: date('2026-03-07T17:00:00'), unit: 'day', amount: 1, timezone: newYork } },
    date('2026-03-08T16:00:00'),
  ],
  [
    { $dateAdd: { startDate: date('2026-01-31T00:00:00'), unit: 'month', amount: 1 } },
    date('2026-02-28T00:00:00'),
  ],
  [{ $dateSubtract: { startDate: moment, unit: 'hour', amount: 2 } }, date('2026-03-08T15:30:15.123')],
  [
    {
      $dateDiff: {
        startDate: date('2026-01-31T23:00:00'),
        endDate: date('2026-02-01T01:00:00'),
        unit: 'month',
      },
    },
    Long.ONE,
  ],
  [
    {
      $dateDiff: {
        startDate: date('2026-01-01T15:00:00'),
        endDate: date('2026-01-01T17:00:00'),
        unit: 'day',
        timezone: zone,
      },
    },
    Long.ONE,
  ],
  [{ $dateFromParts: { year: 2026, month: 14, day: 1, timezone: zone } }, date('2027-01-31T16:00:00')],
  [{ $year: '$x' }, null],
]

describe('compileExpression', () => {
  it.each(cases)('%j', (expression, value, document) => {
    expect(text(evaluate(expression, document))).toBe(text(value))
  })

  const refused: [expression: unknown, code: number][] = [
    [{ $nothing: 1 }, 168],
    [{ $function: { body: 'return 1', args: [], lang: 'js' } }, 168],
    ['$$nobody', 17276],
    [{ $add: [1, 'x'] }, 14],
    [{ $divide: [1, 0] }, 2],
    [{ $size: 1 }, 17124],
    [{ $toInt: 'x' }, 241],
    [{ $cond: [1, 2] }, 16020],
    [{ $dateTrunc: { date: moment, unit: 'day', timezone: 'Nowhere/City' } }, 40485],
    [{ $switch: { branches: [when(false, 1)] } }, 40066],
    [{ $add: 1, $subtract: 1 }, 15983],
    [{ $toDecimal: '' }, 241],
    [{ $range: [0, 2147483647] }, 146],
    [{ $add: [moment, 1e300] }, 15],
    [{ $dateAdd: { startDate: moment, unit: 'year', amount: 999999 } }, 15],
    [{ $substrBytes: ['中', 1, 1] }, 28656],
    [{ $median: { input: [1], method: 'approximate' } }, 168],
  ]

  it.each(refused)('%j is refused with code %i', (expression, code) => {
    expect(() => evaluate(expression)).toThrow(expect.objectContaining({ name: 'MongoError', code }))
  })

  it('takes text that a document brings for text, not for a path', () => {
    expect(evaluate({ $strLenCP: '$a' }, { a: '$b', b: 'long text' })).toEqual(
      expect.objectContaining({ value: 2 }),
    )
  })
})
