import {
  Binary,
  BSONRegExp,
  Decimal128,
  type Document,
  Double,
  deserialize,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  serialize,
} from 'bson'
import { describe, expect, it } from 'vitest'
import { MongoError } from './errors.ts'
import { compileMatch } from './match.ts'

const stored = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }
const asStored = (document: Document) => deserialize(serialize(document), stored)

const id = new ObjectId('64b000000000000000000001')
const day = new Date('2026-01-02T03:04:05Z')

/** Each row: a filter, the documents (their places are their names), and the places that match. */
const cases: [filter: Document, documents: Document[], matching: number[]][] = [
  // equality
  [
    { a: 1 },
    [
      { a: 1 },
      { a: new Double(1) },
      { a: Long.fromNumber(1) },
      { a: Decimal128.fromString('1.0') },
      { a: '1' },
    ],
    [0, 1, 2, 3],
  ],
  [{ a: 'x' }, [{ a: 'x' }, { a: ['x', 'y'] }, { a: [['x']] }, { a: 'X' }, {}], [0, 1]],
  [{ a: null }, [{ a: null }, {}, { a: [] }, { a: [null] }, { a: 0 }], [0, 1, 3]],
  [
    { 'a.b': null },
    [{ a: { b: null } }, { a: {} }, { a: 5 }, {}, { a: [] }, { a: [{}] }, { a: [1] }, { a: [{ b: 1 }] }],
    [0, 1, 2, 3, 5],
  ],
  [{ a: { b: 1, c: 2 } }, [{ a: { b: 1, c: 2 } }, { a: { c: 2, b: 1 } }, { a: { b: 1, c: 2, d: 3 } }], [0]],
  [{ a: [1, 2] }, [{ a: [1, 2] }, { a: [2, 1] }, { a: [[1, 2], 3] }, { a: [1, 2, 3] }], [0, 2]],
  [{ a: [] }, [{ a: [] }, { a: [[]] }, { a: [1] }, {}], [0, 1]],
  [{ a: {} }, [{ a: {} }, { a: { b: 1 } }, { a: [{}] }], [0, 2]],
  [{ a: id }, [{ a: new ObjectId(id.toHexString()) }, { a: id.toHexString() }], [0]],
  [{ a: day }, [{ a: new Date(day) }, { a: day.getTime() }], [0]],
  [
    { a: new Binary(Buffer.from([255, 254])) },
    [
      { a: new Binary(Buffer.from([255, 254])) },
      { a: new Binary(Buffer.from([254, 255])) },
      { a: new Binary(Buffer.from([255, 254]), 4) },
    ],
    [0],
  ],
  [{ a: true }, [{ a: true }, { a: 1 }, { a: 'true' }], [0]],
  [
    { a: Long.fromString('9007199254740993') },
    [{ a: Long.fromString('9007199254740993') }, { a: Long.fromString('9007199254740992') }],
    [0],
  ],
  [{ a: new Double(0.1) }, [{ a: new Double(0.1) }, { a: Decimal128.fromString('0.1') }], [0]],
  [{ a: Number.NaN }, [{ a: Number.NaN }, { a: 0 }, { a: Decimal128.fromString('NaN') }], [0, 2]],
  [{ a: 0 }, [{ a: new Double(-0) }, { a: Long.ZERO }, { a: false }], [0, 1]],
  // paths
  [
    { 'a.b': 1 },
    [{ a: { b: 1 } }, { a: [{ b: 1 }] }, { a: [{ b: [1] }] }, { a: [[{ b: 1 }]] }, { 'a.b': 1 }],
    [0, 1, 2],
  ],
  [{ 'a.0': 1 }, [{ a: [1, 2] }, { a: [2, 1] }, { a: { 0: 1 } }, { a: [{ 0: 1 }] }, { a: [[1]] }], [0, 2, 3]],
  [{ 'a.1.b': 1 }, [{ a: [{}, { b: 1 }] }, { a: [{ b: 1 }, {}] }, { a: [[], [{ b: 1 }]] }], [0, 2]],
  [{ 'a.b.c': 1 }, [{ a: [{ b: [{ c: 1 }] }] }, { a: { b: { c: [1] } } }, { a: { b: 1 } }], [0, 1]],
  // order
  [
    { a: { $gt: 5 } },
    [{ a: 6 }, { a: 5 }, { a: '6' }, { a: [1, 9] }, {}, { a: null }, { a: new Double(5.5) }],
    [0, 3, 6],
  ],
  [{ a: { $gte: 5, $lt: 7 } }, [{ a: 5 }, { a: 7 }, { a: [1, 9] }], [0, 2]],
  [{ a: { $lt: 'b' } }, [{ a: 'a' }, { a: 'b' }, { a: 1 }, { a: '' }], [0, 3]],
  [{ a: { $gt: day } }, [{ a: new Date(day.getTime() + 1) }, { a: day }, { a: 9e15 }], [0]],
  [{ a: { $gte: null } }, [{ a: null }, {}, { a: 1 }], [0, 1]],
  [{ a: { $gt: null } }, [{ a: null }, {}, { a: 1 }], []],
  [{ a: { $lt: Number.NaN } }, [{ a: 1 }, { a: Number.NaN }], []],
  [{ a: { $gte: Number.NaN } }, [{ a: 1 }, { a: Number.NaN }], [1]],
  [{ a: { $gt: new MinKey() } }, [{ a: 1 }, { a: null }], [0, 1]],
  [{ a: { $lt: new MaxKey() } }, [{ a: 'x' }, { a: [1] }], [0, 1]],
  [
    { a: { $gt: { b: 1 } } },
    [{ a: { b: 2 } }, { a: { b: 1 } }, { a: { b: 'x' } }, { a: { a: 9 } }, { a: 2 }],
    [0, 2],
  ],
  [{ a: { $gt: [1, 2] } }, [{ a: [1, 3] }, { a: [1, 2] }, { a: 9 }, { a: [[1, 3]] }], [0, 3]],
  [
    { a: { $gt: Long.fromString('9007199254740992') } },
    [{ a: Long.fromString('9007199254740993') }, { a: new Double(9007199254740992) }],
    [0],
  ],
  [
    { a: { $lte: Decimal128.fromString('0.3') } },
    [{ a: new Double(0.3) }, { a: Decimal128.fromString('0.30') }, { a: new Double(0.30000000000000004) }],
    [0, 1],
  ],
  [{ a: { $lt: true } }, [{ a: false }, { a: true }, { a: 0 }], [0]],
  // negation
  [{ a: { $ne: 1 } }, [{ a: 1 }, { a: [1, 2] }, { a: 2 }, {}], [2, 3]],
  [{ a: { $ne: null } }, [{ a: null }, {}, { a: 0 }], [2]],
  [{ a: { $nin: [1, 2] } }, [{ a: 1 }, { a: [3, 2] }, { a: 3 }, {}], [2, 3]],
  [{ a: { $not: { $gt: 5 } } }, [{ a: 6 }, { a: 4 }, {}, { a: 'x' }, { a: [1, 6] }], [1, 2, 3]],
  [{ a: { $not: /^x/ } }, [{ a: 'xy' }, { a: 'y' }, { a: 1 }, {}], [1, 2, 3]],
  [{ a: { $not: { $not: { $eq: 1 } } } }, [{ a: 1 }, { a: 2 }], [0]],
  // membership
  [{ a: { $in: [1, 'x', null] } }, [{ a: 1 }, { a: 'x' }, {}, { a: [5, 1] }, { a: 2 }], [0, 1, 2, 3]],
  [{ a: { $in: [/^ab/, 3] } }, [{ a: 'abc' }, { a: 3 }, { a: 'b' }], [0, 1]],
  [{ a: { $in: [] } }, [{ a: 1 }, {}], []],
  [{ a: { $in: [[1, 2]] } }, [{ a: [1, 2] }, { a: [1] }, { a: [[1, 2]] }], [0, 2]],
  [
    { a: { $in: [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] } },
    [{ a: new Double(10) }, { a: Long.fromNumber(3) }, { a: 11 }, {}],
    [0, 1],
  ],
  [{ a: { $all: [1, 2] } }, [{ a: [2, 1, 3] }, { a: [1] }, { a: 1 }], [0]],
  [{ a: { $all: [1] } }, [{ a: 1 }, { a: [1] }, { a: [[1]] }], [0, 1]],
  [{ a: { $all: [[1, 2]] } }, [{ a: [1, 2] }, { a: [[1, 2]] }, { a: [2, 1] }], [0, 1]],
  [{ a: { $all: [] } }, [{ a: [] }, { a: 1 }], []],
  [
    { a: { $all: [{ $elemMatch: { b: 1 } }, { $elemMatch: { b: 2 } }] } },
    [{ a: [{ b: 1 }, { b: 2 }] }, { a: [{ b: 1 }] }],
    [0],
  ],
  [{ a: { $all: [/^x/, 'y'] } }, [{ a: ['xa', 'y'] }, { a: ['y'] }], [0]],
  // elements
  [{ a: { $exists: true } }, [{ a: null }, {}, { a: [] }], [0, 2]],
  [{ a: { $exists: false } }, [{ a: null }, {}], [1]],
  [{ 'a.b': { $exists: false } }, [{ a: [] }, { a: [{ b: 1 }, {}] }, { a: {} }], [0, 2]],
  [{ 'a.0': { $exists: true } }, [{ a: [] }, { a: [1] }, { a: { 0: 1 } }], [1, 2]],
  [{ a: { $type: 'string' } }, [{ a: 'x' }, { a: ['x'] }, { a: 1 }], [0, 1]],
  [{ a: { $type: 'number' } }, [{ a: 1 }, { a: new Double(1.5) }, { a: Long.ONE }, { a: '1' }], [0, 1, 2]],
  [{ a: { $type: 'array' } }, [{ a: [1] }, { a: 1 }, { a: [] }], [0, 2]],
  [{ a: { $type: 'null' } }, [{ a: null }, {}], [0]],
  [{ a: { $type: ['int', 'bool'] } }, [{ a: 1 }, { a: true }, { a: new Double(1) }], [0, 1]],
  [{ a: { $size: 2 } }, [{ a: [1, 2] }, { a: [[1, 2]] }, { a: 2 }, { a: [] }], [0]],
  [{ 'a.b': { $size: 1 } }, [{ a: [{ b: [1] }] }, { a: { b: [1] } }, { a: [{ b: 1 }] }], [0, 1]],
  [{ a: { $elemMatch: { $gt: 1, $lt: 5 } } }, [{ a: [0, 3] }, { a: [1, 5] }, { a: 3 }, { a: [[3]] }], [0]],
  [
    { a: { $elemMatch: { b: 1, c: 2 } } },
    [{ a: [{ b: 1, c: 2 }] }, { a: [{ b: 1 }, { c: 2 }] }, { a: { b: 1, c: 2 } }],
    [0],
  ],
  [{ a: { $elemMatch: { $or: [{ b: 1 }, { c: 2 }] } } }, [{ a: [{ c: 2 }] }, { a: [{ b: 2 }] }], [0]],
  [{ a: { $elemMatch: { $elemMatch: { $eq: 1 } } } }, [{ a: [[1]] }, { a: [1] }], [0]],
  [{ a: { $elemMatch: { 0: 1 } } }, [{ a: [[1, 2]] }, { a: [{ 0: 1 }] }, { a: [1] }], [0, 1]],
  [{ a: { $elemMatch: { $ne: 1 } } }, [{ a: [1] }, { a: [1, 2] }], [1]],
  // text, arithmetic, bits
  [{ a: /^ab/i }, [{ a: 'ABc' }, { a: ['x', 'ab'] }, { a: 'cab' }, { a: 5 }], [0, 1]],
  [{ a: { $regex: 'a.b', $options: 's' } }, [{ a: 'a\nb' }, { a: 'a\nb' }, { a: 'ab' }], [0, 1]],
  [{ a: { $regex: '^b', $options: 'm' } }, [{ a: 'a\nb' }, { a: 'ab' }], [0]],
  [{ a: /^.$/ }, [{ a: '😀' }, { a: 'ab' }], [0]],
  [{ a: { $regex: 'a\\-b' } }, [{ a: 'a-b' }, { a: 'ab' }], [0]],
  [
    { a: new BSONRegExp('a.b', 's') },
    [{ a: 'a\nb' }, { a: new BSONRegExp('a.b', 's') }, { a: new BSONRegExp('a.b', '') }],
    [0, 1],
  ],
  [{ a: { $regex: /x/, $options: 'i' } }, [{ a: 'X' }, { a: 'y' }], [0]],
  [
    { a: { $mod: [4, 1] } },
    [{ a: 5 }, { a: new Double(5.9) }, { a: -3 }, { a: 'x' }, { a: [2, 9] }],
    [0, 1, 4],
  ],
  // logic
  [{ $or: [{ a: 1 }, { b: 2 }] }, [{ a: 1 }, { b: 2 }, { a: 2, b: 1 }], [0, 1]],
  [{ $and: [{ a: { $gt: 1 } }, { a: { $lt: 4 } }] }, [{ a: [0, 9] }, { a: 2 }, { a: 5 }], [0, 1]],
  [{ $nor: [{ a: 1 }, { b: 2 }] }, [{ a: 1 }, { b: 1 }, {}], [1, 2]],
  [{ $expr: { $gt: ['$a', '$b'] } }, [{ a: 2, b: 1 }, { a: 1, b: 2 }, { a: 1 }, { b: 1 }], [0, 2]],
  [{ $comment: 'why', a: 1 }, [{ a: 1 }, { a: 2 }], [0]],
  [{}, [{ a: 1 }, {}], [0, 1]],
]

describe('compileMatch', () => {
  it.each(cases)('%j', (filter, documents, matching) => {
    const { test } = compileMatch(asStored(filter))
    const found = documents.map(asStored).flatMap((document, place) => (test(document) ? [place] : []))
    expect(found).toEqual(matching)
  })

  const refused: [filter: Document, code: number][] = [
    [{ a: { $foo: 1 } }, 2],
    [{ $foo: 1 }, 2],
    [{ a: { $gt: 1, b: 2 } }, 2],
    [{ a: { $in: 1 } }, 2],
    [{ a: { $all: 1 } }, 2],
    [{ $or: [] }, 2],
    [{ $and: {} }, 2],
    [{ $or: [1] }, 2],
    [{ a: { $not: {} } }, 2],
    [{ a: { $not: 1 } }, 2],
    [{ a: { $elemMatch: 1 } }, 2],
    [{ a: { $mod: [0, 1] } }, 2],
    [{ a: { $mod: [1] } }, 2],
    [{ a: { $options: 'i' } }, 2],
    [{ a: { $regex: '[[:alpha:]]' } }, 51091],
    [{ a: { $regex: '(' } }, 51091],
    [{ a: { $regex: '(?i)ABC' } }, 51091],
    [{ a: { $regex: '\\Aabc' } }, 51091],
    [{ a: { $regex: 'a', $options: 'x' } }, 51108],
    [{ a: { $regex: 'a', $options: 'q' } }, 51108],
    [{ a: { $size: -1 } }, 2],
    [{ a: { $type: 'wrong' } }, 2],
    [{ a: { $type: 'missing' } }, 2],
    [{ a: { $type: 10 } }, 2],
    [{ a: { $ne: /x/ } }, 2],
    [{ a: { $gt: /x/ } }, 2],
    [{ $where: 'true' }, 2],
    [{ $text: { $search: 'x' } }, 2],
    [{ $jsonSchema: {} }, 2],
    [{ a: { $near: [0, 0] } }, 2],
    [{ $expr: { $nothing: 1 } }, 168],
  ]

  it.each(refused)('%j is refused with code %i', (filter, code) => {
    const compile = () => compileMatch(asStored(filter))
    expect(compile).toThrow(MongoError)
    expect(compile).toThrow(expect.objectContaining({ code }))
  })

  const positions: [filter: Document, document: Document, position: number | undefined][] = [
    [{ a: 2 }, { a: [1, 2, 2] }, 1],
    [{ 'a.b': 2 }, { a: [{ b: 1 }, { b: [5, 2] }] }, 1],
    [{ a: { $elemMatch: { b: 2 } } }, { a: [{ b: 1 }, { b: 2 }] }, 1],
    [{ a: { $gt: 1 }, b: 3 }, { a: [1, 2], b: [3] }, 0],
    [{ a: { $elemMatch: { b: 1 } }, 'a.c': { $exists: true } }, { a: [{ c: 1 }, { b: 1, c: 1 }] }, 0],
    [{ $or: [{ a: 9 }, { a: 2 }] }, { a: [1, 2] }, 1],
    [{ a: { $ne: 5 } }, { a: [1, 2] }, undefined],
    [{ a: 1 }, { a: 1 }, undefined],
  ]

  it.each(positions)('%j on %j goes through position %s', (filter, document, position) => {
    expect(compileMatch(asStored(filter)).position(asStored(document))).toBe(position)
  })

  it('reads variables in $expr', () => {
    const { test } = compileMatch({ $expr: { $eq: ['$a', '$$wanted'] } }, { let: { wanted: 3 } })
    expect([3, 4].map(a => test({ a }))).toEqual([true, false])
  })
})
