import { Decimal128, type Document, Double, deserialize, EJSON, Long, serialize } from 'bson'
import { describe, expect, it } from 'vitest'
import { compilePipeline, type PipelineContext, splitLeadingMatch, trailingWrite } from './aggregate.ts'
import { compileMatch } from './match.ts'

const stored = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true }
const asStored = (document: Document) => deserialize(serialize(document), stored)
const text = (documents: Document[]) =>
  documents.map(document => EJSON.stringify(asStored(document), { relaxed: false }))

const orders = [
  { _id: 1, item: 'a', n: 2, tags: ['x', 'y'] },
  { _id: 2, item: 'b', n: 5, tags: [] },
  { _id: 3, item: 'a', n: 3 },
]
const items = [
  { _id: 10, name: 'a', price: 1 },
  { _id: 11, name: ['b', 'c'], price: 2 },
  { _id: 12, price: 3 },
]

function runPipeline(input: Iterable<Document>, pipeline: Document[], context: PipelineContext) {
  return [...compilePipeline(pipeline, context)(input)]
}

function run(pipeline: Document[], input: Document[] = orders) {
  return runPipeline(input.map(asStored), pipeline.map(asStored), {
    collection: (name, filter) =>
      name === 'items' ? items.map(asStored).filter(compileMatch(filter).test) : [],
    let: { wanted: 5 },
  })
}

/** Each row: a pipeline on the orders, or on other documents, and what comes out. */
const cases: [pipeline: Document[], result: Document[], input?: Document[]][] = [
  [[], orders],
  [
    [{ $match: { n: { $gt: 2 } } }, { $project: { n: 1 } }],
    [
      { _id: 2, n: 5 },
      { _id: 3, n: 3 },
    ],
  ],
  [[{ $match: { $expr: { $eq: ['$n', '$$wanted'] } } }, { $project: { _id: 1 } }], [{ _id: 2 }]],
  [
    [{ $sort: { item: 1, n: -1 } }, { $project: { _id: 1 } }],
    [{ _id: 3 }, { _id: 1 }, { _id: 2 }],
  ],
  [[{ $sort: { _id: 1 } }, { $skip: 1 }, { $limit: 1 }, { $project: { _id: 1 } }], [{ _id: 2 }]],
  [
    [{ $group: { _id: '$item', n: { $sum: '$n' }, c: { $sum: 1 }, all: { $push: '$n' } } }],
    [
      { _id: 'a', n: 5, c: 2, all: [2, 3] },
      { _id: 'b', n: 5, c: 1, all: [5] },
    ],
  ],
  [
    [
      {
        $group: {
          _id: null,
          avg: { $avg: '$n' },
          min: { $min: '$n' },
          max: { $max: '$item' },
          last: { $last: '$n' },
        },
      },
    ],
    [{ _id: null, avg: new Double(10 / 3), min: 2, max: 'b', last: 3 }],
  ],
  [
    [{ $group: { _id: '$k' } }],
    [{ _id: 1 }, { _id: null }],
    [{ k: 1 }, { k: new Double(1) }, {}, { k: null }],
  ],
  [
    [{ $group: { _id: { i: '$item' }, s: { $addToSet: '$n' } } }, { $limit: 1 }],
    [{ _id: { i: 'a' }, s: [2, 3] }],
  ],
  [
    [{ $group: { _id: null, s: { $sum: '$k' } } }],
    [{ _id: null, s: Decimal128.fromString('3.5') }],
    [{ k: Long.ONE }, { k: Decimal128.fromString('2.5') }, { k: 'x' }],
  ],
  [
    [{ $group: { _id: null, f: { $first: '$tags' }, c: { $count: {} } } }],
    [{ _id: null, f: ['x', 'y'], c: 3 }],
  ],
  [
    [{ $unwind: '$tags' }, { $project: { tags: 1 } }],
    [
      { _id: 1, tags: 'x' },
      { _id: 1, tags: 'y' },
    ],
  ],
  [
    [
      { $unwind: { path: '$tags', includeArrayIndex: 'i', preserveNullAndEmptyArrays: true } },
      { $project: { tags: 1, i: 1 } },
    ],
    [
      { _id: 1, tags: 'x', i: Long.ZERO },
      { _id: 1, tags: 'y', i: Long.ONE },
      { _id: 2, i: null },
      { _id: 3, i: null },
    ],
  ],
  [[{ $unwind: '$a.b' }], [{ a: { b: 1, c: 2 } }], [{ a: { b: [1], c: 2 } }]],
  [
    [{ $addFields: { 'a.b': 1, c: '$n' } }, { $limit: 1 }, { $unset: ['tags', 'item'] }],
    [{ _id: 1, n: 2, a: { b: 1 }, c: 2 }],
  ],
  [[{ $set: { 'a.b': 9 } }], [{ a: [{ c: 1, b: 9 }, { b: 9 }] }], [{ a: [{ c: 1 }, 5] }]],
  [[{ $set: { a: { x: 1 } } }], [{ a: { y: 2, x: 1 } }], [{ a: { y: 2 } }]],
  [[{ $set: { a: '$$REMOVE' } }], [{ b: 1 }], [{ a: 1, b: 1 }]],
  [[{ $replaceRoot: { newRoot: '$a' } }], [{ x: 1 }], [{ a: { x: 1 } }]],
  [[{ $project: { 'a.b': '$c', a: { d: 1 } } }], [{ a: [{ d: 1, b: 3 }] }], [{ a: [{ d: 1, e: 2 }], c: 3 }]],
  [[{ $project: { _id: 0, v: { $add: ['$n', 1] } } }, { $limit: 1 }], [{ v: 3 }]],
  [
    [{ $lookup: { from: 'items', localField: 'tags', foreignField: 'name', as: 'i' } }],
    [{ tags: [], i: [] }],
    [{ tags: [] }],
  ],
  [[{ $count: 'total' }], [{ total: 3 }]],
  [[{ $match: { n: 99 } }, { $count: 'total' }], []],
  [
    [{ $sortByCount: '$item' }],
    [
      { _id: 'a', count: 2 },
      { _id: 'b', count: 1 },
    ],
  ],
  [
    [{ $facet: { one: [{ $match: { n: 2 } }, { $project: { _id: 1 } }], all: [{ $count: 'c' }] } }],
    [{ one: [{ _id: 1 }], all: [{ c: 3 }] }],
  ],
  [
    [
      { $lookup: { from: 'items', localField: 'item', foreignField: 'name', as: 'i' } },
      { $project: { i: '$i.price' } },
    ],
    [
      { _id: 1, i: [1] },
      { _id: 2, i: [2] },
      { _id: 3, i: [1] },
    ],
  ],
  [
    [
      { $lookup: { from: 'items', localField: 'x', foreignField: 'name', as: 'i' } },
      { $project: { i: '$i.price' } },
    ],
    [{ _id: 1, i: [3] }],
    [{ _id: 1 }],
  ],
  [
    [
      {
        $lookup: {
          from: 'items',
          localField: 'item',
          foreignField: 'name',
          let: { n: '$n' },
          pipeline: [{ $match: { $expr: { $lt: ['$price', '$$n'] } } }, { $project: { _id: 1 } }],
          as: 'i',
        },
      },
      { $project: { i: 1 } },
    ],
    [
      { _id: 1, i: [{ _id: 10 }] },
      { _id: 2, i: [{ _id: 11 }] },
      { _id: 3, i: [{ _id: 10 }] },
    ],
  ],
  [
    [
      { $limit: 1 },
      { $lookup: { from: 'items', pipeline: [{ $count: 'c' }], as: 'i' } },
      { $project: { i: 1 } },
    ],
    [{ _id: 1, i: [{ c: 3 }] }],
  ],
]

describe('runPipeline', () => {
  it.each(cases)('%j', (pipeline, result, input) => {
    expect(text(run(pipeline, input))).toEqual(text(result))
  })

  const refused: [pipeline: Document[], code: number][] = [
    [[{ $nothing: 1 }], 40324],
    [[{ $redact: { $function: { body: 'x', args: [], lang: 'js' } } }], 40324],
    [[{ $project: { a: { $function: { body: 'x', args: [], lang: 'js' } } } }], 168],
    [[{ $group: { _id: 1, n: { $accumulator: {} } } }], 15952],
    [[{ $match: {}, $sort: {} }], 40323],
    [[{ $limit: 0 }], 15958],
    [[{ $limit: 'x' }], 15958],
    [[{ $match: {} }, { $documents: [] }], 40324],
    [[{ $out: 'x' }, { $match: {} }], 40324],
    [[{ $group: { n: { $sum: 1 } } }], 15955],
    [[{ $group: { _id: 1, n: { $foo: 1 } } }], 15952],
    [[{ $project: { a: 1, b: 0 } }], 31254],
    [[{ $unwind: 'a' }], 28818],
    [[{ $lookup: { from: 'items' } }], 9],
    [[{ $changeStream: {} }], 40573],
    [[{ $replaceRoot: { newRoot: '$n' } }], 40228],
    [[{ $match: { $where: 'true' } }], 2],
  ]

  it.each(refused)('%j is refused with code %i', (pipeline, code) => {
    expect(() => run(pipeline)).toThrow(expect.objectContaining({ name: 'MongoError', code }))
  })

  it('adds up more values of a group than it keeps', () => {
    const input = Array.from({ length: 2500 }, (_, n) => ({ n }))
    const spec = {
      _id: null,
      sum: { $sum: '$n' },
      avg: { $avg: '$n' },
      first: { $first: '$n' },
      last: { $last: '$n' },
    }
    const sum = (2499 * 2500) / 2
    const result = { _id: null, sum, avg: new Double(sum / 2500), first: 0, last: 2499 }
    expect(text(run([{ $group: spec }], input))).toEqual(text([result]))
  })

  it('leaves its input as it was', () => {
    const input = orders.map(asStored)
    const before = text(input)
    runPipeline(input, [{ $set: { 'tags.x': 1, item: 0 } }, { $sort: { n: 1 } }, { $unwind: '$tags' }], {
      collection: () => [],
    })
    expect(text(input)).toEqual(before)
  })

  it('reads no more documents than a limit lets through', () => {
    let read = 0
    function* source() {
      for (;;) yield { n: read++ }
    }
    expect(
      runPipeline(source(), [{ $match: { n: { $gte: 2 } } }, { $limit: 2 }], { collection: () => [] }),
    ).toHaveLength(2)
    expect(read).toBe(4)
  })
})

describe('splitLeadingMatch', () => {
  it('takes what a find can do off the beginning', () => {
    const rest = [{ $count: 'n' }]
    expect(
      splitLeadingMatch([
        { $match: { a: 1 } },
        { $match: { b: 2 } },
        { $sort: { a: 1 } },
        { $limit: 3 },
        ...rest,
      ]),
    ).toEqual({
      filter: { $and: [{ a: 1 }, { b: 2 }] },
      sort: { a: 1 },
      skip: undefined,
      limit: 3,
      rest,
    })
  })

  it('leaves a pipeline that begins otherwise', () => {
    const pipeline = [{ $group: { _id: 1 } }, { $match: { a: 1 } }]
    expect(splitLeadingMatch(pipeline)).toEqual(
      expect.objectContaining({ filter: undefined, rest: pipeline }),
    )
  })
})

describe('trailingWrite', () => {
  it('finds the write at the end', () => {
    const match = { $match: {} }
    expect(trailingWrite([match, { $out: 'x' }])).toEqual({ kind: '$out', spec: 'x', before: [match] })
    expect(trailingWrite([match])).toBeUndefined()
  })
})
