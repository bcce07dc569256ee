import {
  BSONRegExp,
  DBRef,
  Decimal128,
  type Document,
  Double,
  deserialize,
  EJSON,
  Long,
  serialize,
} from 'bson'
import { describe, expect, it } from 'vitest'
import { compileUpdate, upsertSeed } from './update.ts'

const stored = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }
const asStored = (document: Document) => deserialize(serialize(document), stored)
const text = (document: Document) => EJSON.stringify(asStored(document), { relaxed: false })
const updateOf = (update: Document | Document[]) =>
  Array.isArray(update) ? update.map(asStored) : asStored(update)

interface Context {
  position?: number
  insert?: boolean
  arrayFilters?: Document[]
}

function applied(
  before: Document,
  update: Document | Document[],
  { arrayFilters, position, insert }: Context = {},
) {
  const updater = compileUpdate(updateOf(update), { arrayFilters: arrayFilters?.map(asStored) })
  return updater.apply(asStored(before), { position, insert: insert === true })
}

const decimal = (digits: string) => Decimal128.fromString(digits)
const max = 2 ** 31 - 1
const nested = (levels: number): Document => (levels === 0 ? {} : { a: nested(levels - 1) })

/** Each row: a document, an update, the document that comes of it, and what else the update is given. */
const cases: [before: Document, update: Document | Document[], after: Document, context?: Context][] = [
  // $set and $unset
  [{ a: 1 }, { $set: { a: 2, b: 3 } }, { a: 2, b: 3 }],
  [{}, { $set: { 'a.b.c': 1 } }, { a: { b: { c: 1 } } }],
  [{ a: { b: 1 } }, { $set: { 'a.c': 2 } }, { a: { b: 1, c: 2 } }],
  [{ a: [1, 2] }, { $set: { 'a.1': 9 } }, { a: [1, 9] }],
  [{ a: [1] }, { $set: { 'a.3': 9 } }, { a: [1, null, null, 9] }],
  [{}, { $set: { 'a.0': 1 } }, { a: { 0: 1 } }],
  [{ a: [{ b: 1 }] }, { $set: { 'a.0.b': 2 } }, { a: [{ b: 2 }] }],
  [{ z: 1 }, { $set: { c: 1, a: 1, b: 1 } }, { z: 1, a: 1, b: 1, c: 1 }],
  [{}, { $set: { 'a.10': 1, 'a.9': 1 } }, { a: { 9: 1, 10: 1 } }],
  [{ a: 1 }, { $set: { a: new Double(1) } }, { a: new Double(1) }],
  [{ a: 1, b: 2 }, { $unset: { a: '' } }, { b: 2 }],
  [{ a: { b: 1 } }, { $unset: { 'a.b': 1, 'x.y': 1 } }, { a: {} }],
  [{ a: [1, 2] }, { $unset: { 'a.0': 1 } }, { a: [null, 2] }],
  [{ a: 5 }, { $unset: { 'a.b': 1 } }, { a: 5 }],
  [{ a: 1 }, { $set: {} }, { a: 1 }],
  // numbers
  [{ a: 1 }, { $inc: { a: 2 } }, { a: 3 }],
  [{ a: max }, { $inc: { a: 1 } }, { a: Long.fromNumber(max + 1) }],
  [{ a: 1 }, { $inc: { a: Long.ONE } }, { a: Long.fromNumber(2) }],
  [{ a: 1 }, { $inc: { a: new Double(0.5) } }, { a: new Double(1.5) }],
  [{ a: new Double(1) }, { $inc: { a: 1 } }, { a: new Double(2) }],
  [{ a: decimal('1.10') }, { $inc: { a: decimal('2.2') } }, { a: decimal('3.30') }],
  [{ a: decimal('1.10') }, { $inc: { a: 1 } }, { a: decimal('2.10') }],
  [
    { a: decimal(`1.${'0'.repeat(32)}1`) },
    { $mul: { a: decimal('1.5') } },
    { a: decimal(`1.5${'0'.repeat(31)}2`) },
  ],
  [
    { a: decimal(`1.${'0'.repeat(32)}1`) },
    { $mul: { a: decimal('2.5') } },
    { a: decimal(`2.5${'0'.repeat(31)}2`) },
  ],
  [{ a: decimal('0') }, { $inc: { a: new Double(0.1) } }, { a: decimal('0.100000000000000') }],
  [{}, { $inc: { a: new Double(5) } }, { a: new Double(5) }],
  [
    { a: Long.fromString('9007199254740993') },
    { $inc: { a: 1 } },
    { a: Long.fromString('9007199254740994') },
  ],
  [{ a: 3 }, { $mul: { a: 4 } }, { a: 12 }],
  [{ a: 3 }, { $mul: { a: new Double(0.5) } }, { a: new Double(1.5) }],
  [{}, { $mul: { a: Long.fromNumber(7) } }, { a: Long.ZERO }],
  [{ a: max }, { $mul: { a: 2 } }, { a: Long.fromNumber(max * 2) }],
  [{ a: decimal('1.5') }, { $mul: { a: decimal('2') } }, { a: decimal('3.0') }],
  [{ a: 5 }, { $min: { a: 3 } }, { a: 3 }],
  [{ a: 5 }, { $min: { a: 7 } }, { a: 5 }],
  [{ a: 5 }, { $max: { a: 'x' } }, { a: 'x' }],
  [{ a: 5 }, { $max: { a: new Double(5) } }, { a: 5 }],
  [{}, { $min: { a: 1 }, $max: { b: 2 } }, { a: 1, b: 2 }],
  [{ a: 13 }, { $bit: { a: { and: 10 } } }, { a: 8 }],
  [{ a: 3 }, { $bit: { a: { or: Long.fromNumber(4) } } }, { a: Long.fromNumber(7) }],
  [{}, { $bit: { a: { xor: 5 } } }, { a: 5 }],
  // $rename and $setOnInsert
  [{ a: 1, b: 2 }, { $rename: { a: 'c' } }, { b: 2, c: 1 }],
  [{ a: 1, b: 2 }, { $rename: { a: 'b' } }, { b: 1 }],
  [{ a: 1 }, { $rename: { x: 'a' } }, { a: 1 }],
  [{ a: { b: 1 } }, { $rename: { 'a.b': 'c.d' } }, { a: {}, c: { d: 1 } }],
  [{ a: [] }, { $rename: { b: 'a.0' } }, { a: [] }],
  [{ a: new DBRef('c', 1 as never) }, { $set: { 'a.x': 2 } }, { a: { $ref: 'c', $id: 1, x: 2 } }],
  [{ a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  [{ a: 1 }, { $setOnInsert: { b: 1 }, $set: { c: 2 } }, { a: 1, b: 1, c: 2 }, { insert: true }],
  // arrays
  [{ a: [1] }, { $push: { a: 2 } }, { a: [1, 2] }],
  [{}, { $push: { a: { b: 1 } } }, { a: [{ b: 1 }] }],
  [{ a: [1] }, { $push: { a: [2, 3] } }, { a: [1, [2, 3]] }],
  [{ a: [1] }, { $push: { a: { $each: [2, 3] } } }, { a: [1, 2, 3] }],
  [{ a: [1, 2] }, { $push: { a: { $each: [9], $position: 0 } } }, { a: [9, 1, 2] }],
  [{ a: [1, 2, 3] }, { $push: { a: { $each: [9], $position: -1 } } }, { a: [1, 2, 9, 3] }],
  [{ a: [1, 2, 3] }, { $push: { a: { $each: [4], $slice: -2 } } }, { a: [3, 4] }],
  [{ a: [1, 2, 3] }, { $push: { a: { $each: [4], $slice: 2 } } }, { a: [1, 2] }],
  [{ a: [1] }, { $push: { a: { $each: [], $slice: 0 } } }, { a: [] }],
  [{ a: [3, 1] }, { $push: { a: { $each: [2], $sort: -1 } } }, { a: [3, 2, 1] }],
  [
    {
      a: [
        { x: 2, y: 1 },
        { x: 1, y: 1 },
      ],
    },
    { $push: { a: { $each: [{ x: 1, y: 0 }], $sort: { x: 1, y: -1 }, $slice: 2 } } },
    {
      a: [
        { x: 1, y: 1 },
        { x: 1, y: 0 },
      ],
    },
  ],
  [{ a: [1] }, { $addToSet: { a: new Double(1) } }, { a: [1] }],
  [{ a: [1] }, { $addToSet: { a: { $each: [1, 2, 2] } } }, { a: [1, 2] }],
  [
    { a: [{ x: 1, y: 2 }] },
    { $addToSet: { a: { y: 2, x: 1 } } },
    {
      a: [
        { x: 1, y: 2 },
        { y: 2, x: 1 },
      ],
    },
  ],
  [{}, { $addToSet: { a: [1] } }, { a: [[1]] }],
  [{ a: [1, 2, 3] }, { $pop: { a: 1 } }, { a: [1, 2] }],
  [{ a: [1, 2, 3] }, { $pop: { a: -1 } }, { a: [2, 3] }],
  [{ a: [] }, { $pop: { a: 1, b: 1 } }, { a: [] }],
  [{ a: [1, 2, 1] }, { $pull: { a: 1 } }, { a: [2] }],
  [{ a: [1, 5, 9] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
  [{ a: [{ b: 1, c: 2 }, { b: 2 }] }, { $pull: { a: { b: 1 } } }, { a: [{ b: 2 }] }],
  [
    { a: [{ b: [{ c: 1 }] }, { b: [] }] },
    { $pull: { a: { b: { $elemMatch: { c: 1 } } } } },
    { a: [{ b: [] }] },
  ],
  [{ a: ['ab', 'b'] }, { $pull: { a: /^a/ } }, { a: ['b'] }],
  [{ a: [['x'], { 0: 'x' }] }, { $pull: { a: { 0: 'x' } } }, { a: [['x']] }],
  [{ a: [[1], 2] }, { $pull: { a: [1] } }, { a: [2] }],
  [{ a: [1, 2, 3] }, { $pull: { a: { $in: [1, 3] } } }, { a: [2] }],
  [{ a: [1, 2, 3, 1] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
  // positions
  [{ a: [1, 2] }, { $set: { 'a.$': 9 } }, { a: [1, 9] }, { position: 1 }],
  [{ a: [{ b: 1 }, {}] }, { $set: { 'a.$.b': 5, 'a.$.c': 6 } }, { a: [{ b: 5, c: 6 }, {}] }, { position: 0 }],
  [{ a: [1, 2] }, { $inc: { 'a.$[]': 10 } }, { a: [11, 12] }],
  [{ a: [{ b: [1, 2] }, { b: [3] }] }, { $inc: { 'a.$[].b.$[]': 1 } }, { a: [{ b: [2, 3] }, { b: [4] }] }],
  [{ a: [1, 5, 9] }, { $set: { 'a.$[big]': 0 } }, { a: [1, 0, 0] }, { arrayFilters: [{ big: { $gte: 5 } }] }],
  [
    {
      a: [
        { k: 'x', n: [1, 2] },
        { k: 'y', n: [1] },
      ],
    },
    { $set: { 'a.$[e].n.$[i]': 0 } },
    {
      a: [
        { k: 'x', n: [0, 2] },
        { k: 'y', n: [1] },
      ],
    },
    { arrayFilters: [{ 'e.k': 'x' }, { i: 1 }] },
  ],
  [{ a: [{ b: 1 }] }, { $unset: { 'a.$[].b': 1 } }, { a: [{}] }],
  [{ a: [] }, { $set: { 'a.$[]': 1 } }, { a: [] }],
  [{ a: [{ b: [1, 2] }] }, { $pull: { 'a.$[].b': 1 } }, { a: [{ b: [2] }] }],
  // replacement and pipeline
  [{ _id: 1, a: 1 }, { b: 2 }, { _id: 1, b: 2 }],
  [
    { _id: 1, a: 1 },
    { b: 2, _id: 1 },
    { _id: 1, b: 2 },
  ],
  [{ _id: 1, a: 1 }, {}, { _id: 1 }],
  [{ _id: 1, a: 2 }, [{ $set: { b: { $add: ['$a', 1] } } }, { $unset: 'a' }], { _id: 1, b: 3 }],
  [{ _id: 1, a: { x: 1 } }, [{ $replaceWith: '$a' }], { _id: 1, x: 1 }],
  [{ _id: 1, a: 1, b: 2 }, [{ $project: { b: 1 } }], { _id: 1, b: 2 }],
]

describe('compileUpdate', () => {
  it.each(cases)('%j with %j', (before, update, after, context) => {
    expect(text(applied(before, update, context).doc)).toBe(text(after))
  })

  const refused: [before: Document, update: Document | Document[], code: number, context?: Context][] = [
    [{}, { $foo: { a: 1 } }, 9],
    [{}, { $set: 1 }, 9],
    [{}, { $set: { a: 1 }, b: 1 }, 9],
    [{}, { b: 1, $set: { a: 1 } }, 52],
    [{}, { $set: { a: 1, 'a.b': 2 } }, 40],
    [{}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    [{}, { $rename: { a: 'b' }, $set: { a: 1 } }, 40],
    [{ a: [1] }, { $set: { 'a.$[]': 1, 'a.0': 2 } }, 40],
    [{ a: 1 }, { $set: { 'a.b': 2 } }, 28],
    [{ a: null }, { $set: { 'a.b': 2 } }, 28],
    [{ a: [] }, { $set: { 'a.b': 2 } }, 28],
    [{}, { $set: { '': 1 } }, 56],
    [{}, { $set: { 'a..b': 1 } }, 56],
    [{}, { $set: { $a: 1 } }, 52],
    [{ a: 'x' }, { $inc: { a: 1 } }, 14],
    [{ a: null }, { $inc: { a: 1 } }, 14],
    [{}, { $inc: { a: 'x' } }, 14],
    [{ a: Long.MAX_VALUE }, { $inc: { a: 1 } }, 2],
    [{ a: decimal('9E+6144') }, { $mul: { a: 10 } }, 2],
    [{ a: decimal('9E+6144') }, { $inc: { a: decimal('9E+6144') } }, 2],
    [{ a: decimal('1E-6176') }, { $mul: { a: decimal('1E-10') } }, 2],
    [{ a: 'x' }, { $mul: { a: 1 } }, 14],
    [{ a: 1 }, { $push: { a: 1 } }, 2],
    [{}, { $push: { a: { $each: 1 } } }, 2],
    [{}, { $push: { a: { $each: [1], $foo: 1 } } }, 2],
    [{}, { $push: { a: { $each: [1], $sort: 2 } } }, 2],
    [{ a: 1 }, { $addToSet: { a: 1 } }, 2],
    [{ a: 1 }, { $pop: { a: 1 } }, 14],
    [{ a: [1] }, { $pop: { a: 2 } }, 9],
    [{ a: 1 }, { $pull: { a: 1 } }, 2],
    [{ a: [] }, { $pullAll: { a: 1 } }, 2],
    [{ a: 1.5 }, { $bit: { a: { and: 1 } } }, 2],
    [{}, { $bit: { a: { nor: 1 } } }, 2],
    [{}, { $currentDate: { a: 'x' } }, 2],
    [{}, { $rename: { a: 1 } }, 2],
    [{}, { $rename: { a: 'a' } }, 2],
    [{ a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'c' } }, 2],
    [{ a: 1 }, { $rename: { 'a.b': 'c' } }, 28],
    [{ a: [1] }, { $rename: { b: 'a.0' }, $set: { b: 1 } }, 40],
    [{ a: 1, b: [1] }, { $rename: { a: 'b.0' } }, 2],
    [{ a: 1 }, { $pop: { 'a.b': 1 } }, 28],
    [{ a: 1 }, { $pull: { 'a.b': 1 } }, 28],
    [{}, { $bit: { a: {} } }, 2],
    [{}, { $set: { [Array(101).fill('a').join('.')]: 1 } }, 15],
    [{}, { $set: { [Array(60).fill('a').join('.')]: nested(60) } }, 15],
    [{ a: [1] }, { $set: { 'a.$[x]': 1 } }, 9, { arrayFilters: [{ $and: [] }] }],
    [{ _id: 1 }, { $set: { _id: 2 } }, 66],
    [{ _id: 1 }, { $unset: { _id: 1 } }, 66],
    [{ _id: 1 }, { _id: 2, a: 1 }, 66],
    [{ _id: 1 }, [{ $set: { _id: 2 } }], 66],
    [{}, [{ $match: {} }], 72],
    [{ a: [1] }, { $set: { 'a.$': 1 } }, 2],
    [{}, { $set: { '$.a': 1 } }, 2],
    [{ a: 1 }, { $set: { 'a.$[]': 1 } }, 2],
    [{}, { $set: { 'a.$[]': 1 } }, 2],
    [{ a: [1] }, { $set: { 'a.$[x]': 1 } }, 2],
    [{ a: [1] }, { $set: { a: 1 } }, 9, { arrayFilters: [{ x: 1 }] }],
    [{ a: [1] }, { $set: { 'a.$[x]': 1 } }, 9, { arrayFilters: [{ x: 1, y: 1 }] }],
    [{ a: [1] }, { $set: { 'a.$[x]': 1 } }, 9, { arrayFilters: [{ x: 1 }, { x: 2 }] }],
  ]

  it.each(refused)('%j with %j is refused with code %i', (before, update, code, context) => {
    expect(() => applied(before, update, context)).toThrow(
      expect.objectContaining({ name: 'MongoError', code }),
    )
  })

  it('refuses what would be larger than a document may be', () => {
    const grow = () => applied({ a: 'x'.repeat(2 ** 24 - 100) }, { $push: { b: 'x'.repeat(2 ** 20) } })
    expect(grow).toThrow(expect.objectContaining({ code: 10334 }))
  })

  it('says whether anything has changed', () => {
    const modified = (update: Document) => applied({ _id: 1, a: 1, b: [1] }, update).modified
    expect(modified({ $set: { a: 1 } })).toBe(false)
    expect(modified({ $set: { a: new Double(1) } })).toBe(true)
    expect(modified({ $addToSet: { b: 1 } })).toBe(false)
    expect(modified({ a: 1, b: [1] })).toBe(false)
  })

  it('leaves the document and the update as they were', () => {
    const before = asStored({ a: { b: [1] } })
    const update = { $push: { 'a.b': { x: [] } } }
    const { doc } = compileUpdate(update).apply(before, { insert: false })
    compileUpdate({ $push: { 'a.b.1.x': 5 } }).apply(doc, { insert: false })
    expect(text(before)).toBe(text({ a: { b: [1] } }))
    expect(update).toEqual({ $push: { 'a.b': { x: [] } } })
  })

  it('takes __proto__ for a name like any other', () => {
    const { doc } = applied({}, { $set: JSON.parse('{"__proto__.polluted": 1}') })
    expect(Object.keys(doc)).toEqual(['__proto__'])
    expect(({} as Document).polluted).toBeUndefined()
  })

  it('sets the date and the timestamp of now', () => {
    const start = Date.now()
    const { doc } = applied({}, { $currentDate: { a: true, b: { $type: 'timestamp' } } })
    expect(doc.a.getTime()).toBeGreaterThanOrEqual(start)
    expect(doc.b.t).toBeGreaterThanOrEqual(Math.floor(start / 1000))
  })
})

describe('upsertSeed', () => {
  const seeds: [filter: Document, seed: Document][] = [
    [
      { a: 1, b: { $eq: 2 }, c: { $gt: 3 } },
      { a: 1, b: 2 },
    ],
    [{ 'a.b': 1, 'a.c': 2 }, { a: { b: 1, c: 2 } }],
    [{ $and: [{ a: 1 }, { b: 2 }] }, { a: 1, b: 2 }],
    [{ $or: [{ a: 1 }, { b: 2 }] }, {}],
    [{ $or: [{ a: 1 }] }, { a: 1 }],
    [
      { a: { $in: [1] }, b: { $in: [1, 2] }, c: { $all: [3] } },
      { a: 1, c: 3 },
    ],
    [
      { a: new BSONRegExp('x'), b: null, c: { d: 1 } },
      { b: null, c: { d: 1 } },
    ],
    [
      { a: 1, _id: 5 },
      { _id: 5, a: 1 },
    ],
  ]

  it.each(seeds)('%j gives %j', (filter, seed) => {
    expect(upsertSeed(filter)).toEqual(seed)
  })

  it('brings the fields in the order of their paths', () => {
    expect(Object.keys(upsertSeed({ z: 1, 'b.c': 2, a: 3 }))).toEqual(['a', 'b', 'z'])
  })

  it('refuses two values for one path', () => {
    const twice = () => upsertSeed({ a: 1, $and: [{ a: 2 }] })
    expect(twice).toThrow(expect.objectContaining({ code: 54 }))
  })
})
