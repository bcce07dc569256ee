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
  [{ $mod: [-7, 3] }, -1],
  [{ $abs: -3 }, 3],
  [{ $floor: new Double(2.7) }, new Double(2)],
  [{ $sum: ['$a', 'x'] }, 3, { a: 3 }],
  [{ $sum: '$a' }, 6, { a: [1, 2, 3] }],
  [{ $avg: '$a' }, new Double(2), { a: [1, 2, 3] }],
  [{ $max: ['$a', 5] }, 5, { a: null }],
  // arrays
  [{ $arrayElemAt: ['$a', -1] }, 2, { a: [1, 2] }],
  [{ $first: '$a' }, 1, { a: [1, 2] }],
  [{ $size: '$a' }, 2, { a: [1, 2] }],
  [{ $in: [2, '$a'] }, true, { a: [1, new Double(2)] }],
  [{ $slice: ['$a', -2] }, [2, 3], { a: [1, 2, 3] }],
  [{ $concatArrays: [[1], '$a'] }, [1, 2], { a: [2] }],
  [{ $indexOfArray: [['a', 'b'], 'b'] }, 1],
  [{ $reverseArray: '$a' }, [2, 1], { a: [1, 2] }],
  [
    {
      $setUnion: [
        [1, 2],
        [2, 3],
      ],
    },
    [1, 2, 3],
  ],
  // documents and types
  [{ $mergeObjects: ['$a', { y: 2 }] }, { x: 1, y: 2 }, { a: { x: 1 } }],
  [{ $objectToArray: '$a' }, [{ k: 'x', v: 1 }], { a: { x: 1 } }],
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
  // text
  [{ $concat: ['a', '$b'] }, 'ab', { b: 'b' }],
  [{ $concat: ['a', '$x'] }, null],
  [{ $toUpper: 'aé中' }, 'Aé中'],
  [{ $substrCP: ['中文字', 1, 1] }, '文'],
  [{ $strLenCP: '中文' }, 2],
  [{ $strLenBytes: '中文' }, 6],
  [{ $trim: { input: ' x ' } }, 'x'],
  [{ $replaceAll: { input: 'a.a', find: 'a', replacement: 'b' } }, 'b.b'],
  // dates
  [{ $hour: { date: moment, timezone: zone } }, 1],
  [{ $dayOfMonth: { date: moment, timezone: '+08:00' } }, 9],
  [{ $dayOfWeek: moment }, 1],
  [{ $isoWeek: moment }, 10],
  [{ $dayOfYear: moment }, 67],
  [{ $dateToString: { date: moment, format: '%Y-%m-%d %H:%M', timezone: zone } }, '2026-03-09 01:30'],
  [{ $dateToString: { date: moment, format: '%j %Y-W%V-%u', timezone: 'UTC' } }, '067 2026-W10-7'],
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
  [{ $year: '$x' }, null],
  // where a general evaluator of JavaScript values goes wrong
  [{ $setField: { field: { $literal: 'a.b' }, value: 1, input: '$$ROOT' } }, { c: 2, 'a.b': 1 }, { c: 2 }],
  [
    { $setField: { field: { $literal: '$a' }, value: '$$REMOVE', input: '$$ROOT' } },
    { c: 2 },
    { c: 2, $a: 1 },
  ],
  [
    {
      $setUnion: [
        [1, id],
        [new Double(1), id],
      ],
    },
    [1, id],
  ],
  [
    { $max: [Long.MAX_VALUE, Decimal128.fromString('9223372036854775808')] },
    Decimal128.fromString('9223372036854775808'),
  ],
  [
    {
      $eq: [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ],
    },
    false,
  ],
  [{ $eq: ['$x', null] }, false],
  [{ $not: [''] }, false],
  [{ $let: { vars: { x: '$missing' }, in: { $ifNull: ['$$x', 7] } } }, 7],
  [{ $first: [[[1, 2], 3]] }, [1, 2]],
  [{ $slice: ['$x', 1] }, null],
  [{ $arrayElemAt: [[new Double(2)], 0] }, new Double(2)],
  [{ $floor: Long.fromNumber(5) }, Long.fromNumber(5)],
  [{ $abs: new Double(-2) }, new Double(2)],
  [{ $mod: ['$x', 2] }, null],
  [{ $divide: [6, 3] }, new Double(2)],
  [{ $avg: [Long.fromNumber(2 ** 53), Long.fromNumber(2 ** 53)] }, new Double(2 ** 53)],
  [{ $dateTrunc: { date: date('1984-02-16T01:51:16'), unit: 'quarter' } }, date('1984-01-01T00:00:00')],
  [{ $toLong: '9223372036854775807' }, Long.MAX_VALUE],
  [{ $toDecimal: new Double(0.1) }, Decimal128.fromString('0.1')],
  [{ $toDate: '2026-01-02T03:04:05' }, date('2026-01-02T03:04:05')],
  ['$a.b.c', [[1], [2]], { a: [{ b: [{ c: 1 }] }, { b: [{ c: 2 }] }] }],
  [{ $hour: { date: moment, timezone: '-0330' } }, 14],
  [{ $minute: { date: moment, timezone: 'Asia/Kolkata' } }, 0],
  [{ $isoWeek: date('2021-01-03T00:00:00') }, 53],
  [
    { $dateTrunc: { date: date('1999-06-15T00:00:00'), unit: 'year', binSize: 10 } },
    date('1990-01-01T00:00:00'),
  ],
  [
    { $dateAdd: { startDate: date('2024-02-29T00:00:00'), unit: 'year', amount: 1 } },
    date('2025-02-28T00:00:00'),
  ],
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
    [{ $filter: { input: [] } }, 28648],
    [{ $filter: { input: 7, cond: true } }, 28651],
    [{ $map: { in: 1 } }, 16880],
    [{ $map: { input: 7, in: 1 } }, 16883],
    [{ $add: 1, $subtract: 1 }, 15983],
    [{ $toDecimal: '' }, 241],
    [{ $add: [moment, 1e300] }, 15],
    [{ $dateAdd: { startDate: moment, unit: 'year', amount: 999999 } }, 15],
    [{ $eq: [1] }, 16020],
    [{ $dateTrunc: { date: new Date(-8.64e15), unit: 'day', timezone: zone } }, 15],
    [{ $dateToString: { date: moment, format: '%G' } }, 18536],
    [{ $mod: [5, 0] }, 2],
    [{ $abs: Decimal128.fromString('-1') }, 2],
    [{ $divide: [Decimal128.fromString('1'), 3] }, 2],
    [{ $dateToString: { date: moment } }, 16020],
    [{ $split: ['a', ''] }, 168],
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
